"""What trainings and evaluations print last: how good the model is, and the commands to go on."""

import pathlib
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from jmvae_tf.evaluation.protocol import protocol_entry
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.next_step import NextStep, training_of
from jmvae_tf.reporting.verdict import verdict
from jmvae_tf.runtime.command_names import as_started
from jmvae_tf.runtime.files import read_json
from jmvae_tf.settings import Settings
from jmvae_tf.training import local_file
from jmvae_tf.training.run_folder import RunFolder, table_beside

_WIDTH = 80


def last_lines(
    folder: RunFolder,
    settings: Settings,
    model: MultimodalVAE,
    num_training: int,
    exported: pathlib.Path,
) -> str:
    """Returns a few lines on a trained and measured model, and the commands that come next.

    Args:
      folder: the folder of the run.
      settings: the run's settings.
      model: the trained model.
      num_training: the number of training examples.
      exported: the folder of the exported version.

    Raises:
      UserError: if a file of the run is damaged.
    """
    run, data = f"--run={folder.path}", _data_flags(folder, settings)
    return _lines(
        folder,
        settings,
        model,
        num_training,
        folder.metrics_file,
        [
            ("SavedModel", str(exported)),
            ("draw", shlex.join(["bin/generate", run, *_given(model)])),
            ("try in a browser", shlex.join(["bin/demo", f"--saved_model={exported}"])),
            (
                "log-likelihoods" if model.has_prior else "measure more",
                shlex.join(["bin/evaluate", run, *data]),
            ),
        ],
    )


def last_lines_of_evaluation(
    folder: RunFolder,
    settings: Settings,
    model: MultimodalVAE,
    num_training: int,
    metrics_file: pathlib.Path,
    has_mixture: bool,
) -> str:
    """Returns a few lines on a run that bin/evaluate has measured, and the commands that come next.

    Args:
      folder: see `last_lines`.
      settings: see `last_lines`.
      model: see `last_lines`.
      num_training: see `last_lines`.
      metrics_file: what was measured.
      has_mixture: whether a mixture was fitted to the model's latent space.

    Raises:
      UserError: if a file of the run is damaged.
    """
    run = f"--run={folder.path}"
    from_mixture = ["bin/generate", run, "--sampler=mixture"]
    return _lines(
        folder,
        settings,
        model,
        num_training,
        metrics_file,
        [
            ("as JSON", str(metrics_file)),
            ("draw", shlex.join(["bin/generate", run, *_given(model)])),
            *([("draw from nothing", shlex.join(from_mixture))] if has_mixture else []),
            ("try in a browser", shlex.join(["bin/demo", run])),
            ("export", shlex.join(["bin/export", run])),
        ],
    )


def _lines(
    folder: RunFolder,
    settings: Settings,
    model: MultimodalVAE,
    num_training: int,
    metrics_file: pathlib.Path,
    commands: Sequence[tuple[str, str]],
) -> str:
    """Returns the lines on a measured model; `commands` come between figures and more training."""
    metrics, history = read_json(metrics_file), folder.read_history()
    training = training_of(settings, history, num_training)
    judged = verdict(metrics, model.modalities, training, model.conditions)
    number = protocol_entry(metrics, "num_examples")
    trained = _trained_for(folder, metrics.get("checkpoint"), len(history))
    head = f"{settings.model} on {settings.data}, {trained}, {number} test examples:"
    commands = [
        ("figures", str(folder.figures)),
        ("all metrics", str(table_beside(metrics_file))),
        *commands,
        *_more_training(folder, settings, judged.step),
    ]
    width = max(len(what) for what, _ in commands)
    return "\n".join(
        [
            "",
            head,
            *(
                textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="    ")
                for line in (*judged.lines, f"Next: {judged.step.text}.")
            ),
            "",
            *(f"{what:<{width}}  {as_started(command)}" for what, command in commands),
        ]
    )


def _trained_for(folder: RunFolder, checkpoint: Any, epochs: int) -> str:
    """Returns how long the weights of a checkpoint have been trained, in words."""
    earlier = [x for x in range(1, epochs) if folder.checkpoint_of(x).name == checkpoint]
    if earlier:
        return f"epoch {earlier[0]} of {epochs}"
    return f"{epochs} epoch{'' if epochs == 1 else 's'}"


def _more_training(
    folder: RunFolder, settings: Settings, step: NextStep
) -> Iterator[tuple[str, str]]:
    """Yields the command of the next step, if it is a training."""
    run, data = f"--run={folder.path}", _data_flags(folder, settings)
    if step.resumes:
        yield "train longer", shlex.join(["bin/train", run, *data, *step.flags])
    elif step.flags:
        again = [f"--config={folder.config_file}", *data, *step.flags]
        another = f"--run={folder.path.with_name(f'{folder.path.name}-2')}"
        yield "train another", shlex.join(["bin/train", *again, another])


def _given(model: MultimodalVAE) -> Sequence[str]:
    """Returns an example of the flags that give a modality to draw from; none from the prior."""
    for (name, *others), _ in model.directions:
        modality = model.modalities[name]
        if others or not modality.value_names:
            continue
        if modality.kind == "label":
            return [f"--given={name}={modality.value_names[-1]}"]
        if modality.kind == "attributes":
            return [f"--given={modality.value_names[0]}=1"]
    return []


def _data_flags(folder: RunFolder, settings: Settings) -> list[str]:
    """Returns the flag that names a user's own data; `local.json` has them for other programs."""
    source = local_file.read_source(folder.path) if settings.manifest is not None else None
    return [f"--data={source}"] if source else []
