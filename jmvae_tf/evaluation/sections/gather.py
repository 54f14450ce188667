"""Puts the lines of all metrics of a heading into its section."""

from collections.abc import Iterable, Iterator, Sequence

from jmvae_tf.evaluation.metrics import Heading, Line, metrics_under
from jmvae_tf.evaluation.metrics_table import Metric, Row, Section
from jmvae_tf.evaluation.subject import Reconstruction, Subject
from jmvae_tf.models.base import Direction

Case = Direction | Reconstruction


def of_model(heading: Heading, title: str, subject: Subject) -> Section:
    """Makes a section of metrics that are computed once per model."""
    lines = (line for each in metrics_under(heading) for line in each.measure(subject))
    return _section(title, lines)


def of_cases(heading: Heading, title: str, subject: Subject, cases: Sequence[Case]) -> Section:
    """Makes a section of metrics that are computed per direction, where they are defined."""
    return _section(title, _lines_of_cases(heading, subject, cases))


def _lines_of_cases(heading: Heading, subject: Subject, cases: Sequence[Case]) -> Iterator[Line]:
    for case in cases:
        given = [subject.kind(name) for name in case.given]
        if subject.number_having(*case.given, case.target) == 0:
            yield (
                f"metrics of {case.target} given {', '.join(case.given)} are left out: no test "
                "example has all of them"
            )
            continue
        for each in metrics_under(heading):
            if each.is_defined_for(given, subject.kind(case.target)):
                yield from each.measure(subject, case)


def _section(title: str, lines: Iterable[Line]) -> Section:
    """Collects lines under a heading; merges rows with the same name and equal notes."""
    metrics: list[Metric] = []
    rows: dict[str, list[Metric]] = {}
    notes: dict[str, None] = {}
    for line in lines:
        if isinstance(line, Metric):
            metrics.append(line)
        elif isinstance(line, Row):
            rows.setdefault(line.name, []).extend(line.metrics)
        else:
            notes[line] = None
    return Section(title, metrics, [Row(*each) for each in rows.items()], list(notes))
