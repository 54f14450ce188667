"""Data of more than two modalities, from bin/train to an export and a figure of each kind."""

import gzip

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.clients.loaded_export import LoadedExport
from jmvae_tf.data import mnist, registry
from jmvae_tf.data.pipelines import whole_part
from jmvae_tf.demo.any_subset import AnySubset
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.randomness import root_seed
from jmvae_tf.settings import settings_of
from jmvae_tf.training.build import make_model
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers import idx_files
from tests.helpers.pictures import read_picture
from tests.helpers.programs import mistake, start, succeed

DATA = ("mnist_words", "polydigits")

SMALL = ("--epochs=1", "--warmup_epochs=0", "--batch_size=8", "--latent_dim=4", "--run=run")


@pytest.fixture(scope="module")
def digits_dir(tmp_path_factory):
    """A folder with small idx files."""
    folder = tmp_path_factory.mktemp("digits")
    for name, array in idx_files.arrays(
        np.random.default_rng(0), num_train=40, num_test=20
    ).items():
        (folder / name).write_bytes(gzip.compress(idx_files.idx(array)))
    return folder


def _first_bound(name, model, folder):
    settings = settings_of(model, name, {"batch_size": 4, "latent_dim": 3})
    data = registry.load(name, folder, settings.data_options)
    made = make_model(settings, data)
    batch = whole_part(data, "test", number=4)
    examples = {key: batch[key] for key in made.modalities}
    return settings, made, made.bound(examples, root_seed(0))


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_a_preset_makes_a_model_of_all_modalities(digits_dir, name):
    settings, model, bound = _first_bound(name, "jmvae_kl", digits_dir)
    assert np.isfinite(bound.value).all()
    # The size of the largest modality over its own, of a text the number of its places.
    sizes = {
        x.name: x.event_shape[0] if x.kind == "text" else np.prod(x.event_shape)
        for x in model.modalities.values()
    }
    for modality, size in sizes.items():
        assert settings.likelihood_weights[modality] == pytest.approx(max(sizes.values()) / size)


@pytest.mark.slow
@pytest.mark.parametrize("model", PLAIN_MODELS)
@pytest.mark.parametrize("name", DATA)
def test_a_preset_makes_every_model(digits_dir, name, model):
    _, _, bound = _first_bound(name, model, digits_dir)
    assert np.isfinite(bound.value).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_bin_train_to_a_page(tmp_path, digits_dir, name):
    said = succeed(tmp_path, "train", f"--data={name}", f"--data_dir={digits_dir}", *SMALL)
    assert "Verdict: " in said
    run = RunFolder(tmp_path / "run")
    settings = settings_of("jmvae_kl", name, {})
    names = list(settings.decoders)
    images = [x for x in names if x not in ("label", "word")]
    metrics = run.metrics_file.read_text()
    figures = {x.name for x in run.figures.iterdir()}
    for image in images:
        assert f"label_to_{image}_log_likelihood" in metrics
        assert f"{image}_to_label_log_likelihood" in metrics
    for kind in ("latent_map", "reconstructions", "prior_samples", "walk"):
        assert sum(figure.startswith(kind) for figure in figures) == len(images)
    shown = {"label_coherence", "word_label_label_coherence"}
    if len(images) > 1:
        shown = {f"{image}_label_label_coherence" for image in images}
    for metric in shown:
        assert f'"{metric}"' in metrics
    folder = tmp_path / "saved_models" / f"{name}-jmvae_kl" / "1"
    exported = tf.saved_model.load(folder)
    pairs = {f"{given}_to_{target}" for given in names for target in names if given != target}
    assert pairs < set(exported.signatures)
    generated = exported.signatures[f"label_to_{images[-1]}"](label=tf.one_hot([3, 7], 10))
    values = generated[images[-1]].numpy()
    assert values.shape == (2, 28, 28, 3 if len(images) > 1 else 1)
    assert ((values >= 0) & (values <= 1)).all()
    succeed(
        tmp_path, "evaluate", "--run=run", "--num_importance_samples=2", "--num_prior_samples=2"
    )
    assert "log_p_label_multiple" in run.metrics_file.read_text()
    given = "word=seven" if "word" in names else "label=7"
    for program, of in (("generate", "--run=run"), ("query", f"--saved_model={folder}")):
        printed = succeed(tmp_path, program, of, f"--given={given}", f"--out={program}.png")
        drawn = [tmp_path / x for x in printed.splitlines() if x.endswith(".png")]
        assert len(drawn) == len(images) == len({*drawn})
        for path in drawn:
            assert read_picture(path).std() > 0
        assert ("label: likeliest " in printed) == (given != "label=7")
    succeed(tmp_path, "export", "--run=run")
    assert (folder.parent / "2" / "saved_model.pb").exists()
    asked = AnySubset(LoadedExport(folder))
    assert asked.targets_of({"label": np.eye(10, dtype="f")[7]}) == [
        x for x in names if x != "label"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", DATA)
def test_without_files_of_mnist_bin_train_says_what_to_fetch(tmp_path, digits_dir, name):
    (tmp_path / mnist.FILES["train-labels"]).write_bytes(b"")
    done = start(tmp_path, "train", f"--data={name}", f"--data_dir={tmp_path}", *SMALL)
    assert "MNIST is four idx files; received" in mistake(done)
    assert not (tmp_path / "run").exists()
