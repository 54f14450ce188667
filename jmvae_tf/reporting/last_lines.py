"""What a training prints at its end: how good the model is, and the commands that come next."""

import pathlib
import shlex
import textwrap
from collections.abc import Iterator, Sequence

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
    metrics, history = read_json(folder.metrics_file), folder.read_history()
    training = training_of(settings, history, num_training)
    judged = verdict(metrics, model.modalities, training, model.conditions)
    number = protocol_entry(metrics, "num_examples")
    epochs = f"{len(history)} epoch{'' if len(history) == 1 else 's'}"
    head = f"{settings.model} on {settings.data}, {epochs}, {number} test examples:"
    commands = list(_commands(folder, settings, model, judged.step, exported))
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


def _commands(
    folder: RunFolder,
    settings: Settings,
    model: MultimodalVAE,
    step: NextStep,
    exported: pathlib.Path,
) -> Iterator[tuple[str, str]]:
    """Yields what can be done now, with the command or the path for it."""
    run = f"--run={folder.path}"
    yield "figures", str(folder.figures)
    yield "all metrics", str(table_beside(folder.metrics_file))
    yield "SavedModel", str(exported)
    yield "draw", shlex.join(["bin/generate", run, *_given(model)])
    yield "try in a browser", shlex.join(["bin/demo", f"--saved_model={exported}"])
    data = _data_flags(folder, settings)
    yield "log-likelihoods", shlex.join(["bin/evaluate", run, *data])
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
