"""Model files of strangers: read with limits, nothing in them runs, and no NaN is served."""

import io
import json
import math
import os
import warnings
import zipfile

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from jmvae_tf.data.handwritten import digit_modalities
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.likelihoods import Bernoulli, Gaussian, Likelihood
from jmvae_tf.modalities import Modality
from jmvae_tf.models.loading import load_model
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.settings import settings_of
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.small_models import small_model

CONFIG, WEIGHTS = "config.json", "model.weights.h5"


@pytest.fixture(scope="module")
def model():
    """A model with batch normalisation, and so with weights that are not trained."""
    return small_model("jmvae_kl", digit_modalities(8), body="D8BR")


@pytest.fixture(scope="module")
def content(model, tmp_path_factory):
    """What a whole file holds."""
    path = tmp_path_factory.mktemp("model") / "model.keras"
    model.save(path)
    return path.read_bytes()


@pytest.fixture
def path(content, tmp_path):
    """A whole file."""
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    return path


@pytest.fixture
def loaded(path, tmp_path):
    """Loads the file as programs do that use a run."""
    networks = {"encoders": {"image": "D8BR", "label": "D8BR"}}
    networks["decoders"] = networks["encoders"]
    overrides = {"latent_dim": 3, "joint_encoder": "(D8BR, D8BR)", **networks}
    settings = settings_of("jmvae_kl", "digits", overrides)
    folder = RunFolder(tmp_path / "run")
    folder.start(settings, digit_modalities(8))
    return lambda: load_checkpoint(path, folder)


def rewrite(path, replaced, compression=zipfile.ZIP_STORED):
    """Writes an archive again with other contents of some entries; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()} | replaced
    with (
        warnings.catch_warnings(),
        zipfile.ZipFile(path, "w", compression, compresslevel=1) as archive,
    ):
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)


def config_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read(CONFIG))


def a_pipe(path):
    path.unlink()
    os.mkfifo(path)


def a_folder(path):
    path.unlink()
    path.mkdir()
    (path / CONFIG).write_text("{}")


def endless(path):
    path.unlink()
    path.symlink_to("/dev/zero")


def truncated(path):
    path.write_bytes(path.read_bytes()[:-1000])


def large_sparse(path):
    with path.open("ab") as file:
        file.truncate(1 << 33)


def large_config(path):
    rewrite(path, {CONFIG: json.dumps({"a": "x" * (1 << 25)})}, zipfile.ZIP_DEFLATED)


def deep_config(path):
    rewrite(path, {CONFIG: "[" * 100_000})


def bomb(path):
    rewrite(path, {"assets/nothing": bytes(1 << 28)}, zipfile.ZIP_DEFLATED)


def bomb_of_weights(path):
    """A data set that says that it is large, and was never written."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_dataset("layers/0", (1 << 30,), "float32", chunks=(1 << 20,))
    rewrite(path, {WEIGHTS: buffer.getvalue()})


def no_weights(path):
    rewrite(path, {WEIGHTS: None})


def no_config(path):
    rewrite(path, {CONFIG: None})


def bad_weights(path):
    rewrite(path, {WEIGHTS: b"\x1b[2J" * 100})


def no_json(path):
    rewrite(path, {CONFIG: b"\xff\xfe{"})


def a_list(path):
    rewrite(path, {CONFIG: "[]"})


def another_model(path):
    dense = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    dense.save(path)


def a_lambda(path):
    """Keras would run what it holds if it were told that it is safe."""
    code = keras.layers.Lambda(lambda x: x)
    serialized = keras.saving.serialize_keras_object(code)
    config = config_of(path)
    config["config"]["joint_encoder"] = serialized
    rewrite(path, {CONFIG: json.dumps(config)})


def a_module(path):
    config = config_of(path)
    thing = {"module": "os", "class_name": "system", "config": {}, "registered_name": None}
    config["config"]["joint_encoder"] = thing
    rewrite(path, {CONFIG: json.dumps(config)})


def unknown_argument(path):
    config = config_of(path)
    config["config"]["wings"] = "\x1b[2J" * 100_000
    rewrite(path, {CONFIG: json.dumps(config)})


def larger_than_its_weights(path):
    config = config_of(path)
    config["config"]["latent_dim"] = 4
    rewrite(path, {CONFIG: json.dumps(config)})


def many_layers(path):
    config = config_of(path)
    config["config"]["decoders"]["image"] = "-".join(["D8R"] * 20_000)
    rewrite(path, {CONFIG: json.dumps(config)})


def many_values(path):
    rewrite(path, {CONFIG: json.dumps({**config_of(path), "more": [1] * 200_000})})


def a_huge_layer(path):
    config = config_of(path)
    config["config"]["encoders"]["label"] = "D99999999R-D8R"
    rewrite(path, {CONFIG: json.dumps(config)})


def a_huge_latent_variable(path):
    config = config_of(path)
    config["config"]["latent_dim"] = 10**9
    rewrite(path, {CONFIG: json.dumps(config)})


def changed(**values):
    def change(path):
        config = config_of(path)
        for name, value in values.items():
            config["config"][name] = {**config["config"][name], **value}
        rewrite(path, {CONFIG: json.dumps(config)})

    return change


def layer(kind, **config):
    """A layer as a user may give one, in Keras's words."""
    return {
        "module": "keras.layers",
        "class_name": kind,
        "config": config,
        "registered_name": None,
        "build_config": {"input_shape": [None, 10]},
    }


