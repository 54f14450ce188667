"""The variation of information of two modalities (2016 paper, appendix A)."""

from collections.abc import Iterator

from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics.conditional_by_importance import conditionals
from jmvae_tf.evaluation.metrics.importance import estimate_of_log_p, hidden_where_missing
from jmvae_tf.evaluation.metrics.objective import terms_on_test_data
from jmvae_tf.evaluation.metrics_table import Metric
from jmvae_tf.evaluation.subject import Subject


@metric("objective", place=2)
def variation_of_information_bound(subject: Subject) -> Iterator[Metric]:
    """Yields its upper bound: Eq. 4 with alpha = 1, plus another D_KL(q(z|x,w) || p(z)).

    In objectives that are no bounds, divergences of the same names may be other ones.
    """
    terms, names = subject.once(terms_on_test_data), list(subject.model.modalities)
    if (
        subject.model.objective_is_bound
        and subject.number_having(*names) != 0
        and len(names) == 2
        and all(f"kl_{name}" in terms for name in names)
    ):
        both = sum(terms[f"kl_{name}"] - terms[f"log_p_{name}"] for name in names)
        yield Metric(
            "variation_of_information_bound",
            "upper bound of the variation of information (2016 paper, appendix A)",
            estimate(hidden_where_missing(both, subject.data.test, names)),
            subject.number_having(*names),
        )


@metric("variation of information", place=1)
def variation_of_information(subject: Subject) -> Iterator[Metric]:
    """Yields -log p(x|w) - log p(w|x), estimated with importance weights."""
    first, second = subject.model.modalities
    found = subject.once(conditionals)
    for how in ("multiple", "single"):
        total = sum(getattr(found[name], how) for name in (first, second))
        log_p = estimate_of_log_p(subject.model, (first, second), total)
        yield Metric(
            f"variation_of_information_{how}",
            f"-log p({first}|{second}) - log p({second}|{first}), {how}",
            # Negate last, since `TooFewSamples` is a log-probability above 0.
            log_p._replace(mean=-log_p.mean),
            subject.number_having(first, second),
        )
