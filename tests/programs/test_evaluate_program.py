"""Tests of bin/evaluate as users meet it: a process of its own."""

import json
import pathlib
import re
import shutil

import pytest

from jmvae_tf.data import digits
from jmvae_tf.export_format.training_summary import SUMMARY_FILE
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.run_folder import RunFolder, table_beside
from jmvae_tf.training.train import train
from tests.helpers.folders import contents
from tests.helpers.printed_metrics import is_printed
from tests.helpers.programs import mistake, start, succeed

QUICK = (
    "--num_samples=3",
    "--num_importance_samples=30",
    "--num_prior_samples=50",
    "--num_examples=40",
)
NETWORKS = {
    "joint_encoder": "(D8R, D8R)",
    "decoders": {"image": "D8R", "label": "D8R"},
}
ENCODERS = {"encoders": {"image": "D8R", "label": "D8R"}}
# Run to model and settings; the first is trained for an epoch, the others are new.
RUNS = {
    "jmvae_kl": ("jmvae_kl", {"latent_dim": 2, **ENCODERS}),
    "wider": ("jmvae_kl", {"latent_dim": 3, **ENCODERS}),
    "jmvae_h": ("jmvae_h", {"latent_dim": 2, "layer_encoder": "D8R", "layer_prior": "D8R"}),
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with `RUNS`; to be read only."""
    path = tmp_path_factory.mktemp("runs")
    data = digits.load(path, "paper")
    for name, (kind, options) in RUNS.items():
        usual = {"epochs": 1, "warmup_epochs": 0, "checkpoint_every": 1, "jit_compile": False}
        usual["batch_size"] = 1000
        settings = settings_of(kind, "digits", {**NETWORKS, **usual, **options})
        folder = RunFolder(path / name)
        folder.checkpoints.mkdir(parents=True)
        folder.write_config(settings)
        model = make_model(settings, data)
        if name == next(iter(RUNS)):
            model.run_eagerly = True  # One step is not worth a trace.
            train(model, settings, data, folder)
        else:
            model.optimizer.build(model.trainable_variables)
            model.save(folder.checkpoint_of(1))
    return path


@pytest.fixture
def copied(trained, tmp_path):
    """A copy of the runs, to be worked on in `tmp_path`."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def evaluate(
    folder: pathlib.Path, run: str, *arguments: str, summarised: bool = True
) -> tuple[str, str]:
    """What is printed, and what is written and must be the only thing to be written."""
    before = contents(folder)
    printed = succeed(folder, "evaluate", f"--run={run}", *arguments)
    after = contents(folder)
    figures = {f"{run}/figures", f"{run}/figures/reconstructions.png"}
    names = ("metrics_table.txt", SUMMARY_FILE, "checkpoints/latent_mixture.json")
    beside = {f"{run}/{name}" for name in names if summarised or name != SUMMARY_FILE}
    written = {f"{run}/metrics.json"} | figures | beside
    assert {name for name in after if after[name] != before.get(name)} <= written
    assert after.keys() == {*before, *written}
    return printed, after[f"{run}/metrics.json"].decode()


def table_of(folder: pathlib.Path, run: str) -> str:
    """The table that was written beside the metrics of a run."""
    return table_beside(folder / run / "metrics.json").read_text()


def read(text: str) -> dict:
    """JSON as the standard has it, without NaN and Infinity."""

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_table_and_file_have_every_figure(copied):
    printed, written = evaluate(copied, "jmvae_kl", *QUICK, "--seed=7")
    metrics = read(written)
    assert metrics.pop("protocol") == {
        "num_samples": 3,
        "num_importance_samples": 30,
        "num_prior_samples": 50,
        "seed": 7,
        "num_examples": 40,
    }
    assert metrics.pop("checkpoint") == "epoch-000001.keras"
    assert metrics.pop("data")["examples"]["test"] == 299
    assert {"log_p_joint_multiple", "log_p_image_given_label_single"} <= metrics.keys()
    assert "label_to_image_log_likelihood" in metrics
    table = table_of(copied, "jmvae_kl")
    lines = table.splitlines()
    assert lines[0] == "40 test examples, mean ± standard error"
    assert "Importance-weighted log-likelihoods, k = 30, nats" in lines
    assert all(f" note: {note}" in " ".join(table.split()) for note in metrics.pop("notes"))
    assert all(is_printed(metric, table) for metric in metrics.values())
    assert lines[2] not in printed
    check_summary(printed)


def check_summary(printed: str) -> None:
    """Checks what is printed last: a few lines, and the commands that come next."""
    lines = printed[printed.index("jmvae_kl on digits, 1 epoch, 40 test examples:") :].splitlines()
    said = {line.partition(":")[0] for line in lines}  # The best first, which may be either.
    assert {"  Reads label from image", "  Draws image from label"} <= said
    assert "\n  Verdict: " in printed
    assert "\n  Next: " in printed
    assert len(lines) < 25
    assert max(map(len, lines)) <= 80
    expected = {
        "all metrics        jmvae_kl/metrics_table.txt",
        "as JSON            jmvae_kl/metrics.json",
        "draw from nothing  bin/generate --run=jmvae_kl --sampler=mixture",
        "export             bin/export --run=jmvae_kl",
    }
    assert expected <= set(lines)


@pytest.mark.slow
def test_the_table_is_printed_if_asked_for(copied):
    printed, _ = evaluate(copied, "jmvae_kl", *QUICK, "--verbose")
    table = table_of(copied, "jmvae_kl")
    check_summary(printed[printed.index(table) + len(table) :])


@pytest.mark.slow
def test_the_seed_gives_the_same_to_the_last_bit(copied):
    first, again = (evaluate(copied, "jmvae_kl", *QUICK, "--seed=7") for _ in range(2))
    assert first == again


