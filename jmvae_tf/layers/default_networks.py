"""The 2018 paper's networks by event shape, for what a user does not choose; see `notation`."""

import math
from collections.abc import Sequence

DEFAULT_VECTOR_BODY = "D512R-D512R"
"""The appendix's body of everything on MNIST, and of p(z_1|z_2) on CelebA too."""


MOST_DEFAULT_PARAMETERS = 32_000_000
"""Of the largest layer of a network that nobody chose; CelebA's at 128 x 128 has 17 million."""


def default_encoder(event_shape: Sequence[int]) -> str:
    """The appendix's body for an event: CelebA's for large images, MNIST's for all else.

    Raises:
      ValueError: if it would be larger than a network should be that nobody chose.
    """
    if _is_large(event_shape):
        _check_size("encoder", event_shape, 1024 * _units(event_shape))
    else:
        _check_size("encoder", event_shape, 512 * math.prod(event_shape))
    return "C64R-C128BR-C256BR-C256BR-F-D1024R" if _is_large(event_shape) else DEFAULT_VECTOR_BODY


def default_decoder(event_shape: Sequence[int]) -> str:
    """The appendix's body from the latent variable to an event, as for `default_encoder`.

    Raises:
      ValueError: as for `default_encoder`; the layer after this body is counted.
    """
    if not _is_large(event_shape):
        _check_size("decoder", event_shape, 512 * math.prod(event_shape))
        return DEFAULT_VECTOR_BODY
    _check_size("decoder", event_shape, _USUAL_LATENT_DIM * _units(event_shape))
    return f"D{_units(event_shape)}R-DC256BR-DC128BR-DC64BR"


def default_discriminator(event_shape: Sequence[int]) -> str:
    """The body of a discriminator of an image: an encoder's, with leaky ReLU throughout.

    The 2018 paper's appendix has "C64R-C128BR-C256BR-C256BR-F-D1024R" for CelebA; the authors' code
    has leaky ReLU and no batch normalisation, and so have these.

    Raises:
      ValueError: as for `default_encoder`.
    """
    default_encoder(event_shape)  # Of the same size.
    return "C64L-C128L-C256L-C256L-F-D1024L" if _is_large(event_shape) else "D512L-D512L"


def default_joint_encoder(event_shapes: Sequence[Sequence[int]]) -> str:
    """The appendix's joint body: the modalities' own bodies side by side."""
    return f"({', '.join(default_encoder(shape) for shape in event_shapes)})"


_USUAL_LATENT_DIM = 64


def _units(event_shape: Sequence[int]) -> int:
    """Values of a large image after the convolutions of its encoder."""
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
