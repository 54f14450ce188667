"""The figures of images generated from labels, and of labels generated from images."""

from jmvae_tf.evaluation import coherence, diversity
from jmvae_tf.evaluation.estimate import Measure, Section, estimate
from jmvae_tf.evaluation.protocol import Examples, Protocol, shown_as
from jmvae_tf.models.base import MultimodalVAE


def labels(model: MultimodalVAE, examples: Examples, protocol: Protocol) -> Section:
    """Coherence, diversity and accuracy.

    Their names are those of a model of one image and one label; of several the last is told.
    """
    directions = [direction.name for direction in model.directions]
    pairs = [(x, y) for x in shown_as(model, "image") for y in shown_as(model, "label")]
    measures = []
    for image, label in pairs:
        if f"{label}_to_{image}" in directions:
            measures += _images_by_label(model, examples, protocol, image, label)
        if f"{image}_to_{label}" in directions:
            right = coherence.generated_label_accuracy(
                model, examples.grey[image], examples.grey[label], image, label, protocol.seed
            )
            measures.append(
                Measure(
                    "generated_label_accuracy",
                    f"share of {label}s generated from grey test {image}s that are right",
                    estimate(right),
                )
            )
    return Section("What is generated", measures)


def _images_by_label(
    model: MultimodalVAE, examples: Examples, protocol: Protocol, image: str, label: str
) -> list[Measure]:
    grey, training, seed = examples.grey, examples.training, protocol.seed
    judge = coherence.fit_classifier(training[image], training[label])
    return [
        Measure(
            "label_coherence",
            f"share of generated {image}s that the asked-for {label} is read off",
            estimate(coherence.label_coherence(model, judge, label, image, seed=seed)),
        ),
        Measure(
            "classifier_accuracy",
            f"  the same classifier on real test {image}s",
            estimate(coherence.classifier_accuracy(judge, grey[image], grey[label])),
        ),
        Measure(
            "label_diversity",
            f"distance between generated {image}s of a {label}, over that of real ones",
            diversity.label_diversity(
                model, training[image], training[label], label, image, seed=seed
            ),
        ),
    ]
