"""The mixture of a run: fitted by the programs, kept beside the checkpoint, sampled from."""

import dataclasses
import re

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.data import digits
from jmvae_tf.data.hidden import with_hidden
from jmvae_tf.models.latent_mixture_file import read_latent_mixture
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.given_flags import GivenFlags
from jmvae_tf.programs.tasks import generation, run_mixture
from jmvae_tf.programs.tasks.run_mixture import mixture_of, sampled_mixture
from jmvae_tf.reporting.mixtures import mixture_if_possible, mixture_of_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import MIXTURE_FILE, RunFolder
from tests.helpers.programs import mistake, start, succeed

EPOCH = "epoch-000001.keras"


def make_run(path, model="jmvae_kl"):
    """Makes a run that has learned nothing."""
    overrides = {"latent_dim": 2, "epochs": 1, "jit_compile": False}
    target = {"target": "image"} if model == "cvae" else {}
    settings = settings_of(model, "digits", {**overrides, **target})
    run = RunFolder(path)
    run.checkpoints.mkdir(parents=True)
    run.write_config(settings)
    made = make_model(settings, digits.load(path, "paper"))
    made.optimizer.build(made.trainable_variables)
    made.save(run.checkpoint_of(1))
    return choose_run(str(path), None), made


def file_of(chosen):
    return chosen.folder.checkpoints / MIXTURE_FILE


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


def test_it_is_fitted_once_and_kept(run, capsys):
    chosen, model = run
    fitted = mixture_of(chosen, model)
    assert capsys.readouterr().out == "fitting a mixture of Gaussians to the latent space\n"
    assert (fitted.checkpoint, len(fitted.weights), fitted.latent_dim) == (EPOCH, 10, 2)
    kept = mixture_of(chosen, model)
    assert capsys.readouterr().out == ""
    for name in ("weights", "means", "factors"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(fitted, name))
    assert read_latent_mixture(file_of(chosen), 2).num_examples == fitted.num_examples
    assert mixture_of_run(model, chosen.folder, "epoch-000002.keras") is None


def test_a_model_without_a_prior_draws_from_it(run, monkeypatch):
    chosen, model = run
    assert sampled_mixture(chosen, model, None) is None
    monkeypatch.setattr(type(model), "has_prior", False)
    assert sampled_mixture(chosen, model, "prior") is None
    assert sampled_mixture(chosen, model, None).checkpoint == EPOCH


def test_another_run_in_its_place_has_none(run):
    chosen, model = run
    mixture_of(chosen, model)
    chosen.folder.start(chosen.settings)
    assert not file_of(chosen).exists()


def test_what_is_generated_is_of_its_z(run, tmp_path, capsys):
    chosen, model = run
    mixture = mixture_of(chosen, model)
    capsys.readouterr()
    out = tmp_path / "drawn.png"
    trained = generation.TrainedModel(model, {})
    generation.generate(trained, GivenFlags((), ()), 6, 3, out, mixture)
    likeliest = np.argmax(mixture.generate(model, "label", 6, 3), axis=1)
    assert capsys.readouterr().out.splitlines() == [
        str(out),
        f"label: likeliest {' '.join(map(str, likeliest))}",
    ]


def test_a_model_with_conditions_has_none(tmp_path):
    chosen, model = make_run(tmp_path / "run", "cvae")
    with pytest.raises(UserError, match=r"received one that needs label; leave --sampler out"):
        mixture_of(chosen, model)
    data = digits.load(tmp_path, "paper")
    assert mixture_if_possible(model, data, chosen.folder, EPOCH) is None
    assert not file_of(chosen).exists()


def test_too_few_examples_are_said_to_be(run, capsys):
    chosen, model = run
    data = digits.load(chosen.folder.path, "paper")
    few = dataclasses.replace(data, train={name: x[:29] for name, x in data.train.items()})
    assert mixture_if_possible(model, few, chosen.folder, EPOCH) is None
    assert "note: no samples of a mixture are measured: A mixture of 10" in capsys.readouterr().out
    assert not file_of(chosen).exists()


def test_what_to_do_without_one_depends_on_the_model(run, monkeypatch):
    """A model without p(z) draws from a mixture whatever --sampler says."""
    chosen, model = run

    def refused(*_):
        raise ValueError("A mixture needs 30 examples. Received: 29")

    monkeypatch.setattr(run_mixture, "fit_mixture_of_run", refused)
    monkeypatch.setattr(run_mixture.run_data, "load_for", lambda *_: None)
    for has_prior, remedy in ((True, "leave --sampler out"), (False, "give a modality, with --g")):
        monkeypatch.setattr(type(model), "has_prior", has_prior)
        with pytest.raises(UserError) as raised:
            mixture_of(chosen, model)
        assert f"A mixture needs 30 examples; received 29; {remedy}" in str(raised.value)


def test_examples_with_gaps_do_not_take_the_place_of_whole_ones(run, monkeypatch):
    chosen, model = run
    monkeypatch.setattr("jmvae_tf.reporting.mixtures.MOST_FITTED_TO", 40)
    data = with_hidden(digits.load(chosen.folder.path, "paper"), 0.5)
    mixture = mixture_if_possible(model, data, chosen.folder, EPOCH)
    assert mixture.num_examples == np.all([*data.observed("train").values()], axis=0).sum() > 40


@pytest.mark.slow
def test_programs_fit_sample_and_export_it(run, tmp_path):
    chosen, _ = run
    printed = succeed(
        tmp_path, "generate", "--run=run", "--sampler=mixture", "--num_samples=5", "--out=a.png"
    )
    assert re.fullmatch(r"fitting .*\na.png\nlabel: likeliest( \d){5}\n", printed)
    assert (tmp_path / "a.png").is_file()
    written = file_of(chosen).read_bytes()
    succeed(tmp_path, "export", "--run=run")
    [version] = (tmp_path / "saved_models" / "digits-jmvae_kl").iterdir()
    sample = tf.saved_model.load(version).signatures["sample_label"]
    model = load_checkpoint(chosen.checkpoint, chosen.folder)
    mixture = read_latent_mixture(file_of(chosen), 2)
    label = sample(seed=tf.constant([4, 5]))["label"]
    expected = mixture.generate(model, "label", 2, tf.constant([[4, 0], [5, 0]]))
    np.testing.assert_allclose(label, expected, atol=1e-6)
    quick = ("--num_samples=2", "--num_importance_samples=2", "--num_examples=20")
    succeed(tmp_path, "evaluate", "--run=run", *quick)
    assert "joint_coherence_mixture" in chosen.folder.metrics_file.read_text()
    assert file_of(chosen).read_bytes() == written, "the same seed fits the same"


@pytest.mark.parametrize(
    "other",
    [
        "--label=3",
        *(pytest.param(x, marks=pytest.mark.slow) for x in ("--given=label=3", "--walk=label=3")),
    ],
)
def test_a_sampler_is_for_nothing_given(run, tmp_path, other):
    told = mistake(start(tmp_path, "generate", "--run=run", "--sampler=mixture", other))
    assert "A mixture stands in for the prior" in told
