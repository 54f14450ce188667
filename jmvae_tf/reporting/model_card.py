"""Writes the card of an exported model: what it is of, how good it is, how it was made."""

import contextlib
import math
import pathlib
import re
import shlex
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jmvae_tf.data.data_set import PARTS
from jmvae_tf.evaluation.estimate import Estimate, estimate_in, mean_as_text
from jmvae_tf.evaluation.protocol import protocol_entry
from jmvae_tf.export_format.training_summary import PERCENTILE, SUMMARY_FILE, TrainingSummary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.objective_names import BOUND, OBJECTIVE
from jmvae_tf.presets import preset_of
from jmvae_tf.reporting.next_step import training_of
from jmvae_tf.reporting.skills import skills
from jmvae_tf.reporting.training_summaries import summary_of_run
from jmvae_tf.reporting.verdict import verdict
from jmvae_tf.runtime.errors import UserError, one_line
from jmvae_tf.runtime.files import read_json, written_atomically
from jmvae_tf.settings import Settings, setting_fields
from jmvae_tf.training.run_folder import RunFolder

CARD = "model_card.md"
"""The file of the card, beside `saved_model.pb`."""

_WIDTH = 120
_MOST_ROWS = 40  # Of a table; a card is read by people, `metrics.json` by programs.
_LONGEST_NOTE = 500
_MAIN = (BOUND, OBJECTIVE)  # What the names of the main measures of a whole model begin with.
_NO_FLAGS = ("model", "data", "target")
_COLUMNS = "columns"  # The manifest of a user's own data.

_USE = (
    "For research and teaching, and for filling in or drawing data like those above where a wrong "
    "answer does no harm or somebody checks it. Not for decisions about people."
)

