"""The 2018 paper's networks by event shape, used unless the user chooses; see `notation`."""

import math
from collections.abc import Sequence

DEFAULT_VECTOR_BODY = "D512R-D512R"
"""The appendix's body of all networks on MNIST, and of p(z_1|z_2) on CelebA too."""


MOST_DEFAULT_PARAMETERS = 32_000_000
"""Limit for the largest layer of a default network; CelebA's at 128 x 128 has 17 million."""


def default_encoder(event_shape: Sequence[int]) -> str:
    """Returns the appendix's encoder body: CelebA's for large images, MNIST's for all else.

    Raises:
      ValueError: if it would be larger than a default network may be.
    """
    if _is_large(event_shape):
        _check_size("encoder", event_shape, 1024 * _units(event_shape))
    else:
        _check_size("encoder", event_shape, 512 * math.prod(event_shape))
    return "C64R-C128BR-C256BR-C256BR-F-D1024R" if _is_large(event_shape) else DEFAULT_VECTOR_BODY


def default_decoder(event_shape: Sequence[int]) -> str:
    """Returns the appendix's decoder body: CelebA's for large images, MNIST's for all else.

    Raises:
      ValueError: as for `default_encoder`, including the layer after this body.
    """
    if not _is_large(event_shape):
        _check_size("decoder", event_shape, 512 * math.prod(event_shape))
        return DEFAULT_VECTOR_BODY
    _check_size("decoder", event_shape, _USUAL_LATENT_DIM * _units(event_shape))
    return f"D{_units(event_shape)}R-DC256BR-DC128BR-DC64BR"


def default_discriminator(event_shape: Sequence[int]) -> str:
    """Returns the body of an image discriminator: an encoder's, with leaky ReLU throughout.

    The 2018 paper's appendix has "C64R-C128BR-C256BR-C256BR-F-D1024R" for CelebA. The authors' code
    has leaky ReLU and no batch normalisation; so does this one.

    Raises:
      ValueError: as for `default_encoder`.
    """
    default_encoder(event_shape)  # Checks the size, which is the same.
    return "C64L-C128L-C256L-C256L-F-D1024L" if _is_large(event_shape) else "D512L-D512L"


def default_joint_encoder(event_shapes: Sequence[Sequence[int]]) -> str:
    """Returns the appendix's joint body: the bodies of the modalities side by side."""
    return f"({', '.join(default_encoder(shape) for shape in event_shapes)})"


_USUAL_LATENT_DIM = 64


def _units(event_shape: Sequence[int]) -> int:
    """Counts the values of a large image after the convolutions of its encoder."""
    return (event_shape[0] // 16) * (event_shape[1] // 16) * 256


def _check_size(kind: str, event_shape: Sequence[int], num_parameters: int) -> None:
    if num_parameters > MOST_DEFAULT_PARAMETERS:
        most, received = (number // 10**6 for number in (MOST_DEFAULT_PARAMETERS, num_parameters))
        raise ValueError(
            f"A default network has at most {most} million parameters in a layer; make events "
            "smaller, or pass smaller networks as joint_encoder, encoders and decoders, such as "
            "'C16R-C32R-C64R-C64R-F-D128R' to encode an image and 'D64R' to decode one. Received: "
            f"{tuple(event_shape)}, for which the default {kind} has {received} million"
        )


def _is_large(event_shape: Sequence[int]) -> bool:
    return len(event_shape) == 3 and all(side >= 32 and side % 16 == 0 for side in event_shape[:2])
