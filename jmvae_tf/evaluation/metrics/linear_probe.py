"""Linear probe: whether a linear classifier reads the class off the posterior's mean."""

import warnings
from collections.abc import Iterator

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jmvae_tf.evaluation.class_judges import class_labels, class_metric_name
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.active_units import layer_means
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject

MOST_PROBED = 10_000
"""Training examples, from the first, to which the classifier is fitted."""

_MOST_STEPS = 500


def linear_probe(
    z: np.ndarray, classes: np.ndarray, new_z: np.ndarray, new_classes: np.ndarray
) -> np.ndarray:
    """Fits logistic regression to latent values, and checks what it says of new ones.

    Args:
      z: float, [examples, size]; values are standardised.
      classes: their classes, at least two of them, integers [examples].
      new_z: the same of other examples.
      new_classes: their classes.

    Returns:
      0 or 1 for each new example, float.
    """
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=_MOST_STEPS))
    with warnings.catch_warnings():
        # A boundary that could still move a little reads the classes as well.
        warnings.simplefilter("ignore", ConvergenceWarning)
        probe.fit(z.astype(np.float64), classes)
    return (probe.predict(new_z.astype(np.float64)) == new_classes).astype(float)


@metric("classes", place=3)
def linear_probe_of_means(subject: Subject) -> Iterator[Metric]:
    """Yields the probe's accuracy for each layer, given each other modality, and all of them."""
    model, seed = subject.model, subject.protocol.seed
    for label in class_labels(subject):
        others = tuple(name for name in model.modalities if name != label)
        for given in dict.fromkeys([*((name,) for name in others), others]):
            training, test = (subject.having(x, *given, label) for x in ("training", "grey"))
            training = {key: x[:MOST_PROBED] for key, x in training.items()}
            classes, true = (np.argmax(x[label], axis=1) for x in (training, test))
            if not given or not len(true) or len(np.unique(classes)) < 2:
                continue
            means, new = (layer_means(model, x, given, seed) for x in (training, test))
            for layer in means:
                yield Metric(
                    class_metric_name(
                        subject, label, f"linear_probe_{layer}_given_{'_'.join(given)}"
                    ),
                    f"share of test examples whose {label} a linear probe reads off the mean of "
                    f"{layer} given {', '.join(given)}",
                    estimate(linear_probe(means[layer], classes, new[layer], true)),
                    subject.number_having(*given, label),
                )