_MARKDOWN = re.compile(r"[\\*\[\]<>&#|~$]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown takes for more than text: not underscores within names, and no backticks, which are
replaced."""


def write_model_card(
    version: pathlib.Path,
    model: MultimodalVAE,
    folder: RunFolder,
    settings: Settings,
    checkpoint: str,
) -> None:
    """Writes the card of an exported version, from what the folder of its run holds.

    Args:
      version: the folder of the version.
      model: the exported model.
      folder: the folder of its run.
      settings: the run's settings.
      checkpoint: the name of the exported weights, of an epoch; only their metrics are reported.

    Raises:
      OSError: if it cannot be written.
      UserError: if the run's config.json is damaged.
    """
    text = model_card(model, folder, settings, checkpoint)
    with written_atomically(version / CARD) as temporary:
        temporary.write_text(text, "utf-8")


def model_card(model: MultimodalVAE, folder: RunFolder, settings: Settings, checkpoint: str) -> str:
    """Returns the card as Markdown; see `write_model_card` for the arguments."""
    metrics = _metrics_of(folder, checkpoint)
    counts = metrics.get("data")
    counts = counts if isinstance(counts, Mapping) else {}
    sections = {
        "Data": _data(model, settings, folder, counts),
        "In short": _in_short(model, metrics, settings, folder, counts),
        "Measures": _measures(model, metrics, checkpoint),
        "Intended use": [_wrapped(_USE)],
        "Limits": _limits(model, metrics, _summary_of(model, folder, checkpoint)),
        "How it was made": _making(settings, folder, checkpoint),
    }
    parts = [f"# {_plain(settings.data)}: {settings.model}", _introduction(model)]
    for title, lines in sections.items():
        parts += [f"## {title}", *lines]
    return "\n\n".join(parts) + "\n"


def _metrics_of(folder: RunFolder, checkpoint: str) -> Mapping[str, Any]:
    """Reads the metrics of a checkpoint; none if others or none were measured."""
    try:
        metrics = read_json(folder.metrics_file)
    except (OSError, ValueError):
        return {}
    return (
        metrics if isinstance(metrics, Mapping) and metrics.get("checkpoint") == checkpoint else {}
    )


def _summary_of(model: MultimodalVAE, folder: RunFolder, checkpoint: str) -> TrainingSummary | None:
    """Reads the summary of the training data; None if there is none of these weights."""
    with contextlib.suppress(UserError):
        return summary_of_run(model, folder, checkpoint)
    return None


def _history_of(folder: RunFolder) -> list[dict[str, float]]:
    """Reads the rows of history.csv; none if it is missing or damaged."""
    with contextlib.suppress(OSError, UserError):
        return folder.read_history()
    return []


def _introduction(model: MultimodalVAE) -> str:
    names = list(map(_plain, model.modalities))
    what = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    if model.conditions:
        targets, conditions = (", ".join(map(_plain, x)) for x in (model.targets, model.conditions))
        does = f"generates {targets} from {conditions}"
    elif len(names) > 1:
        does = "generates any of them from any others, or from nothing"
    else:
        does = "reconstructs it, or generates it from nothing"
    return _wrapped(
        f"A latent variable model of {what}. It {does}. Inputs and outputs have the units of the "
        "data; `assets/modalities.json` describes them for programs."
    )


def _data(
    model: MultimodalVAE, settings: Settings, folder: RunFolder, counts: Mapping[str, Any]
) -> Iterator[str]:
    fingerprint = folder.read_config().get("fingerprint")
    known = f", fingerprint {_code(fingerprint)}" if isinstance(fingerprint, str) else ""
    examples = _by_part(counts.get("examples"))
    if examples:
        divided = f" Examples: {', '.join(f'{x} for {part}' for part, x in examples.items())}."
    else:
        divided = " How many examples it has is not recorded, as the model was not measured yet."
    yield _wrapped(f"{_code(settings.data)}{known}.{divided}")
    observed = counts.get("observed")
    observed = observed if isinstance(observed, Mapping) else {}
    head = ["modality", "kind", "shape", "likelihood", "values"]
    rows = []
    for name, x in model.modalities.items():
        names, between, most = x.value_names, ", ", 12
        if x.kind == "text":  # Its letters, without the end mark.
            names, between, most = names[:-1], "", 40
        values = between.join(names[:most]) + f"{between}…" * (len(names) > most)
        shape = " × ".join(map(str, x.event_shape))
        rows.append([_plain(name), x.kind, shape, type(x.likelihood).__name__, _plain(values)])
        if observed:
            there = _by_part(observed.get(name))
            rows[-1].append(", ".join(f"{number} {part}" for part, number in there.items()))
    yield _table([*head, *(["examples that have it"] if observed else [])], rows)
    yield _wrapped(_on_gaps(bool(observed), examples, _by_part(counts.get("left_out"))))


def _on_gaps(has_gaps: bool, examples: Mapping[str, int], left_out: Mapping[str, int]) -> str:
    if not examples:
        return "Whether examples lack anything is not recorded."
    if not has_gaps:
        return "No example lacks anything."
    lines = [
        "Examples lack some of it: see the last column. What is missing was left out of training "
        "and of the measures."
    ]
    if left_out:
        numbers = ", ".join(f"{x} of {examples.get(part)} {part}" for part, x in left_out.items())
        lines.append(
            f"Examples without all that this model needs were left out of both: {numbers}."
        )
    return " ".join(lines)


def _by_part(numbers: Any) -> dict[str, int]:
    """Reads numbers of examples by part, and leaves out what is none."""
    found = numbers if isinstance(numbers, Mapping) else {}
    return {part: found[part] for part in PARTS if isinstance(found.get(part), int)}


def _in_short(
    model: MultimodalVAE,
    metrics: Mapping[str, Any],
    settings: Settings,
    folder: RunFolder,
    counts: Mapping[str, Any],
) -> Iterator[str]:
    if not metrics:
        yield "These weights have not been measured: `bin/evaluate` does."
        return
    training = training_of(settings, _history_of(folder), num_training(counts))
    judged = verdict(metrics, model.modalities, training, model.conditions)
    step = f"Next: {judged.step.with_flags}."
    yield "\n".join(f"- {_plain(line)}" for line in [*judged.lines, step])


def num_training(counts: Mapping[str, Any]) -> int | None:
    """Reads the number of training examples of `data_summary`; None if it is not recorded."""
    return _by_part(counts.get("examples")).get("train")


def _measures(model: MultimodalVAE, metrics: Mapping[str, Any], checkpoint: str) -> Iterator[str]:
    """Yields how well modalities are generated from others, then all or the main measures."""
    found = {name: estimate_in(metrics, name) for name in metrics}
    rows = [
        [_code(name), _with_error(value), _plain(metrics[name].get("examples", "all"))]
        for name, value in found.items()
        if value
    ]
    if not rows:
        yield f"None of {_code(checkpoint)}."
        return
    number = protocol_entry(metrics, "num_examples")
    yield _wrapped(
        f"Of {_plain(number)} test examples, which training did not see, or of those that have "
        "what a measure needs. Log-likelihoods are in nats."
    )
    generated = [
        [_plain(x.direction.target), _plain(" and ".join(x.direction.given)), _plain(x.words)]
        for x in skills(metrics, model.modalities, model.conditions)
    ]
    if generated:
        yield _table(["generated", "from", "how well"], generated[:_MOST_ROWS])
    shown = rows
    if len(rows) > _MOST_ROWS:
        main = [name for name, value in found.items() if value and name.startswith(_MAIN)]
        shown = [row for row in rows if row[0] in map(_code, main)][:_MOST_ROWS]
    if shown:
        yield _table(["measure", "mean ± standard error", "examples"], shown)
    if len(shown) < len(rows) or len(generated) > _MOST_ROWS:
        yield _wrapped(
            f"All {len(rows)} measures, also of single columns and classes, are in the run's "
            "`metrics.json`, and with what they mean in its `metrics_table.txt`."
        )


def _with_error(value: Estimate) -> str:
    """Formats an estimate, with digits even if it is tiny in its unit."""
    if mean_as_text(value) == f"{value.mean:.4f}" or math.isnan(value.standard_error):
        return str(value)
    return f"{mean_as_text(value)} ± {value.standard_error:.2g}"


def _limits(
    model: MultimodalVAE, metrics: Mapping[str, Any], summary: TrainingSummary | None
) -> Iterator[str]:
    lines = [
        "It was trained on these data alone, and gives what is likely in them, not what is true. "
        "Inputs unlike them give answers that no measure above covers.",
        "A mean hides the spread of what is possible; samples show it. Images are means and so "
        "smoother than real ones.",
    ]
    if any(x.kind in ("image", "text", "array") for x in model.modalities.values()):
        lines.append(
            "What it generates may resemble training examples. Do not publish a model of private "
            "data."
        )
    if summary:
        lines.append(
            f"`assets/{SUMMARY_FILE}` lets clients warn about images unlike {PERCENTILE:g} % of "
            f"{summary.num_examples} training examples, and draw a map of the latent space. It "
            "holds latent values, labels and attributes of some of them."
        )
    notes = metrics.get("notes")
    listed = [
        textwrap.fill(
            f"- {line}",
            _WIDTH,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in lines
    ]
    # One line each: at the beginning of another, a word could be a heading or a list.
    for note in notes if isinstance(notes, list) else ():
        listed.append(f"- Measures: {_plain(one_line(note)[:_LONGEST_NOTE])}.")
    yield "\n".join(listed)


def _making(settings: Settings, folder: RunFolder, checkpoint: str) -> Iterator[str]:
    yield _wrapped(
        f"Trained for {settings.epochs} epochs ({_code(checkpoint)}) with seed {settings.seed} by"
    )
    yield f"```sh\n{command_of(folder.read_config())}\n```"
    versions = folder.read_config().get("versions")
    if isinstance(versions, Mapping):
        used = ", ".join(f"{_plain(name)} {_plain(x)}" for name, x in versions.items())
        yield f"with {used}."


def command_of(config: Mapping[str, Any]) -> str:
    """Returns the command that trains a run again.

    It has a flag for each setting that differs from the preset; for a user's own data, whose
    preset depends on them, for each that differs from its default.

    Args:
      config: the content of the run's config.json.
    """
    model, data, target = (config.get(name) for name in _NO_FLAGS)
    is_own = _COLUMNS in config
    command = ["bin/train", f"--data={'PATH' if is_own else data}", f"--model={model}"]
    if target is not None:
        command.append(f"--target={target}")
    usual = {field.name: field.default for field in setting_fields()}
    if not is_own:
        with contextlib.suppress(UserError):
            usual |= preset_of(str(model), str(data), target)
    for name in usual:
        value = config.get(name)
        if name in _NO_FLAGS or value in (None, {}, usual[name]):
            continue
        if isinstance(value, bool):
            command.append(f"--{'' if value else 'no'}{name}")
        else:
            command.append(f"--{name}={_as_flag(value)}")
    return shlex.join(map(one_line, command))


def _as_flag(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={x}" for name, x in value.items())
    return str(value)


def _plain(text: object) -> str:
    """Makes any text safe for a line of Markdown: it is shown as it is."""
    return _MARKDOWN.sub(r"\\\g<0>", one_line(text).replace("`", "'"))


def _code(text: object) -> str:
    """Makes any text a piece of code in a line of Markdown."""
    return "`" + one_line(text).replace("`", "'").replace("|", "\\|") + "`"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Makes a table of cells that are safe for a line of Markdown."""
    lines = [head, ["--"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False)
