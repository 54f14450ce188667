#!/usr/bin/env python3
"""Adds one thing of each kind to a copy of the package, tests it, and counts touched modules.

Usage: python tools/count_additions.py; the exit status is 1 if an addition does not work or touches
too many modules. The additions also show how to add such things.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import textwrap
from typing import NamedTuple

ROOT = pathlib.Path(__file__).resolve().parents[1]


class Addition(NamedTuple):
    """An addition.

    Attributes:
        what: the kind of addition.
        at_most: the most modules that it may touch.
        new: path in the package to the text of a new module.
        changed: path to the lines to find and their replacement.
        tried_by: Python code that fails if the addition does not work.
    """

    what: str
    at_most: int
    new: dict[str, str]
    changed: dict[str, tuple[str, str]]
    tried_by: str


TRAIN = """
import pathlib, tensorflow as tf
from jmvae_tf.data import registry as data_sets
from jmvae_tf.data import pipelines
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model

def digits(model, data="digits", **overrides):
    settings = settings_of(model, data, {"jit_compile": False, **overrides})
    examples = data_sets.load(data, pathlib.Path("unused"), settings.data_options)
    return settings, examples, make_model(settings, examples)
"""

ADDITIONS = (
    Addition(
        "an objective",
        3,
        {
            "models/beta_vae.py": '''
            """Beta-VAE: the divergence from the prior is weighted (Higgins et al. 2017)."""

            import keras

            from jmvae_tf.models.vae import VAE
            from jmvae_tf.objectives.papers import beta_vae_bound


            @keras.saving.register_keras_serializable(package="jmvae_tf")
            class BetaVAE(VAE):
                """A VAE with beta = 4."""

                def unchecked_bound(self, data, seed, kl_weight=1.0, training=False):
                    """The beta-VAE's objective."""
                    bound = super().unchecked_bound(data, seed, kl_weight, training)
                    return beta_vae_bound(bound, 4.0, kl_weight)
            '''
        },
        {
            "objectives/papers.py": (
                "def jmvae_bound(",
                '''
                def beta_vae_bound(bound: Bound, beta: float, kl_weight: Weight = 1.0) -> Bound:
                    """-beta D_KL(q(z|x) || p(z)) + E_q(z|x) [log p(x|z)], from the VAE's bound."""
                    value = bound.value - (beta - 1.0) * kl_weight * bound.terms["kl_prior"]
                    return bound._replace(value=value)


                def jmvae_bound(''',
            ),
            "models/registry.py": (
                "_ROWS = (",
                """
                _ROWS = (
                    ModelRow(
                        name="beta_vae",
                        module="models.beta_vae",
                        class_name="BetaVAE",
                        modalities="target",
                        encoders="target",
                        decoders="target",
                    ),""",
            ),
        },
        TRAIN
        + """
import jmvae_tf
settings, examples, model = digits("beta_vae", target="image")
assert type(model) is jmvae_tf.BetaVAE
for batch in pipelines.Feed(examples, settings.batch_size).training_batches().take(3):
    print(model.train_on_batch(batch, return_dict=True))
digits("beta_vae_gan", target="image")
""",
    ),
    Addition(
        "a metric",
        1,
        {
            "evaluation/metrics/brightness.py": '''
            """Brightness: the mean of an image's values."""

            from jmvae_tf.evaluation.estimate import estimate
            from jmvae_tf.evaluation.metrics import metric
            from jmvae_tf.evaluation.metrics_table import Metric


            @metric("objective", place=99)
            def brightness_of_images(subject):
                """The brightness of real images."""
                for image in subject.of_kind("image"):
                    values = subject.data.grey[image].numpy().mean(axis=(1, 2, 3))
                    yield Metric(f"{image}_brightness", f"real {image}", estimate(values))
            '''
        },
        {},
        TRAIN
        + """
from jmvae_tf.evaluation.evaluate import EvaluationData, Protocol, evaluate
from jmvae_tf.evaluation.metrics_table import metrics_as_json
_, examples, model = digits("jmvae_kl")
few = pipelines.whole_part(examples, "test", number=20)
print(metrics_as_json(evaluate(model, EvaluationData(few, few, few), Protocol(num_samples=1,
    num_importance_samples=0)))["image_brightness"])
""",
    ),
    Addition(
        "a signature",
        1,
        {},
        {
            "export/signatures.py": (
                "_FAMILIES: tuple[Callable[[MultimodalVAE], Iterator[Signature]], ...] = (",
                """
                def _priors(model: MultimodalVAE) -> Iterator[Signature]:
                    for name in model.targets if not model.conditions else ():
                        yield Signature(
                            signature_names.of_modality("average", name),
                            (SeedInput(),),
                            lambda given, name=name: {
                                name: model.generate(name, num_samples=1, seed=given["seed"][0])[0]
                            },
                        )


                _FAMILIES: tuple[Callable[[MultimodalVAE], Iterator[Signature]], ...] = (
                    _priors,""",
            )
        },
        TRAIN
        + """
from jmvae_tf.export.signatures import signatures_of
_, _, model = digits("jmvae_kl")
print([x.name for x in signatures_of(model) if x.name.startswith("average_")][:2])
assert any(x.name == "average_image" for x in signatures_of(model))
""",
    ),
    Addition(
        "a data set",
        2,
        {
            "data/dark_digits.py": '''
            """Digits of scikit-learn, white on black turned to black on white."""

            import dataclasses

            from jmvae_tf.data import digits


            def load(data_dir, split):
                """Loads them."""
                data = digits.load(data_dir, split)

                def prepare(stored):
                    values = data.prepare(stored)
                    return {**values, "image": 1.0 - values["image"]}

                return dataclasses.replace(data, name="dark_digits", prepare=prepare)
            '''
        },
        {
            "data/registry.py": (
                '    "digits": RegisteredDataSet("jmvae_tf.data.digits"),',
                """
                    "digits": RegisteredDataSet("jmvae_tf.data.digits"),
                    "dark_digits": RegisteredDataSet(
                        "jmvae_tf.data.dark_digits", preset="digits"
                    ),""",
            )
        },
        TRAIN
        + """
settings, examples, model = digits("jmvae_kl", "dark_digits")
for batch in pipelines.Feed(examples, settings.batch_size).training_batches().take(1):
    print(tf.reduce_mean(batch["image"]).numpy())
    model.train_on_batch(batch)
""",
    ),
    Addition(
        "a rate schedule",
        1,
        {},
        {
            "training/schedules.py": (
                "def schedules_of(settings: Settings) -> list[keras.callbacks.Callback]:",
                '''
                class LinearDecay(keras.callbacks.Callback):
                    """Lowers the learning rate to nothing over a run."""

                    def __init__(self, rate: float, epochs: int) -> None:
                        super().__init__()
                        self.rate, self.epochs = rate, epochs

                    def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
                        """Sets the rate."""
                        self.model.optimizer.learning_rate = self.rate * (1 - epoch / self.epochs)


                def schedules_of(settings: Settings) -> list[keras.callbacks.Callback]:
                    """All schedules of a run."""
                    return [
                        KLWarmUp(settings.warmup_epochs),
                        LinearDecay(settings.learning_rate, settings.epochs),
                    ]


                def _without_decay(settings: Settings) -> list[keras.callbacks.Callback]:''',
            )
        },
        TRAIN
        + """
from jmvae_tf.training.run_folder import RunFolder
from jmvae_tf.training.train import train
settings, examples, model = digits("jmvae_kl", epochs=2, warmup_epochs=1)
folder = RunFolder(pathlib.Path("run"))
folder.start(settings)
train(model, settings, examples, folder)
print(float(model.optimizer.learning_rate))
assert float(model.optimizer.learning_rate) < settings.learning_rate
""",
    ),
)


def add(addition, package):
    """Makes an addition to a copy of the package and counts the modules that it touched."""
    for name, text in addition.new.items():
        (package / name).write_text(textwrap.dedent(text).lstrip())
    for name, (old, new) in addition.changed.items():
        text = (package / name).read_text()
        if text.count(old) != 1:
            raise SystemExit(f"{name} has {old!r} {text.count(old)} times; mend {__file__}")
        (package / name).write_text(text.replace(old, textwrap.dedent(new).lstrip("\n")))
    return len(addition.new) + len(addition.changed)


def main():
    """Runs the program."""
    helping = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=__doc__, formatter_class=helping).parse_args()
    status = 0
    for addition in ADDITIONS:
        with tempfile.TemporaryDirectory() as folder:
            package = pathlib.Path(folder) / "jmvae_tf"
            shutil.copytree(ROOT / "jmvae_tf", package)
            touched = add(addition, package)
            environment = {**os.environ, "PYTHONPATH": folder, "TF_CPP_MIN_LOG_LEVEL": "3"}
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", addition.tried_by],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
            )
        works = "works" if done.returncode == 0 else "does not work:\n" + done.stderr[-2000:]
        print(f"{addition.what}: {touched} modules (at most {addition.at_most}); {works}")
        status |= done.returncode != 0 or touched > addition.at_most
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
