"""Signatures of a model: the functions of an export, by name.

To add one, write a function here that yields it for the models that have it, and add that function
to `_FAMILIES`. `signature_names` builds its name, usually with `of_modality`.
"""

import collections
import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import tensorflow as tf

from jmvae_tf.export import encoded_images
from jmvae_tf.export.checks import refuse_unless
from jmvae_tf.export.inputs import (
    EncodedImageInput,
    IncompleteInput,
    Input,
    LatentInput,
    ModalityInput,
    SeedInput,
)
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.value_ranges import to_pixels
from jmvae_tf.modalities import observed_key
from jmvae_tf.models import editing
from jmvae_tf.models.base import Direction, MultimodalVAE
from jmvae_tf.models.inputs import Tensors
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.objectives.terms import rows_of

Outputs = dict[str, tf.Tensor]


class Signature(NamedTuple):
    """A function of named tensors.

    Attributes:
      name: its name.
      inputs: its inputs.
      outputs: maps the checked inputs by name to the outputs by name, float32 or strings.
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: Callable[[Tensors], Outputs]


def signatures_of(
    model: MultimodalVAE,
    fits: Mapping[str, str] = MappingProxyType({}),
    mixture: LatentMixture | None = None,
) -> list[Signature]:
    """Lists all signatures of a model; the first is the default one.

    Every direction of `signature_names.directions_of` has `<given>_to_<target>`, whose given names
    are joined by `_` in the model's order: the mean of p(target|z) at the mean of q(z|given). If
    images are given, `encoded_<image>` stands for each of them in a signature that takes their
    files. If the target is an image, `<given>_to_encoded_<target>` returns files, and
    `sample_<target>_from_<given>` samples z with one seed per example. A model with both directions
    can edit images: `edit_<image>` and `redraw_<image>`, followed by `_by_<condition>` if there are
    several conditions. `embed` returns the mean and the standard deviation of q(z|image). A model
    with several images, or with several modalities but no image, has `embed_<name>` for each
    modality. A model of a single modality has `reconstruct_<name>` and `embed`. A model that embeds
    has `decode_<name>` for each modality: the mean of p(name|z) at any z, such as the mean that
    `embed` returns. With a mixture in the latent space there is `sample_<name>` for each modality:
    the mean of p(name|z) at z drawn from the mixture, with one seed per example. The same seed
    gives modalities that belong together.

    Where modalities may be partly observed, NaN stands for values that are not known, but not in
    edits.

    If inference itself samples (the iterative sampling of JMVAE and JMVAE-h), each example uses
    seed 0, so a reply does not depend on the rest of the batch.

    Args:
      model: the model.
      fits: the name of an image to how its files get their size, see `EncodedImageInput`; others
        are cropped.
      mixture: what `fit_latent_mixture` returned for the model; None for no `sample_<name>`.

    Raises:
      ValueError: if two signatures have the same name.
    """
    of_model = itertools.chain.from_iterable(family(model) for family in _FAMILIES)
    of_mixture = _samples_of_mixture(model, mixture) if mixture else ()
    signatures = [_fitted(one, fits) for one in (*of_model, *of_mixture)]
    names = collections.Counter(signature.name for signature in signatures)
    if len(names) < len(signatures):
        raise ValueError(
            f"Each signature needs a name of its own. Received: {names.most_common(1)[0][0]!r} "
            "twice"
        )
    return signatures


def _fitted(signature: Signature, fits: Mapping[str, str]) -> Signature:
    """Lets a signature give files of images their size as in training."""
    inputs = tuple(
        dataclasses.replace(x, fit=fits.get(x.modality.name, x.fit))
        if isinstance(x, EncodedImageInput)
        else x
        for x in signature.inputs
    )
    return signature._replace(inputs=inputs)


def _averages(model: MultimodalVAE) -> Iterator[Signature]:
    # The default returns the content of an image rather than an image.
    for direction in sorted(
        _directions(model),
        key=lambda x: (
            not any(_is_image(model, name) for name in x.given),
            _is_image(model, x.target),
        ),
    ):
        yield Signature(direction.name, _given(model, direction), _average(model, direction))


def _averages_with_files(model: MultimodalVAE) -> Iterator[Signature]:
    for direction in _directions(model):
        if any(_is_image(model, name) for name in direction.given):
            yield _from_files(model, direction)
        if _is_image(model, direction.target):
            yield _to_files(model, direction)


def _samples(model: MultimodalVAE) -> Iterator[Signature]:
    for direction in _directions(model):
        if _is_image(model, direction.target):
            yield Signature(
                signature_names.to_sample(direction.given, direction.target),
                (*_given(model, direction), SeedInput()),
                _sample(model, direction),
            )


def _edits(model: MultimodalVAE) -> Iterator[Signature]:
    for target, conditions in editing.editable_images(model).items():
        for condition in conditions:
            by = condition if len(conditions) > 1 else None
            inputs = tuple(ModalityInput(x, model.modalities[x]) for x in (target, condition))
            edited = _edit(model, target, condition)
            redrawn = _redraw(model, target, condition)
            yield Signature(signature_names.to_edit(target, by), inputs, edited)
            yield Signature(signature_names.to_redraw(target, by), inputs, redrawn)


def _reconstructions(model: MultimodalVAE) -> Iterator[Signature]:
    if model.directions:
        return
    for name in model.modalities:
        yield Signature(
            signature_names.to_reconstruct(name),
            (_input(model, name),),
            lambda x: model.reconstruct(_known(model, x)),
        )


def _embeddings(model: MultimodalVAE) -> Iterator[Signature]:
    if model.conditions:  # There is no posterior given one modality.
        return
    names = list(model.modalities)
    images = [name for name in names if _is_image(model, name)]
    main = images if len(images) == 1 else names
    for name in main:
        yield Signature(
            signature_names.to_embed(name if len(main) > 1 else None),
            (_input(model, name),),
            _moments(model),
        )


def _decoders(model: MultimodalVAE) -> Iterator[Signature]:
    if model.conditions:  # Nothing embeds into its z.
        return
    z = LatentInput(size=model.latent_dim)
    for name in model.targets:
        yield Signature(signature_names.to_decode(name), (z,), _decode(model, name))


def _samples_of_mixture(model: MultimodalVAE, mixture: LatentMixture) -> Iterator[Signature]:
    for name in model.targets:
        yield Signature(
            signature_names.to_sample_from_nothing(name),
            (SeedInput(),),
            _sample_of_mixture(model, mixture, name),
        )


_FAMILIES: tuple[Callable[[MultimodalVAE], Iterator[Signature]], ...] = (
    _averages,
    _averages_with_files,
    _samples,
    _edits,
    _reconstructions,
    _embeddings,
    _decoders,
)


def _directions(model: MultimodalVAE) -> list[Direction]:
    directions = signature_names.directions_of(list(model.modalities), model.conditions)
    return list(itertools.starmap(Direction, directions))


def _from_files(model: MultimodalVAE, direction: Direction) -> Signature:
    images = [name for name in direction.given if _is_image(model, name)]
    average = _average(model, direction)
    inputs = {
        name: EncodedImageInput(signature_names.file_tensor(name), model.modalities[name])
        if name in images
        else _input(model, name)
        for name in direction.given
    }
    return Signature(
        signature_names.to_generate_from_files(direction.given, images, direction.target),
        tuple(inputs.values()),
        lambda x: average({name: x[one.name] for name, one in inputs.items()}),
    )


def _to_files(model: MultimodalVAE, direction: Direction) -> Signature:
    target = direction.target
    support = model.modalities[target].support
    average = _average(model, direction)
    return Signature(
        signature_names.to_generate_files(direction.given, target),
        _given(model, direction),
        lambda x: {
            signature_names.file_tensor(target): encoded_images.encode(
                to_pixels(average(x)[target], support)
            )
        },
    )


def _moments(model: MultimodalVAE) -> Callable[[Tensors], Outputs]:
    def moments(x: Tensors) -> Outputs:
        mean, stddev = model.posterior_moments(_known(model, x), fixed_seed(model, x))
        return {signature_names.MEAN: mean, signature_names.STDDEV: stddev}

    return moments


def _average(model: MultimodalVAE, direction: Direction) -> Callable[[Tensors], Outputs]:
    target = direction.target
    return lambda x: {target: model.generate(target, _known(model, x), seed=fixed_seed(model, x))}


def _sample(model: MultimodalVAE, direction: Direction) -> Callable[[Tensors], Outputs]:
    def sample(x: Tensors) -> Outputs:
        given = _known(model, {name: x[name] for name in direction.given})
        seed = x[signature_names.SEED]
        [drawn] = tf.unstack(model.generate(direction.target, given, 1, seed), 1)
        return {direction.target: drawn}

    return sample


def _sample_of_mixture(
    model: MultimodalVAE, mixture: LatentMixture, target: str
) -> Callable[[Tensors], Outputs]:
    def sample(x: Tensors) -> Outputs:
        seed = x[signature_names.SEED]
        z = mixture.sample(tf.shape(seed)[0], seed)
        return {target: model.decoded_mean(target, z, {})}

    return sample


def _edit(model: MultimodalVAE, target: str, condition: str) -> Callable[[Tensors], Outputs]:
    def edited(x: Tensors) -> Outputs:
        seed = fixed_seed(model, x)
        return {
            target: editing.edit(model, target, x[target], condition, x[condition], seed).edited
        }

    return edited


def _redraw(model: MultimodalVAE, target: str, condition: str) -> Callable[[Tensors], Outputs]:
    def redrawn(x: Tensors) -> Outputs:
        seed = fixed_seed(model, x)
        return {target: editing.redrawn(model, target, x[target], condition, x[condition], seed)}

    return redrawn


def _decode(model: MultimodalVAE, target: str) -> Callable[[Tensors], Outputs]:
    def decoded(x: Tensors) -> Outputs:
        z = model.decoders_latent(x[signature_names.LATENT])
        return {target: model.decoded_mean(target, z, {})}

    return decoded


def fixed_seed(model: MultimodalVAE, given: Mapping[str, tf.Tensor]) -> int | tf.Tensor:
    """Returns seed 0, for each example if inference samples."""
    if not model.samples_to_infer:
        return 0
    batch = tf.shape(next(iter(given.values())))[0]
    return tf.zeros([batch, 2], tf.int32)


def _given(model: MultimodalVAE, direction: Direction) -> tuple[Input, ...]:
    return tuple(_input(model, name) for name in direction.given)


def _input(model: MultimodalVAE, name: str) -> Input:
    modality = model.modalities[name]
    return (IncompleteInput if modality.partly_observed else ModalityInput)(name, modality)


def _known(model: MultimodalVAE, x: Tensors) -> Tensors:
    """Returns inputs with masks of what is there, for modalities that may be partly observed."""
    partly = [name for name in x if model.modalities[name].partly_observed]
    there = {name: tf.logical_not(tf.math.is_nan(x[name])) for name in partly}
    if partly and not model.has_prior and set(partly) == set(x):
        rows = tf.reduce_any(tf.stack([rows_of(mask) for mask in there.values()]), axis=0)
        lacking = tf.reduce_sum(tf.cast(~rows, tf.int32))
        rule = f"An example must have a value of {' or '.join(partly)}. Received without any"
        with tf.control_dependencies([refuse_unless(lacking == 0, rule, lacking)]):
            there = {name: tf.identity(mask) for name, mask in there.items()}
    return {**x, **{observed_key(name): mask for name, mask in there.items()}}


def _is_image(model: MultimodalVAE, name: str) -> bool:
    return model.modalities[name].kind == "image"
