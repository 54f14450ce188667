#!/usr/bin/env python3
"""Trains, evaluates and exports the models that the repository ships, each with a card.

They are small enough to be part of the repository, so that a fresh clone can serve and try them.
MNIST needs --data_dir. Existing runs are used, the others are trained. Replaces version 1 of each
model. With --cards, nothing is trained: the cards are written again, with the figures that they
have, after a change of what is said on them.
"""

import pathlib
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT / "bin" / "lib"))

from checkout import launch

launch.ensure_requirements()

from absl import flags

from jmvae_tf.evaluation.older_metric_names import with_current_names
from jmvae_tf.export_format.shipped_models import DIGITS, FACES
from jmvae_tf.programs.common import run_program, shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import (
    read_json,
    remove_unfinished,
    replace_folder,
    restore_folder,
    unfinished_folder,
    write_json,
    written_atomically,
)
from jmvae_tf.runtime.version import installed_versions
from jmvae_tf.training.run_folder import RunFolder, name_of_epoch

_RUNS_DIR = shared_flags.define_path("runs_dir", "runs/shipped", "folder of their runs")
_DATA_DIR = shared_flags.define_path(
    "data_dir", "data", "folder of the data, or to download them to"
)
_EXPORT_DIR = shared_flags.define_path(
    "export_dir", "saved_models/shipped", "folder for the exports"
)

_CARDS = flags.DEFINE_bool("cards", False, "only write the cards again")

_VERSION = "1"
_SHIPPED = {
    FACES: ("--model=jmvae_kl_gan", "--data=toyfaces"),
    # docs/results.md: images show their labels best with this weight.
    DIGITS: (
        "--data=mnist",
        "--likelihood_weights=label=50",
        "--epochs=20",
        "--warmup_epochs=4",
    ),
}
_LICENCES = {
    FACES: "Apache 2.0, like the drawings that it was trained on",
    DIGITS: "Apache 2.0; MNIST itself (Y. LeCun, C. Cortes, C. Burges) is CC BY-SA 3.0",
}
_USES = {
    FACES: "To try the programs, the page and the server of this package, and to show what models "
    "of several modalities do. It knows drawings only. Not for photographs, and not to judge or "
    "identify people.",
    DIGITS: "To try the programs, the page and the server of this package, and to show what models "
    "of several modalities do. Not to read digits where a mistake matters, such as on forms or "
    "cheques.",
}
_LIMITS = {
    FACES: (
        "It knows 64x64 pixels with one face that tools of this package drew, and the 18 "
        "attributes that they drew it by. For a photograph it gives the nearest drawing.",
        "Some drawings do not show all that was asked for, and the discriminator adds detail where "
        "real ones have none: see coherence and the last rows of the table.",
    ),
    DIGITS: (
        "It knows 28x28 grey values with one digit in the middle, white on black, as MNIST has "
        "them. It has no class for anything else.",
        "It misreads one digit in fifty, and one in ten that it draws is not read as the one asked "
        "for: see the table. Its probabilities are not calibrated.",
    ),
}
_ALL_LIMITS = (
    "It answers any image. Programs and the page warn about one that is unlike 99.9 % of those in "
    "training, but do not notice all of these.",
    "Average images, and edits made of them, are smoother than real ones.",
    "The figures are of one training. With other seeds they differ a little.",
)
_FIGURES = (  # Suffixes of names in metrics.json, and descriptions.
    ("_log_likelihood", "log-likelihood, Eq. 5, N = 10, nats"),
    ("generated_label_accuracy", "share of images whose label is predicted correctly"),
    ("_balanced_accuracy", "balanced accuracy of the predicted attributes, mean"),
    ("label_coherence", "share of generated images in which a judge sees the label asked for"),
    ("_coherence", "the attributes that a judge sees in generated images: balanced accuracy"),
    ("_diversity", "distances between generated images, over those between real ones"),
    ("_over_real", "sharpness of generated images, over that of real ones"),
    ("_real_where_empty", "detail of real images where they show nothing but background"),
    ("_where_empty", "detail of the model's images where real ones show nothing but background"),
    ("_frechet_distance", "squared Fréchet distance to real test images, see docs/evaluation.md"),
    ("_frechet_distance_real", "the same of as many real training images: its floor"),
)


