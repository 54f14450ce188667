"""Measures that are taken once."""

import json

import pytest

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.reproduction import measures
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import write_json
from tests.helpers.reproductions import JMVAE, assert_equal


@pytest.mark.slow
def test_measures_are_taken_once_of_one_checkpoint(copied, capsys):
    taken = []

    def measure(model):
        taken.append(type(model).__name__)
        return {"answer": {"mean": 1.5, "standard_error": 0.25}}

    path = copied.folder(JMVAE).path / "measures" / "some.json"
    for number, of in enumerate([{"seed": 0}, {"seed": 0}, {"seed": 1}, {"seed": 1}]):
        found = copied.remembered(JMVAE, "some", of, measure)
        assert found == {"answer": {"mean": 1.5, "standard_error": 0.25}}
        assert len(taken) == number // 2 + 1, "again for another protocol alone"
    assert f"some read from {path}" in capsys.readouterr().out
    path.write_text('{"of": {}')
    copied.remembered(JMVAE, "some", {"seed": 1}, measure)
    assert taken == ["JMVAE"] * 3, "a damaged file is no answer"


TAKEN = {
    "estimate": {"mean": 1.5, "standard_error": 0.25},
    "of one example": {"mean": 1.5, "standard_error": None},
    "too few samples": {"mean": 0.5, "standard_error": 0.25, "too_few_samples": True},
    "of some examples": {"mean": 0.5, "standard_error": 0.25, "examples": 40},
    "number": 3,
    "share": 0.5,
    "notes": ["something was left out"],
}


def test_measures_of_all_kinds_are_remembered(copied):
    for _ in range(2):
        taken = []
        found = copied.remembered(JMVAE, "all", {}, lambda model: taken.append(model) or TAKEN)  # noqa: B023
        assert found == TAKEN
    assert not taken, "they were read"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("number", 10**400),
        ("number", True),
        ("number", None),
        ("number", "\x1b[2J"),
        ("number", [1]),
        ("estimate", {"mean": 1.5}),
        ("estimate", {"mean": None, "standard_error": 0.25}),
        ("estimate", {"mean": 1.5, "standard_error": 10**400}),
        ("estimate", {"mean": 1.5, "standard_error": 0.25, "too_few_samples": "no"}),
        ("estimate", {"mean": 1.5, "standard_error": 0.25, "examples": "40"}),
        ("estimate", {"mean": 1.5, "standard_error": 0.25, "more": 1}),
        ("notes", "one"),
        ("notes", [{}]),
    ],
)
def test_measures_that_are_none_are_taken_again(copied, monkeypatch, name, value):
    monkeypatch.setattr(copied, "trained", lambda recipe: None)
    write_json(
        copied.folder(JMVAE).path / "measures" / "all.json",
        {"of": {"epoch": 2, "protocol": 1}, "measures": {**TAKEN, name: value}},
    )
    assert copied.remembered(JMVAE, "all", {}, lambda model: {"answer": 3}) == {"answer": 3}


def test_measures_that_lack_one(runs, monkeypatch):
    monkeypatch.setattr(runs, "remembered", lambda *arguments: TAKEN)
    found = measures.by_rounds(runs, JMVAE, 1)
    assert found["number"] == 3
    assert found.get("label_to_image") is None
    with pytest.raises(UserError, match="received some without label_to_image; delete the run's"):
        found["label_to_image"]


@pytest.mark.slow
def test_a_release_keeps_measures_and_another_protocol_does_not(copied, monkeypatch):
    taken = []
    monkeypatch.setattr(copied, "trained", lambda recipe: None)

    def measured() -> int:
        copied.remembered(JMVAE, "kept", {"seed": 0}, lambda model: taken.append(1) or {})
        return len(taken)

    assert measured() == 1
    path = copied.folder(JMVAE).path / "measures" / "kept.json"
    file = json.loads(path.read_text())
    assert file["of"] == {"seed": 0, "epoch": 2, "protocol": 1}
    del file["of"]["protocol"]
    path.write_text(json.dumps({**file, "of": {**file["of"], "jmvae_tf": "0.3.0"}}))
    assert measured() == 1, "what version 0.3.0 wrote is of the first protocol"
    path.write_text(json.dumps({**file, "of": {**file["of"], "jmvae_tf": "0.2.0"}}))
    assert measured() == 2
    monkeypatch.setattr("jmvae_tf.reproduction.runs.PROTOCOL", 2)
    assert measured() == 3
    assert measured() == 3


@pytest.mark.slow
def test_measures_are_of_the_last_epoch(runs, copied):
    copied.remembered(JMVAE, "some", {}, lambda model: {})
    copied.folder(JMVAE).newest_checkpoint().unlink()
    copied.remembered(JMVAE, "some", {}, lambda model: {})
    assert_equal(copied.trained(JMVAE), runs.trained(JMVAE))


def test_a_run_is_measured_by_everything_it_has(runs, capsys):
    found = measures.generation(runs, JMVAE)
    assert {
        "label_to_image_log_likelihood",
        "image_to_label_log_likelihood",
        "label_to_image_log_mean_exp",
        "label_coherence",
        "classifier_accuracy",
        "label_diversity",
        "generated_label_accuracy",
    } <= set(found)
    assert isinstance(found["label_to_image_log_likelihood"], Estimate)
    assert not [name for name in found if name.startswith("log_p_")], "no importance weights"
    told = capsys.readouterr().out
    assert "40 test examples, mean ± standard error" in told
    assert measures.generation(runs, JMVAE) == found
    assert "generation read from" in capsys.readouterr().out


def test_measures_of_earlier_versions_have_todays_names(copied, monkeypatch):
    wrote = {"label_to_image_eq5": {"mean": -1.0, "standard_error": 0.5}, "active": 2}
    monkeypatch.setattr(copied, "remembered", lambda *arguments: wrote)
    found = measures.generation(copied, JMVAE)
    assert found == {"label_to_image_log_likelihood": Estimate(-1.0, 0.5), "active": 2}


@pytest.mark.slow
def test_jmvae_zero_is_jmvae_with_zeros(runs, monkeypatch):
    seen = []

    def evaluate(model, examples, protocol, mixture):
        seen.append((model.missing, model.num_rounds, protocol, len(examples.test["image"])))
        return []

    monkeypatch.setattr(measures.metrics_file, "evaluate", evaluate)
    monkeypatch.setattr(measures, "metrics_as_text", lambda sections: "")
    measures.likelihoods(runs, JMVAE, measures.ZEROS)
    measures.likelihoods(runs, JMVAE)
    [zeros, noise] = seen
    assert zeros[:2] == ("zeros", 1)
    assert noise[:2] == ("noise", 10)
    for _, _, protocol, number in seen:
        assert (protocol.num_importance_samples, protocol.num_prior_samples, number) == (10, 20, 20)
