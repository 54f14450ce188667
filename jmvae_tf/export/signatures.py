"""What a model answers behind an endpoint: its signatures, by name."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import tensorflow as tf

from jmvae_tf.export import encoded_images
from jmvae_tf.export.inputs import EncodedImageInput, Input, ModalityInput, SeedInput
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.models import editing
from jmvae_tf.models.base import Direction, MultimodalVAE, Tensors

Outputs = dict[str, tf.Tensor]


class Signature(NamedTuple):
    """A function of named tensors.

    Attributes:
      name: of the signature.
      inputs: what it takes.
      outputs: from the checked inputs by name to the outputs by name, float32 or strings.
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: Callable[[Tensors], Outputs]


def signatures_of(model: MultimodalVAE) -> list[Signature]:
    """All signatures of a model; the first is the default one.

    For every direction there is `<given>_to_<target>`: the mean of p(target|z) at the mean of
    q(z|given). From a square image or to any there is the same with files,
    `encoded_<given>_to_<target>` and `<given>_to_encoded_<target>`, and to any image
    `sample_<target>_from_<given>`, whose z is drawn by a seed for each example. A model of both
    directions edits images: `edit_<image>`, with `_by_<condition>` behind it where there are
    several conditions. `embed` gives the mean and the standard deviation of q(z|image); without an
    image, or with several, `embed_<name>` does so for each modality. A model of a single modality
    has `reconstruct_<name>` and `embed`.

    Where inference itself draws (the iterative sampling of JMVAE and JMVAE-h), it does so with seed
    0 for each example: a reply does not depend on what else is in the batch.
    """
    if not model.directions:
        [name] = model.modalities
        return [_reconstruction(model, name), _embedding(model, name, signature_names.to_embed())]
    return [
        *_plain(model),
        *_with_files(model),
        *_sampling(model),
        *_edits(model),
        *_embeddings(model),
    ]


def _plain(model: MultimodalVAE) -> Iterator[Signature]:
    # What an image shows comes first, rather than images.
    for direction in sorted(
        model.directions,
        key=lambda x: (
            not any(_is_image(model, name) for name in x.given),
            _is_image(model, x.target),
        ),
    ):
        yield Signature(direction.name, _given(model, direction), _average(model, direction))


def _with_files(model: MultimodalVAE) -> Iterator[Signature]:
    for direction in model.directions:
        if len(direction.given) == 1 and _is_square_image(model, direction.given[0]):
            yield _from_files(model, direction)
        if _is_image(model, direction.target):
            yield _to_files(model, direction)


def _from_files(model: MultimodalVAE, direction: Direction) -> Signature:
    [given] = direction.given
    average = _average(model, direction)
    encoded = EncodedImageInput(f"{given}_bytes", model.modalities[given])
    return Signature(
        signature_names.to_generate_from_files(given, direction.target),
        (encoded,),
        lambda x: average({given: x[encoded.name]}),
    )


def _to_files(model: MultimodalVAE, direction: Direction) -> Signature:
    target = direction.target
    support = model.modalities[target].support
    average = _average(model, direction)
    return Signature(
        signature_names.to_generate_files(direction.given, target),
        _given(model, direction),
        lambda x: {
            f"{target}_bytes": encoded_images.encode(to_pixels(average(x)[target], support))
        },
    )


def _sampling(model: MultimodalVAE) -> Iterator[Signature]:
    for direction in model.directions:
        if _is_image(model, direction.target):
            yield Signature(
                signature_names.to_sample(direction.given, direction.target),
                (*_given(model, direction), SeedInput()),
                _sample(model, direction),
            )


def _edits(model: MultimodalVAE) -> Iterator[Signature]:
    for target, conditions in editing.editable_images(model).items():
        for condition in conditions:
            yield Signature(
                signature_names.to_edit(target, condition if len(conditions) > 1 else None),
                (_input(model, target), _input(model, condition)),
                _edit(model, target, condition),
            )


def _embeddings(model: MultimodalVAE) -> Iterator[Signature]:
    if model.conditions:  # There is no posterior given one modality.
        return
    images = [name for name in model.modalities if _is_image(model, name)]
    if len(images) == 1:
        yield _embedding(model, images[0], signature_names.to_embed())
    else:
        for name in model.modalities:
            yield _embedding(model, name, signature_names.to_embed(name))


def _reconstruction(model: MultimodalVAE, name: str) -> Signature:
    return Signature(
        signature_names.to_reconstruct(name), (_input(model, name),), model.reconstruct
    )


def _embedding(model: MultimodalVAE, given: str, name: str) -> Signature:
    def moments(x: Tensors) -> Outputs:
        q = model.posterior(x, _fixed_seed(model, x))
        return {"mean": q.mean(), "stddev": q.stddev()}

    return Signature(name, (_input(model, given),), moments)


def _average(model: MultimodalVAE, direction: Direction) -> Callable[[Tensors], Outputs]:
    target = direction.target
    return lambda x: {target: model.generate(target, x, seed=_fixed_seed(model, x))}


def _sample(model: MultimodalVAE, direction: Direction) -> Callable[[Tensors], Outputs]:
    def sample(x: Tensors) -> Outputs:
        given = {name: x[name] for name in direction.given}
        [drawn] = tf.unstack(model.generate(direction.target, given, 1, x["seed"]), 1)
        return {direction.target: drawn}

    return sample


def _edit(model: MultimodalVAE, target: str, condition: str) -> Callable[[Tensors], Outputs]:
    def edited(x: Tensors) -> Outputs:
        seed = _fixed_seed(model, x)
        return {
            target: editing.edit(model, target, x[target], condition, x[condition], seed).edited
        }

    return edited


def _fixed_seed(model: MultimodalVAE, given: Mapping[str, tf.Tensor]) -> int | tf.Tensor:
    """Seed 0, for each example where inference draws."""
    if not model.samples_to_infer:
        return 0
    batch = tf.shape(next(iter(given.values())))[0]
    return tf.zeros([batch, 2], tf.int32)


def _given(model: MultimodalVAE, direction: Direction) -> tuple[Input, ...]:
    return tuple(_input(model, name) for name in direction.given)


def _input(model: MultimodalVAE, name: str) -> Input:
    return ModalityInput(name, model.modalities[name])


def _is_image(model: MultimodalVAE, name: str) -> bool:
    return model.modalities[name].kind == "image"


def _is_square_image(model: MultimodalVAE, name: str) -> bool:
    """Whether the centre square of a file can be such an image."""
    height, width, *_ = (*model.modalities[name].event_shape, 0)
    return _is_image(model, name) and height == width
