"""All figures of merit of a model, by the kinds of its modalities."""

from jmvae_tf.evaluation.metrics import latent
from jmvae_tf.evaluation.metrics_table import Metric, Section
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol, Tensors, proposals
from jmvae_tf.evaluation.sections.attributes import attributes
from jmvae_tf.evaluation.sections.images import sample_images, sharpnesses
from jmvae_tf.evaluation.sections.importance import importance_weighted
from jmvae_tf.evaluation.sections.labels import labels
from jmvae_tf.evaluation.sections.likelihood import (
    generation,
    objective,
    reconstruction,
    squared_errors,
)
from jmvae_tf.models.base import MultimodalVAE


def evaluate(model: MultimodalVAE, examples: EvaluationData, protocol: Protocol) -> list[Section]:
    """Measures a model by everything that is defined for it.

    Args:
      model: a trained model.
      examples: of all its modalities.
      protocol: how many samples are drawn.

    Returns:
      Sections of figures; log-likelihoods are in nats.

    Raises:
      ValueError: if there is no test or no training example.
      UserError: if the test set has values that the model's likelihoods do not know.
    """
    for part in ("test", "grey", "training"):
        if not min(len(getattr(examples, part)[name]) for name in model.modalities):
            raise ValueError(f"A model is measured on at least one example. Received: no {part}")
    test = examples.test
    sections = [
        objective(model, test, protocol),
        generation(model, test, protocol),
        reconstruction(model, test, protocol),
        squared_errors(model, test, protocol),
    ]
    if protocol.num_importance_samples:
        sections += importance_weighted(model, test, protocol)
    samples = sample_images(model, examples, protocol)
    sections += [
        labels(model, examples, protocol),
        *attributes(model, examples, protocol, samples),
        sharpnesses(model, examples, protocol, samples),
        _active_units(model, test, protocol),
    ]
    return [section for section in sections if section.metrics or section.notes]


def _active_units(model: MultimodalVAE, test: Tensors, protocol: Protocol) -> Section:
    title, metrics = "Active latent units", []
    if len(test[next(iter(model.modalities))]) < 2:
        note = "active units are left out: they need at least two test examples"
        return Section(title, [], notes=[note])
    for how, given in proposals(model).items():
        if len(given) < len(model.modalities) and model.samples_to_infer:
            continue  # The means would vary with the chains, not with the data.
        for layer, means in latent.layer_means(model, test, given, protocol.seed).items():
            metrics.append(
                Metric(
                    f"active_units_{layer}_{how}",
                    f"{layer} given {', '.join(given)}, of {means.shape[1]}",
                    latent.active_units(means),
                )
            )
    return Section(title, metrics)
