"""Builds networks from the notation of the 2018 paper's appendix.

    DkR     dense layer of k units and ReLU; Dk without ReLU
    DkBR    the same with batch normalisation before the ReLU
    CkR     convolution 4x4, stride 2, k channels, ReLU; CkBR with batch normalisation
    CkL     leaky ReLU of slope 0.01 instead of R, as in the authors' discriminator
    DCkBR   transposed convolution 4x4, stride 2, k channels, batch normalisation, ReLU
    F       flatten
    I-J     J after I
    (I, J)  I and J side by side, one for each modality in order, their outputs concatenated

The appendix does not have these:

    CkS     leaky ReLU of slope 0.2 (Radford et al. 2015, DCGAN); R, L and S go with every layer
    KkR     convolution 3x3, stride 1, k channels, ReLU: keeps height and width
    UCkR    bilinear upsampling by 2, then KkR: without DC's weave (Odena et al. 2016)

A decoder of images whose body ends in K or UC has the full size there, and its head is a
convolution 3x3. After DC the head is the last transposed convolution, which doubles the size.
So "D256R-D1536S-DC64S-DC48S-UC24S-UC12S" makes 4x4, 8x8, 16x16, 32x32, 64x64 of 12 channels, then
an image of 64x64.

Where this notation is not enough, pass any Keras layer instead.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import keras
import tensorflow as tf

from jmvae_tf.layers import observed_rows
from jmvae_tf.layers.batch_normalization import BatchNormalization

Network: TypeAlias = str | keras.layers.Layer
"""The body of a network: a text in the notation above, or a Keras layer."""

_LAYER = re.compile(
    r"(?P<kind>DC|UC|D|C|K)(?P<size>[1-9][0-9]*)(?P<norm>B?)(?P<nonlinearity>[RLS]?)"
)
_DOUBLE = ("DC", "UC")
_FULL_SIZE = ("UC", "K")  # After these, the head does not double.
_SLOPES = {"R": 0.0, "L": 0.01, "S": 0.2}
_JOINT = re.compile(r"\((?P<branches>[^()]*)\)(?:-(?P<trunk>[^()]+))?")


def _linear_layer(kind: str, size: int, use_bias: bool, activation: str | None) -> Any:
    if kind == "D":
        return keras.layers.Dense(size, activation, use_bias)
    convolution = keras.layers.Conv2DTranspose if kind == "DC" else keras.layers.Conv2D
    # With a 4x4 kernel and stride 2, Keras's "same" crops 1 and so doubles or halves the size
    # exactly. The appendix's "crop: 2" would not give 64 x 64.
    kernel_size, stride = (3, 1) if kind in _FULL_SIZE else (4, 2)
    return convolution(
        size,
        kernel_size,
        stride,
        "same",
        data_format="channels_last",  # Whatever Keras's setting is.
        activation=activation,
        use_bias=use_bias,
    )


def body(
    notation: str,
    input_shape: Sequence[int],
    output_shape: Sequence[int] | None = None,
    name: str | None = None,
) -> keras.Sequential:
    """Builds a network without its head from the appendix's notation.

    An image is flattened before a dense layer. Before DC, UC and K, a dense layer's output is
    reshaped to (height, width, channels), chosen so that the layers of the body and of the head
    that double height and width together lead to the size of `output_shape`.

    Args:
      notation: for example "D512R-D512R" or "C64R-C128BR-C256BR-C256BR-F-D1024R".
      input_shape: the shape of one example.
      output_shape: the shape of the event that the head makes; needed for DC, UC and K after a
        dense layer only.
      name: the name of the network.

    Returns:
      A Keras model from [batch, *input_shape] to features.

    Raises:
      ValueError: if a part of the notation is unknown or does not fit the shapes.
    """
    layers: list[keras.layers.Layer] = []
    shape: tuple[int, ...] = tuple(input_shape)
    parts = [part.strip() for part in notation.split("-")]

    def add(layer: keras.layers.Layer) -> None:
        nonlocal shape
        shape = tuple(layer.compute_output_shape((None, *shape)))[1:]
        layers.append(layer)

    for position, part in enumerate(parts):
        if part == "F":
            add(keras.layers.Flatten(data_format="channels_last"))
            continue
        match = _LAYER.fullmatch(part)
        if not match:
            raise ValueError(
                "A network is a chain of DkR, CkR, KkR, DCkR, UCkR and F, joined by '-', with B "
                "before R for batch normalisation, and with L, S or nothing for R. "
                f"Received: {part!r} in {notation!r}"
            )
        kind, size = match["kind"], int(match["size"])
        if kind == "D" and len(shape) > 1:
            add(keras.layers.Flatten(data_format="channels_last"))
        if kind not in ("D", "C") and len(shape) == 1:
            doublings = sum(later.startswith(_DOUBLE) for later in parts[position:])
            doublings += not parts[-1].startswith(_FULL_SIZE)  # The head's.
            add(keras.layers.Reshape(_fold(shape[0], output_shape, doublings, notation)))
        if kind != "D" and len(shape) != 3:
            raise ValueError(
                "A convolution needs an input of shape (height, width, channels). "
                f"Received: {shape} before {part!r} in {notation!r}"
            )
        norm, nonlinearity = match["norm"], match["nonlinearity"]
        fused = "relu" if nonlinearity == "R" and not norm else None
        if kind == "UC":
            add(keras.layers.UpSampling2D(2, "channels_last", "bilinear"))
        add(_linear_layer(kind, size, use_bias=not norm, activation=fused))
        if norm:
            add(BatchNormalization())
        if nonlinearity and not fused:
            add(keras.layers.ReLU(negative_slope=_SLOPES[nonlinearity]))
    return keras.Sequential([keras.Input(tuple(input_shape)), *layers], name=name)


def _fold(
    size: int, output_shape: Sequence[int] | None, doublings: int, notation: str
) -> tuple[int, int, int]:
    remedy = "use them to decode an image"
    if output_shape is not None and len(output_shape) == 3:
        height, width = (side // 2**doublings for side in output_shape[:2])
        whole = (height * 2**doublings, width * 2**doublings) == tuple(output_shape[:2])
        if whole and size % (height * width) == 0:
            return height, width, size // (height * width)
        remedy = f"make the image's sides multiples of {2**doublings}, or double them less often"
        if whole:
            remedy = f"make the units a multiple of {height} x {width}"
    raise ValueError(
        "DC, UC, K and the head must lead from a dense layer to the height and width of an image. "
        f"Received: {size} units, doubled {doublings} times (a head after DC doubles too), "
        f"output_shape={output_shape} for {notation!r}; {remedy}"
    )


@keras.saving.register_keras_serializable(package="jmvae_tf")
class JointBody(keras.layers.Layer):
    """One branch per modality, whose outputs are concatenated, followed by a trunk.

    Args:
      branches: modality name to network.
      trunk: the network after the concatenation; None for none.
      **kwargs: passed to `keras.layers.Layer`.
    """

    def __init__(
        self,
        branches: Mapping[str, keras.layers.Layer],
        trunk: keras.layers.Layer | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.branches = dict(branches)
        self.trunk = trunk

    def build(self, input_shape: Any) -> None:
        """Leaves the networks to their first call; without this, Keras would trace one before."""

    def call(self, inputs: Mapping[str, tf.Tensor], training: bool = False) -> tf.Tensor:
        """Maps a dictionary of modalities, [batch, ...] each, to features [batch, size].

        Raises:
          ValueError: if a branch's features do not have the shape [batch, size].
        """
        branches = []
        for name, branch in self.branches.items():
            with observed_rows.counting_in_branch(name):
                branches.append(branch(inputs[name], training=training))
        for name, branch in zip(self.branches, branches, strict=True):
            if branch.shape.rank != 2:
                raise ValueError(
                    "A branch of a joint network must end in features of the shape [batch, size]; "
                    "flatten them (F in the notation). "
                    f"Received: features of {tuple(branch.shape[1:])} for {name!r}"
                )
        features = tf.concat(branches, axis=-1)
        return features if self.trunk is None else self.trunk(features, training=training)


def joint_body(notation: str, input_shapes: Mapping[str, Sequence[int]]) -> JointBody:
    """Builds a network with one input per modality from the appendix's notation.

    Args:
      notation: for example "(D512R-D512R, D512R-D512R)" or "(C64R-F, D512R-D512BR)-D1024R".
      input_shapes: modality name to the shape of one example, in the order of the branches.

    Returns:
      A layer from a dictionary of modalities to features.

    Raises:
      ValueError: if the notation is malformed or does not have one branch per modality.
    """
    match = _JOINT.fullmatch(notation.strip())
    branches = match["branches"].split(",") if match else []
    if match is None or len(branches) != len(input_shapes):
        raise ValueError(
            "A joint network is written (I, J, ...) or (I, J, ...)-K, with one branch for each "
            f"modality. Received: {notation!r} for {list(input_shapes)}"
        )
    bodies = {
        name: body(branch, shape, name=name)
        for branch, (name, shape) in zip(branches, input_shapes.items(), strict=True)
    }
    if match["trunk"] is None:
        return JointBody(bodies)
    width = sum(math.prod(branch.output_shape[1:]) for branch in bodies.values())
    return JointBody(bodies, body(match["trunk"], (width,), name="trunk"))


def concatenated_body(
    notation: str, input_shapes: Mapping[str, Sequence[int]], output_shape: Sequence[int]
) -> JointBody:
    """Builds a network that takes the concatenated values of all inputs.

    Args:
      notation: the network after the concatenation, as for `body`.
      input_shapes: input name to the shape of one example.
      output_shape: see `body`.

    Returns:
      A layer from a dictionary of inputs to features.

    Raises:
      ValueError: as for `body`.
    """
    flat = {name: body("F", shape, name=name) for name, shape in input_shapes.items()}
    width = sum(math.prod(shape) for shape in input_shapes.values())
    return JointBody(flat, body(notation, (width,), output_shape, name="trunk"))
