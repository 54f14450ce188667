"""The commands at the end of a training can be typed as they stand."""

import json
import shlex

import pytest

from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.reporting.last_lines import last_lines, last_lines_of_evaluation
from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.small_models import small_model

RISING = [{"epoch": epoch, "validation_bound": float(epoch)} for epoch in (1, 2, 3)]


def run_of(tmp_path, model="jmvae_kl", history=RISING, **overrides):
    """Makes a run in a folder whose name needs quotes; returns the first arguments of lines."""
    settings = settings_of(model, "digits", {"epochs": 3, "warmup_epochs": 0, **overrides})
    folder = RunFolder(tmp_path / "my run")
    folder.start(settings, digit_modalities(8))
    folder.write_history(history)
    metrics = {
        "protocol": {"num_examples": 299},
        "generated_label_accuracy": {"mean": 0.9871, "standard_error": 0.01},
        "majority_accuracy": {"mean": 0.1, "standard_error": 0.01},
    }
    folder.metrics_file.write_text(json.dumps(metrics))
    return folder, settings, small_model(model.removesuffix("_gan"), digit_modalities(8)), 1199


def lines_of(tmp_path, *arguments, **overrides):
    """Returns the lines of a training."""
    exported = tmp_path / "saved" / "digits" / "3"
    return last_lines(*run_of(tmp_path, *arguments, **overrides), exported).splitlines()


def commands(lines):
    return [shlex.split(line[line.index("bin/") :]) for line in lines if "  bin/" in line]


def test_each_command_is_of_the_run(tmp_path):
    lines = lines_of(tmp_path)
    assert lines[1] == "jmvae_kl on digits, 3 epochs, 299 test examples:"
    assert "  Reads label from image: 98.7% right, always guessing the commonest 10.0%." in lines
    run = f"--run={tmp_path}/my run"
    assert commands(lines) == [
        ["bin/generate", run, "--given=label=9"],
        ["bin/demo", f"--saved_model={tmp_path}/saved/digits/3"],
        ["bin/evaluate", run],
        ["bin/train", run, "--resume", "--epochs=6"],
    ]


def test_one_epoch_is_no_plural(tmp_path):
    lines = lines_of(tmp_path, history=RISING[:1])
    assert lines[1] == "jmvae_kl on digits, 1 epoch, 299 test examples:"


def test_a_run_whose_rate_has_decayed_is_repeated(tmp_path):
    lines = lines_of(tmp_path, decay_epochs=3)
    assert commands(lines)[-1] == [
        "bin/train",
        f"--config={tmp_path}/my run/config.json",
        "--epochs=6",
        "--decay_epochs=6",
        f"--run={tmp_path}/my run-2",
    ]


@pytest.mark.parametrize(("model", "given"), [("cvae", ["--given=label=9"]), ("vae", [])])
def test_models_of_one_direction(tmp_path, model, given):
    target = {"target": "image"}
    lines = lines_of(tmp_path, model, **target)
    assert commands(lines)[0][2:] == given


@pytest.mark.parametrize("has_mixture", [True, False])
def test_an_evaluation_is_of_its_own_file_and_checkpoint(tmp_path, has_mixture):
    run = run_of(tmp_path)
    metrics = json.loads(run[0].metrics_file.read_text())
    out = tmp_path / "quick.json"
    out.write_text(json.dumps({**metrics, "checkpoint": "epoch-000002.keras"}))
    lines = last_lines_of_evaluation(*run, out, has_mixture).splitlines()
    assert lines[1] == "jmvae_kl on digits, epoch 2 of 3, 299 test examples:"
    written = {line.partition("  ")[0]: line.split()[-1] for line in lines if str(tmp_path) in line}
    assert written["all metrics"] == f"{tmp_path}/quick_table.txt"
    assert written["as JSON"] == f"{out}"
    folder = f"--run={tmp_path}/my run"
    sampled = [["bin/generate", folder, "--sampler=mixture"]] if has_mixture else []
    assert commands(lines) == [
        ["bin/generate", folder, "--given=label=9"],
        *sampled,
        ["bin/demo", folder],
        ["bin/export", folder],
        ["bin/train", folder, "--resume", "--epochs=6"],
    ]