def main() -> None:
    """Runs the program."""
    if _CARDS.value:
        load_tensorflow()
        for name in _SHIPPED:
            shipped = pathlib.Path(_EXPORT_DIR.value) / name
            _write_card(shipped, read_json(shipped / "card.json"))
        return
    for name in _SHIPPED:  # A killed start may have left one under another name.
        restore_folder(pathlib.Path(_EXPORT_DIR.value) / name / _VERSION)
    for name, settings in _SHIPPED.items():
        folder = RunFolder(pathlib.Path(_RUNS_DIR.value) / name)
        if not folder.metrics_file.is_file():
            _train(folder, settings)
    load_tensorflow()
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.programs.tasks.run_data import load_for
    from jmvae_tf.reporting.training_summaries import summarise_run
    from jmvae_tf.training.checkpoints import load_checkpoint

    for name, settings in _SHIPPED.items():
        folder = RunFolder(pathlib.Path(_RUNS_DIR.value) / name)
        run = choose_run(str(folder.path), "newest")
        model = load_checkpoint(run.checkpoint, folder)
        data = load_for(run, None, pathlib.Path(_DATA_DIR.value))
        summary = summarise_run(model, data, folder, name_of_epoch(folder, run.checkpoint))
        exported = pathlib.Path(_RUNS_DIR.value) / "exported" / name
        version = export_saved_model(model, exported, keep_versions=1, summary=summary)
        shipped = pathlib.Path(_EXPORT_DIR.value) / name
        shipped.mkdir(parents=True, exist_ok=True)
        remove_unfinished(shipped)
        with unfinished_folder(shipped) as temporary:  # Servers ignore its name.
            written = pathlib.Path(shutil.copytree(version, temporary / _VERSION))
            replace_folder(written, shipped / _VERSION)
        _write_card(shipped, _facts(folder, settings))
        print(shipped / _VERSION)


def _train(folder: RunFolder, settings: tuple[str, ...]) -> None:
    """Trains in its own process, with the command in the card."""
    command = [
        sys.executable,
        str(_ROOT / "bin" / "train"),
        *settings,
        f"--run={folder.path}",
        f"--data_dir={_DATA_DIR.value}",
        f"--export_dir={folder.path.parent / 'saved_models'}",
        *(["--resume"] if folder.is_run() else []),
    ]
    status = subprocess.call(command)
    if status != 0:
        raise UserError(
            "A shipped model must be trained to its end",
            f"bin/train ended with status {status} (its message is above)",
            "fix that and start again",
        )


def _facts(folder: RunFolder, settings: tuple[str, ...]) -> dict[str, Any]:
    """Returns what the card says of a run."""
    metrics = with_current_names(read_json(folder.metrics_file))
    config = folder.read_config()
    figures = {
        name: value
        for name, value in metrics.items()
        if any(name.endswith(ending) for ending, _ in _FIGURES) and "judge" not in name
    }
    return {
        "version": int(_VERSION),
        "model": config["model"],
        "data": config["data"],
        "epochs": config["epochs"],
        "seed": config["seed"],
        "command": shlex.join(["bin/train", *settings]),
        "trained_with": config["versions"],
        "exported_with": installed_versions(),
        "num_test_examples": metrics["protocol"]["num_examples"],
        "figures": figures,
    }


def _write_card(shipped: pathlib.Path, facts: Mapping[str, Any]) -> None:
    """Writes card.json for programs and README.md for people, with the same content.

    Args:
      shipped: the folder of the model.
      facts: what `_facts` returned; an older card has them too.
    """
    name = shipped.name
    card = {
        **facts,
        "intended_use": _USES[name],
        "limits": [*_LIMITS[name], *_ALL_LIMITS],
        "licence": _LICENCES[name],
    }
    write_json(shipped / "card.json", card)
    with written_atomically(shipped / "README.md") as path:
        path.write_text(_as_text(name, card), "utf-8")


def _as_text(name: str, card: Mapping[str, Any]) -> str:
    from jmvae_tf.evaluation.estimate import value_from_json

    rows = [
        f"| `{figure}` | {_described(figure)} | {value_from_json(x)} |"
        for figure, x in card["figures"].items()
    ]
    trained = ", ".join(f"{package} {version}" for package, version in card["trained_with"].items())
    return "\n".join(
        [
            f"# {name}",
            "",
            _wrapped(
                f"A model `{card['model']}` of `{card['data']}`, version {card['version']}, "
                f"trained for {card['epochs']} epochs with seed {card['seed']} by"
            ),
            "",
            "```sh",
            card["command"],
            "```",
            "",
            _wrapped(
                f"with {trained}; exported by `tools/ship_models.py`. What that command printed "
                f"for the {card['num_test_examples']} test examples:"
            ),
            "",
            "| metric | meaning | mean ± standard error |",
            "| -- | -- | -: |",
            *rows,
            "",
            "## Intended use",
            "",
            _wrapped(card["intended_use"]),
            "",
            "## Limits",
            "",
            *(_wrapped(f"- {line}", "  ") for line in card["limits"]),
            "",
            "## Licence",
            "",
            _wrapped(f"{card['licence']}."),
            "",
        ]
    )


def _wrapped(paragraph: str, later: str = "") -> str:
    """Breaks a paragraph into lines like the Markdown formatter of pre-commit.

    Args:
      paragraph: the text.
      later: what lines after the first begin with.
    """
    return textwrap.fill(
        paragraph, 120, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def _described(figure: str) -> str:
    return next(description for ending, description in _FIGURES if figure.endswith(ending))


if __name__ == "__main__":
    run_program.run(sys.modules[__name__])