def a_huge_event(path):
    config = config_of(path)
    config["config"]["modalities"]["image"]["config"]["event_shape"] = [100_000, 100_000, 1]
    rewrite(path, {CONFIG: json.dumps(config)})


def many_modalities(path):
    label = config_of(path)["config"]["modalities"]["label"]
    names = [f"label{number}" for number in range(500)]
    changed(
        modalities={name: {**label, "config": {**label["config"], "name": name}} for name in names}
    )(path)


def huge_networks(path):
    """Digits that are none of ASCII's, and layers that are large by other words than units."""
    whole = path.read_bytes()
    for network in (
        "D1９９９９９９９９R-D8BR",
        "D1٩٩٩٩٩٩٩٩R-D8BR",
        layer("Embedding", input_dim=10**7, output_dim=10**5),
        layer("EinsumDense", equation="ab,bc->ac", output_shape=10**9),
    ):
        path.write_bytes(whole)
        changed(encoders={"label": network})(path)
        with pytest.raises(ValueError, match=r"more than the 16777216 weights|is a chain of"):
            load_model(path)


@pytest.mark.parametrize(
    "change",
    [
        a_huge_event,
        many_modalities,
        huge_networks,
        many_layers,
        many_values,
        a_huge_layer,
        a_huge_latent_variable,
        a_pipe,
        a_folder,
        endless,
        truncated,
        large_sparse,
        large_config,
        deep_config,
        bomb,
        bomb_of_weights,
        no_weights,
        no_config,
        bad_weights,
        no_json,
        a_list,
        another_model,
        a_lambda,
        a_module,
        unknown_argument,
        larger_than_its_weights,
    ],
)
def test_a_file_that_is_no_model_is_refused_in_a_line(path, loaded, change):
    change(path)
    with pytest.raises(UserError, match="A checkpoint must be an intact") as error:
        loaded()
    told = str(error.value)
    assert told.isprintable()
    assert len(told) < 1000
    if change not in (a_lambda, a_module, larger_than_its_weights):
        with pytest.raises(
            ValueError, match=r"not |damaged|above |more |expected|Expecting|decode|text"
        ):
            load_model(path)  # Before Keras makes anything of it.


def test_a_file_that_was_packed_again_is_read(path, loaded):
    rewrite(path, {}, zipfile.ZIP_DEFLATED)
    assert loaded().latent_dim == 3


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["trainable_weights", "non_trainable_weights"])
def test_weights_that_are_not_finite_are_not_exported(model, path, loaded, tmp_path, value, part):
    variable = getattr(model, part)[-1]
    before = variable.numpy()
    values = before.copy()
    values[(0,) * values.ndim] = value
    variable.assign(values)
    try:
        message = f"must be finite; received NaN or infinity in .*{variable.name}"
        with pytest.raises(UserError, match=message):
            export_saved_model(model, tmp_path / "saved")
        assert not (tmp_path / "saved").exists()
        model.save(path)
    finally:
        variable.assign(before)
    with pytest.raises(UserError, match="Every weight of a checkpoint must be finite; received"):
        loaded()


# Layers and likelihoods of a user.


class Doubling(keras.layers.Layer):
    """A layer that nobody registered."""

    def call(self, x):
        """Twice the values."""
        return 2 * x


class Coin(Bernoulli):
    """A likelihood that nobody registered."""


def test_own_layers_and_likelihoods_are_given_when_loading(tmp_path):
    modalities = {
        "left": Modality("left", (3,), Coin()),
        "right": Modality("right", (2,), Gaussian(1.0)),
    }
    body = keras.Sequential([Doubling(), keras.layers.Dense(4)])
    model = small_model("jmvae_kl", modalities, encoders={"left": body, "right": "D4R"})
    path = tmp_path / "own.keras"
    model.save(path)
    rule = r"as custom_objects\. Received: .*own\.keras: Could not locate class '(Doubling|Coin)'"
    with pytest.raises(ValueError, match=rule) as refusal:
        load_model(path)
    assert str(refusal.value).isprintable(), "one line"
    with pytest.raises(ValueError, match=r"Received: .*none\.keras: missing, or not a file"):
        load_model(tmp_path / "none.keras")
    loaded = load_model(path, custom_objects={"Doubling": Doubling, "Coin": Coin})
    assert isinstance(loaded.modalities["left"].likelihood, Coin)
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


class Laplace(Likelihood):
    """Real numbers of a distribution that is not this package's."""

    @property
    def support(self):
        return -math.inf, math.inf

    def distribution(self, parameters, event_ndims):
        return tfd.Independent(tfd.Laplace(parameters, 1.0), event_ndims)

    def noise(self, shape, seed):
        return tf.random.stateless_normal(shape, seed)


def test_files_hold_the_statistics_that_they_held_in_version_0_3(tmp_path):
    modalities = {
        "own": Modality("own", (3,), Laplace()),
        "scaled": Modality("scaled", (3,), Laplace(), standardised=True),
        "gaussian": Modality("gaussian", (2,), Gaussian()),
    }
    model = small_model("jmvae", modalities)
    assert model.statistics.keys() == {"scaled", "gaussian"}
    path = tmp_path / "own.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive, h5py.File(io.BytesIO(archive.read(WEIGHTS))) as file:
        layers = [x for x in file["layers"] if x.startswith("standardisation")]
    assert len(layers) == len(model.statistics)
    assert load_model(path, {"Laplace": Laplace}).statistics.keys() == model.statistics.keys()
