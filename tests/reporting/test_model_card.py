"""The card of a model says what its run holds, and no more."""

import dataclasses
import json
import re

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
        "left_out": {"train": 398, "test": 90},
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
        "left out of both: 398 of 1198 train, 90 of 300 test.",
        "| `generated_label_accuracy` | 0.9000 ± 0.0200 | 210 |",
        "- Reads label from image: 90.0% right, always guessing the commonest 10.0%.",
        "| label | image | 90.0% right, always guessing the commonest 10.0% |",
        "a \\| pipe and a 'tick'",
        "tensorflow ",
        "--epochs=3",
        "with seed 0 by",
        "Not for decisions about people.",
    ):
        assert part in text, part
    assert "left_out" not in text


def test_of_many_measures_the_main_ones_are_listed(run, tmp_path):
    terms = {f"bound_{x}": {"mean": -float(x), "standard_error": 0.1} for x in range(9)}
    classes = {f"class_{x}_accuracy": {"mean": 0.1, "standard_error": 0.1} for x in range(300)}
    run[0].metrics_file.write_text(json.dumps({**METRICS, **classes, **terms}))
    text = card_of(run, tmp_path)
    assert "| label | image | 90.0% right, always guessing the commonest 10.0% |" in text
    assert "| `bound_8` | -8.0000 ± 0.1000 | all |" in text
    assert "class_" not in text
    assert "All 311 measures, also of single columns and classes, are in the run's" in text
    assert len(text.splitlines()) < 80


@pytest.mark.parametrize("metrics", [None, {**METRICS, "checkpoint": "epoch-0002.keras"}, [1]])
def test_metrics_of_other_weights_are_not_those_of_the_model(run, tmp_path, metrics):
    if metrics is not None:
        run[0].metrics_file.write_text(json.dumps(metrics))
    text = card_of(run, tmp_path)
    assert "have not been measured" in text
    assert "0.9000" not in text


HOSTILE = "`<b>x</b> | # [a](b) ![c](d) *e* _f_ ~g~ $h$ \\\n# top\n| i |"


def test_text_of_a_stranger_is_no_markdown(run, tmp_path):
    """It is that of a run: of its config.json and metrics.json, and of the names in its data."""
    folder, settings, model = run
    names = tuple(f"{HOSTILE} {place}".replace("\n", " ") for place in range(10))
    model.modalities["label"] = dataclasses.replace(model.modalities["label"], value_names=names)
    config = {**folder.read_config(), "fingerprint": HOSTILE}
    config["versions"] = {**config["versions"], HOSTILE: HOSTILE}
    folder.config_file.write_text(json.dumps(config))
    counts = {"examples": {HOSTILE: HOSTILE}, "observed": {"label": {"train": HOSTILE}}}
    estimates = {"mean": 0.5, "standard_error": 0.1, "examples": HOSTILE}
    metrics = {**METRICS, "data": counts, "notes": [HOSTILE, 3], HOSTILE: estimates}
    folder.metrics_file.write_text(json.dumps(metrics | {"protocol": {"num_examples": HOSTILE}}))
    write_model_card(tmp_path, model, folder, settings, "epoch-0003.keras")
    text = (tmp_path / CARD).read_text("utf-8")
    assert text.count("'\\<b\\>x\\</b\\> \\| \\# \\[a\\](b) !\\[c\\](d) \\*e\\* \\_f\\_ ") >= 15
    outside = re.sub(r"\\.|`[^`]*`", "", text)
    for part in ("<", "[", "*", "_f_", "~", "$"):
        assert part not in outside, part
    sections = ("Data", "In short", "Measures", "Intended use", "Limits", "How it was made")
    assert [x for x in outside.splitlines() if "#" in x] == [
        "# digits: jmvae_kl",
        *(f"## {x}" for x in sections),
    ]
    tables = [x.count("|") for x in outside.splitlines() if x.startswith("|")]
    assert set(tables) == {4, 7}


@pytest.mark.parametrize("of_label", [{"mean": "a", "standard_error": []}, {"mean": 1e999}, 3])
def test_damaged_files_of_a_run_do_not_keep_its_model_from_a_card(run, tmp_path, of_label):
    damaged = {**METRICS, "generated_label_accuracy": of_label, "notes": 3, "protocol": []}
    run[0].metrics_file.write_text(json.dumps(damaged))
    run[0].history_file.write_bytes(b"\xff\x00epoch")
    assert "| `majority_accuracy` |" in card_of(run, tmp_path)


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
