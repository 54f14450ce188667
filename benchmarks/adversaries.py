#!/usr/bin/env python3
r"""Adversaries on drawn faces: trains the image decoder of one JMVAE-kl on against each of them.

A JMVAE-kl is trained first, without any, as --adversary_after does. From there, only its decoder
is trained, for --epochs, with the settings of the preset but for what is in a row.

    .venv/bin/python benchmarks/adversaries.py --runs=DIR --epochs=20 \
        --rows=hinge+projection,non_saturating+r1+projection:adversarial_weight=3

A row is a value of --adversary, perhaps followed by a colon and other settings of `bin/train`,
joined by semicolons. It prints a table: sharpness over that of real images, detail where real
images show nothing, coherence and diversity of images given attributes, their Fréchet distance and
its floor, Eq. 5, and the minutes of the training. Runs that are in the folder already are measured
as they are.
"""

import pathlib
import subprocess
import sys
import time
from typing import Any

_ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(_ROOT))

from absl import app, flags  # noqa: E402
from face_figures import figures_of, print_table  # noqa: E402

from jmvae_tf.data.data_set import DataSet  # noqa: E402
from jmvae_tf.data.registry import load  # noqa: E402
from jmvae_tf.settings import Settings, settings_of  # noqa: E402
from jmvae_tf.training.build import make_model  # noqa: E402
from jmvae_tf.training.checkpoints import load_newest  # noqa: E402
from jmvae_tf.training.run_folder import RunFolder  # noqa: E402

_RUNS = flags.DEFINE_string("runs", "runs/adversaries", "folder of the runs")
_ROWS = flags.DEFINE_list("rows", ["original"], "what to train against, see above")
_PLAIN_EPOCHS = flags.DEFINE_integer("plain_epochs", 20, "epochs without any adversary")
_EPOCHS = flags.DEFINE_integer("epochs", 20, "epochs against the adversary")
_SEED = flags.DEFINE_integer("seed", 0, "seed of all runs")

_NUMBERS = {"adversarial_weight", "penalty_weight", "similarity_weight", "decoder_learning_rate"}


def options_of(row: str) -> dict[str, Any]:
    """Reads a row: the adversary, and other settings."""
    adversary, _, others = row.partition(":")
    options: dict[str, Any] = {"adversary": adversary}
    for each in filter(None, others.split(";")):
        name, _, value = each.partition("=")
        options[name] = float(value) if name in _NUMBERS else value
    return options


def begin(folder: RunFolder, settings: Settings, data: DataSet, plain: RunFolder) -> None:
    """Makes a run whose first epochs are those of a run without an adversary."""
    trained, epoch = load_newest(plain)
    if trained is None or epoch != settings.adversary_after:
        raise SystemExit(f"{plain.path} must have {settings.adversary_after} epochs, not {epoch}")
    model = make_model(settings, data)
    model.vae.set_weights(trained.vae.get_weights())
    for name in ("optimizer", "decoder_optimizer"):
        states = [getattr(each, name).variables for each in (model, trained)]
        for ours, theirs in zip(*states, strict=True):
            ours.assign(theirs)
    folder.start(settings, data.modalities)
    folder.write_history(plain.read_history())
    folder.checkpoints.mkdir(exist_ok=True)
    model.save(folder.checkpoint_of(epoch))


def train(*arguments: str) -> float:
    """Runs bin/train and returns the minutes that it took."""
    start = time.monotonic()
    subprocess.run([sys.executable, str(_ROOT / "bin" / "train"), *arguments], check=True)
    return (time.monotonic() - start) / 60


def main(_: list[str]) -> None:
    """Trains, measures, and prints the table."""
    runs, seed = pathlib.Path(_RUNS.value).resolve(), _SEED.value
    exports = f"--export_dir={runs / 'saved_models'}"
    of_all = {"seed": seed, "adversary_after": _PLAIN_EPOCHS.value}
    plain = RunFolder(runs / f"plain-{seed}")
    if not plain.metrics_file.exists():
        train(
            "--data=toyfaces",
            "--model=jmvae_kl_gan",
            f"--epochs={_PLAIN_EPOCHS.value}",
            f"--adversary_after={_PLAIN_EPOCHS.value}",
            f"--seed={seed}",
            f"--run={plain.path}",
            "--resume" if plain.is_run() else "--noresume",
            exports,
        )
    data = load("toyfaces", runs, {"split": "paper"})
    rows = {"no adversary": figures_of(plain.metrics_file)}
    for row in _ROWS.value:
        options = options_of(row)
        epochs = _PLAIN_EPOCHS.value + _EPOCHS.value
        settings = settings_of("jmvae_kl_gan", "toyfaces", {**of_all, "epochs": epochs, **options})
        name = "".join(x if x.isalnum() else "-" for x in row)
        folder = RunFolder(runs / f"{name}-{seed}")
        if not folder.is_run():
            begin(folder, settings, data, plain)
        minutes = runs / f"{name}-{seed}.minutes"
        if not folder.metrics_file.exists():
            took = train(f"--run={folder.path}", "--resume", exports)
            minutes.write_text(f"{took:.1f}")
        rows[row] = figures_of(folder.metrics_file) | {"minutes": minutes.read_text()}
    print(f"{_EPOCHS.value} epochs, seed {seed}")
    print_table(rows)


if __name__ == "__main__":
    app.run(main)
