"""How many test examples have each modality that may be missing."""

from collections.abc import Iterator

from jmvae_tf.evaluation.metrics import Line, metric
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.observed import observed_values
from jmvae_tf.evaluation.subject import Subject
from jmvae_tf.modalities import observed_key


@metric("gaps", place=1)
def observed_examples(subject: Subject) -> Iterator[Line]:
    """Yields the number of examples that have anything of a modality, or all of its values."""
    grey = subject.data.grey
    for name in subject.model.modalities:
        number = subject.number_having(name)
        if number is None:
            continue
        yield Metric(f"{name}_observed", f"examples that have {name}", number)
        if len(grey[observed_key(name)].shape) > 1:
            seen = observed_values(grey, name)
            whole = int(seen.reshape(len(seen), -1).all(axis=1).sum())
            yield Metric(f"{name}_observed_whole", f"  all values of {name}", whole)