@pytest.mark.slow
def test_a_quick_look_and_a_resume_leave_what_was_measured(copied):
    """The program that trains writes fewer figures than the one that evaluates."""
    _, measured = evaluate(copied, "jmvae_kl", *QUICK)
    succeed(copied, "evaluate", "--run=jmvae_kl", *QUICK, "--num_samples=2", "--out=look.json")
    assert read((copied / "look.json").read_text())["protocol"]["num_samples"] == 2
    assert (copied / "jmvae_kl" / "metrics.json").read_text() == measured
    succeed(copied, "train", "--resume", "--run=jmvae_kl")
    assert (copied / "jmvae_kl" / "metrics.json").read_text() == measured
    succeed(copied, "train", "--resume", "--run=jmvae_kl", "--epochs=2")
    trained = read((copied / "jmvae_kl" / "metrics.json").read_text())
    assert trained["checkpoint"] == "epoch-000002.keras"
    assert "log_p_joint_multiple" not in trained


@pytest.mark.slow
def test_another_seed_and_more_examples_than_there_are(copied):
    printed, written = evaluate(copied, "jmvae_kl", *QUICK, "--checkpoint=best", "--seed=7")
    other, others = evaluate(
        copied, "jmvae_kl", *QUICK, "--checkpoint=best", "--seed=8", "--num_examples=100000"
    )
    assert ", 40 test examples:\n" in printed
    assert ", 299 test examples:\n" in other
    metrics, more = read(written), read(others)
    assert metrics["checkpoint"] == more["checkpoint"] == "epoch-000001.keras"  # The best one's.
    assert (metrics["protocol"]["num_examples"], more["protocol"]["num_examples"]) == (40, 299)
    assert metrics["bound"] != more["bound"]


@pytest.mark.slow
def test_inference_of_what_is_missing_can_be_chosen(copied):
    """On as few examples as there can be, among which most labels are missing.

    An export infers as the run's settings say, so nothing is written for it.
    """
    flags = (*QUICK, "--num_examples=2", "--missing=zeros", "--num_rounds=2", "--feed_back=means")
    _, written = evaluate(copied, "jmvae_h", *flags, summarised=False)
    metrics = read(written)
    assert (metrics["missing"], metrics["num_rounds"], metrics["feed_back"]) == (
        "zeros",
        2,
        "means",
    )
    table = table_of(copied, "jmvae_h")
    assert re.search(r"^  label → image, Eq\. 6, N = 3 ", table, flags=re.MULTILINE)
    assert "label_to_image_log_likelihood" in metrics


# Mistakes: one line, exit status 1, nothing written or lost. Those that need no TensorFlow first.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "runs/digits-jmvae_kl, which does not; name the folder of a run"),
        (["--run=none"], "received none, which does not; did you mean --run="),
        (["--run=thesis"], "received thesis, which does not; did you mean --run="),
        (["--run=thesis/thesis.tex"], "thesis.tex, which does not;"),
        (["--run=jmvae_kl", "--checkpoint=none.keras"], "--checkpoint=none.keras for jmvae_kl;"),
        *(
            ([f"--{flag}={value}", "--run=jmvae_kl"], f"at least {least}{why}; received --{flag}=")
            for flag, value, least, why in (
                ("num_samples", 0, 1, ""),
                ("num_importance_samples", 0, 1, ""),
                ("num_importance_samples", -1000, 1, ""),
                ("num_prior_samples", 0, 1, ""),
                ("num_examples", 1, 2, ", for a standard error"),
            )
        ),
        (["--run=jmvae_kl", "--seed=-1"], "--seed must be from 0 to 2147483647;"),
        (["--run=jmvae_kl", "--num_samples=many"], "--num_samples=many"),
        (["--run=jmvae_kl", "--num_sample=5"], "did you mean --num_samples?"),
        (["jmvae_kl"], "received jmvae_kl;"),
    ],
)
def test_mistake_in_the_flags(trained, tmp_path, arguments, told):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("years of work")
    shutil.copytree(trained / "jmvae_kl", tmp_path / "jmvae_kl")
    before = contents(tmp_path)
    done = start(tmp_path, "evaluate", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert contents(tmp_path) == before


WIDER = "wider/checkpoints/epoch-000001.keras"
OF_JMVAE_H = "jmvae_h/checkpoints/epoch-000001.keras"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(
            ["--run=damaged"],
            "received damaged/checkpoints/epoch-000001.keras: damaged: File is not a zip file;",
            marks=pytest.mark.slow,
        ),
        (
            ["--run=jmvae_kl", f"--checkpoint={OF_JMVAE_H}"],
            f"received {OF_JMVAE_H}: model jmvae_h, not jmvae_kl;",
        ),
        pytest.param(
            ["--run=jmvae_kl", f"--checkpoint={WIDER}"],
            f"received {WIDER}: latent_dim 3, not 2; use a checkpoint of this run",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["--run=jmvae_kl", "--num_rounds=3"],
            "received --num_rounds=3; leave it out",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["--run=jmvae_h", "--num_rounds=0"],
            "--num_rounds must be from 1 to 2147483647; received --num_rounds=0;",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ["--run=jmvae_h", "--missing=zero"],
            "received --missing=zero; did you mean zeros?",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_mistake_about_a_model(copied, arguments, told):
    damaged = RunFolder(copied / "damaged")
    shutil.copytree(copied / "jmvae_kl", damaged.path)
    checkpoint = damaged.newest_checkpoint()
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    before = contents(copied)
    done = start(copied, "evaluate", *arguments)
    assert told in mistake(done)
    assert done.stdout == ""
    assert contents(copied) == before
