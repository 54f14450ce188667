"""The figures of generated images as images: sharpness."""

from collections.abc import Mapping

import numpy as np

from jmvae_tf.evaluation.batches import generated
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.metrics.sharpness import sharpness
from jmvae_tf.evaluation.metrics_table import Metric, Section
from jmvae_tf.evaluation.protocol import EvaluationData, Protocol, names_of_kind, proposals
from jmvae_tf.models.base import MultimodalVAE

Samples = Mapping[tuple[str, str], np.ndarray]
"""Given modality and image to images, [examples, *event_shape]: means of p(x|z), z ~ q(z|given)."""

NUM_GENERATED = 2000
"""Test examples of which images are generated, from the first: enough for two digits."""


def sample_images(model: MultimodalVAE, examples: EvaluationData, protocol: Protocol) -> Samples:
    """Images at one z ~ q(z|given) for each test example, given its label or its attributes."""
    directions = [direction.name for direction in model.directions]
    return {
        (given, image): generated(
            model,
            image,
            {given: examples.grey[given][:NUM_GENERATED]},
            protocol.seed,
            sampled=True,
        )
        for image in names_of_kind(model, "image")
        for given in names_of_kind(model, "label") + names_of_kind(model, "attributes")
        if f"{given}_to_{image}" in directions
    }


def sharpnesses(
    model: MultimodalVAE, examples: EvaluationData, protocol: Protocol, samples: Samples
) -> Section:
    """The variance of the Laplacian of real, sampled and reconstructed images."""
    metrics = []
    for image in (name for name in names_of_kind(model, "image") if name in model.targets):
        unit = to_unit_range(model, examples, image)
        real = unit(examples.grey[image][:NUM_GENERATED])
        metrics.append(
            Metric(f"{image}_sharpness_real", f"real {image}s", estimate(sharpness(real)))
        )
        metrics += [
            Metric(
                f"{image}_sharpness_{given}_to_{image}",
                f"{image}s at z drawn given {given}",
                estimate(sharpness(unit(images))),
            )
            for (given, target), images in samples.items()
            if target == image
        ]
        for how, given in proposals(model).items():
            if image in given:
                known = {name: examples.grey[name][:NUM_GENERATED] for name in given}
                images = generated(model, image, known, protocol.seed)
                metrics.append(
                    Metric(
                        f"{image}_sharpness_reconstruction_{how}",
                        f"{image}s at the mean of z given {', '.join(given)}",
                        estimate(sharpness(unit(images))),
                    )
                )
    return Section(
        "Sharpness, variance of the Laplacian: to be near that of real images, not merely higher",
        metrics,
    )
