"""Names of metrics of labels."""

from collections.abc import Mapping

from jmvae_tf.models.base import Direction


def label_metric_name(kinds: Mapping[str, str], direction: Direction, name: str) -> str:
    """Returns the full name of a metric of labels.

    In a model of one image and one label it is the name alone. Otherwise the names of the
    modalities come before it, with the label last.

    Args:
      kinds: the kind of each modality of the model.
      direction: the direction that is measured.
      name: the name of the metric.
    """
    images, labels = ([x for x, kind in kinds.items() if kind == of] for of in ("image", "label"))
    names = {*direction.given, direction.target}
    if len(images) == len(labels) == 1 and names == {*images, *labels}:
        return name
    if kinds[direction.target] == "label":
        return "_".join([*direction.given, direction.target, name])
    return "_".join([direction.target, *direction.given, name])
