"""Whether generated images are copies of training images."""

from collections.abc import Iterator

import numpy as np

from jmvae_tf.evaluation.batches import rows_at_once
from jmvae_tf.evaluation.estimate import ratio_of_means
from jmvae_tf.evaluation.image_range import to_unit_range
from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.nearest import nearest
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.runtime.randomness import fold, root_seed

NUM_IMAGES = 200
"""Generated and test images to find the nearest training images of."""

MOST_COMPARED = 2**27
"""Values of training images to compare each with."""


def images_of_prior(
    model: MultimodalVAE, image: str, num_samples: int, seed: int = 0
) -> np.ndarray:
    """Generates images: means of p(image|z), z ~ p(z), [num_samples, *event_shape]."""
    size = rows_at_once(model, [image])
    parts = (
        model.generate(
            image, num_samples=min(size, num_samples - start), seed=fold(root_seed(seed), place)
        )
        for place, start in enumerate(range(0, num_samples, size))
    )
    return np.concatenate([np.asarray(part) for part in parts])


@metric("image samples", place=1)
def distance_to_training_images(subject: Subject) -> Iterator[Line]:
    """Yields the distance of samples of the prior to the nearest training image, over test ones'.

    Far below 1, samples are copies of training images.
    """
    model = subject.model
    if model.conditions or not model.has_prior:
        return
    for image in subject.of_kind("image"):
        real, training = (subject.having(part, image)[image] for part in ("grey", "training"))
        if not len(training) or len(real) < 2:
            continue
        unit = to_unit_range(model, subject.data, image)
        most = max(1, MOST_COMPARED // int(np.prod(training.shape[1:])))
        others = unit(training[:most])
        samples = unit(images_of_prior(model, image, NUM_IMAGES, subject.protocol.seed))
        of_samples = nearest(samples, others)[1]
        of_real = nearest(unit(real[:NUM_IMAGES]), others)[1]
        if of_real.mean() > 0 and of_samples.mean() > 0:
            yield Metric(
                f"{image}_distance_to_training",
                f"{image} at z drawn from the prior: distance to the nearest training {image}, "
                "over that of test ones; far below 1 they are copies",
                ratio_of_means(of_samples, of_real),
                min(NUM_IMAGES, len(real)),
            )
