"""Exports a model as a SavedModel that TensorFlow can load without this package."""

import errno
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from jmvae_tf.export.chunks import in_chunks
from jmvae_tf.export.completion_signatures import completion_signatures
from jmvae_tf.export.inputs import all_in_shape
from jmvae_tf.export.modality_descriptions import described_modalities
from jmvae_tf.export.shared_functions import with_shared_functions
from jmvae_tf.export.signatures import Signature, signatures_of
from jmvae_tf.export.warmup import write_warmup_requests
from jmvae_tf.export_format import signature_names
from jmvae_tf.export_format.modalities_json import write_modalities
from jmvae_tf.export_format.training_summary import (
    SUMMARY_FILE,
    TrainingSummary,
    write_training_summary,
)
from jmvae_tf.export_format.version_folders import new_version
from jmvae_tf.models.adversarial import Adversarial, without_adversary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.finite_weights import not_finite
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.runtime.errors import UserError

_DEFAULT = "serving_default"


def export_saved_model(
    model: MultimodalVAE | Adversarial,
    folder: str | os.PathLike[str],
    keep_versions: int | None = None,
    columns: Mapping[str, Mapping[str, Any]] | None = None,
    summary: TrainingSummary | None = None,
    mixture: LatentMixture | None = None,
) -> pathlib.Path:
    """Writes the next version of a model under `folder`, for TensorFlow Serving to load.

    `signatures.signatures_of` lists the signatures; `inputs` defines what they refuse. Models of
    tables, models of more modalities than have a signature for every subset, and those that may
    know a modality in part also have `completion_signatures`, which take any of it. Values are
    float32 whatever the precision of training, files are strings, and batches may have any size but
    0. Only the variables that the signatures need are written. `assets/modalities.json` describes
    the modalities. With `assets.extra/tf_serving_warmup_requests` a server calls each signature
    before the first client does.

    Versions are written atomically (`version_folders.new_version`).

    Args:
      model: a trained model; its discriminator is left out.
      folder: the folder above the versions, for example "saved_models/mnist-jmvae_kl".
      keep_versions: the number of newest versions to keep; None for all.
      columns: for a model of tables, modality name to what it is in a table, as JSON; the "fit" of
        an image decides how signatures that take files give them their size.
      summary: what `summarise_training` returned for this model; None for an export without a map
        of the latent space, whose clients cannot tell which images are unlike training images.
      mixture: what `fit_latent_mixture` returned for this model; None for an export that samples
        from nothing only what a client draws of z.

    Returns:
      The folder of the new version, `<folder>/<version>`.

    Raises:
      ValueError: if `keep_versions` is below 1, two signatures have the same name, or the mixture
        is of another latent space.
      UserError: if a weight is not finite.
      OSError: if it cannot be written.
    """
    folder = pathlib.Path(folder)
    model = without_adversary(model)
    if bad := not_finite(model):
        raise UserError(
            "Every weight of an exported model must be finite",
            f"NaN or infinity in {', '.join(bad[:3])}",
            "train again with a lower learning rate, or export another checkpoint",
        )
    if mixture and (model.conditions or mixture.latent_dim != model.latent_dim):
        raise ValueError(
            f"The mixture must be of this model's z, of {model.latent_dim} values, without "
            f"conditions. Received: one of {mixture.latent_dim} values"
        )
    with new_version(folder, keep_versions) as version:
        fits = {name: x["fit"] for name, x in (columns or {}).items() if "fit" in x}
        shared = with_shared_functions(model)
        signatures = signatures_of(shared, fits, mixture)
        if columns is not None or _is_asked_for_more(model):
            signatures += completion_signatures(shared)
        _write_graph(signatures, version.path)
        write_modalities(version.path, described_modalities(model, columns))
        if summary:
            write_training_summary(version.path / "assets" / SUMMARY_FILE, summary)
        means = {name: x.from_moments(x.mean.numpy()) for name, x in model.statistics.items()}
        requests = {
            signature.name: {x.name: x.example(means) for x in signature.inputs}
            for signature in signatures
        }
        write_warmup_requests(version.path, folder.resolve().name, requests)
    return version.path


def _is_asked_for_more(model: MultimodalVAE) -> bool:
    """Tells whether something can be given of a model that no signature of its own takes."""
    some_subsets = len(model.modalities) > signature_names.MOST_WITH_ALL_SUBSETS
    return some_subsets or any(x.partly_observed for x in model.modalities.values())


def _write_graph(signatures: list[Signature], path: pathlib.Path) -> None:
    functions = {signature.name: _function_of(signature) for signature in signatures}
    module = tf.Module()
    used = {id(x): x for function in functions.values() for x in function.graph.variables}
    module.used = list(used.values())
    functions[_DEFAULT] = functions[signatures[0].name]
    try:
        tf.saved_model.save(module, path, functions)
    except tf.errors.OpError as error:  # TensorFlow reports a full disk this way.
        raise OSError(errno.EIO, error.message, str(path.parent.parent)) from error


def _function_of(signature: Signature) -> Any:
    """Traces a signature."""

    def answer(*tensors: tf.Tensor) -> Mapping[str, tf.Tensor]:
        return in_chunks(
            lambda part: signature.outputs(
                {x.name: x.taken(part[x.name]) for x in signature.inputs}
            ),
            all_in_shape(signature.inputs, tensors),
        )

    specs = [x.spec for x in signature.inputs]
    return tf.function(answer, input_signature=specs, autograph=False).get_concrete_function()
