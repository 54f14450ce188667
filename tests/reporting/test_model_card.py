"""The card of a model says what its run holds, and no more."""

import json

import pytest

from jmvae_tf.data import digits
from jmvae_tf.reporting.model_card import CARD, command_of, write_model_card
from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.small_models import small_model

METRICS = {
    "protocol": {"num_examples": 180},
    "data": {
        "examples": {"train": 1198, "validation": 299, "test": 300},
        "observed": {"label": {"train": 800, "validation": 200, "test": 210}},
    },
    "checkpoint": "epoch-0003.keras",
    "generated_label_accuracy": {"mean": 0.9, "standard_error": 0.02, "examples": 210},
    "majority_accuracy": {"mean": 0.1, "standard_error": 0.02},
    "left_out": 3,
    "notes": ["a | pipe and a `tick`\nand a line"],
}


@pytest.fixture
def run(tmp_path):
    """A run of digits, and a model of it."""
    settings = settings_of("jmvae_kl", "digits", {"epochs": 3, "encoders": {"label": "D8R"}})
    data = digits.load(None, "test")
    folder = RunFolder(tmp_path / "run")
    folder.start(settings, data.modalities)
    return folder, settings, small_model("jmvae_kl", data.modalities)


def card_of(run, tmp_path, checkpoint="epoch-0003.keras"):
    """Writes the card and returns its text."""
    folder, settings, model = run
    write_model_card(tmp_path, model, folder, settings, checkpoint)
    text = (tmp_path / CARD).read_text("utf-8")
    assert max(map(len, text.splitlines())) <= 400
    return text


def test_a_measured_model_has_counts_gaps_and_measures(run, tmp_path):
    run[0].metrics_file.write_text(json.dumps(METRICS))
    text = card_of(run, tmp_path)
    for part in (
        "# digits: jmvae_kl",
        "1198 for train, 299 for validation, 300 for test",
        "800 train, 200 validation, 210 test",
        "| `generated_label_accuracy` | 0.9000 ± 0.0200 | 210 |",
        "- Predicts well: label from image (90% right, the largest class alone 10%).",
        "a \\| pipe and a 'tick'",
        "tensorflow ",
        "--epochs=3",
    ):
        assert part in text, part
    assert "left_out" not in text


@pytest.mark.parametrize("metrics", [None, {**METRICS, "checkpoint": "epoch-0002.keras"}, [1]])
def test_metrics_of_other_weights_are_not_those_of_the_model(run, tmp_path, metrics):
    if metrics is not None:
        run[0].metrics_file.write_text(json.dumps(metrics))
    text = card_of(run, tmp_path)
    assert "have not been measured" in text
    assert "0.9000" not in text


def test_the_command_names_what_the_preset_does_not(run):
    folder, *_ = run
    command = command_of(folder.read_config())
    assert command.startswith("bin/train --data=digits --model=jmvae_kl ")
    assert "--epochs=3" in command
    assert "label=D8R" in command
    assert "batch_size" not in command
    own = {**folder.read_config(), "data": "shells", "columns": {}}
    command = command_of(own)
    assert command.startswith("bin/train --data=PATH --model=jmvae_kl ")
    assert "batch_size" in command
