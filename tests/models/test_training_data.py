"""What `fit`, `evaluate` and `adapt` refuse, and what Keras's own callbacks see of a training."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.models import training_data
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.loading import load_model
from jmvae_tf.models.vae import VAE
from jmvae_tf.runtime.randomness import root_seed
from tests.helpers.small_models import small_model


class Batches(keras.utils.PyDataset):
    """The same batch three times."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 3

    def __getitem__(self, place):
        return self.batch


# The same examples in what Keras's `fit` takes.
FORMS = {
    "arrays": lambda x: x,
    "dataset": lambda x: tf.data.Dataset.from_tensors(x),
    "generator": lambda x: ((batch,) for batch in [x, x]),  # Keras wants tuples of these.
    "PyDataset": Batches,
}


def without_shapes(x):
    """A dataset that does not know the shapes of what it holds."""
    return tf.data.Dataset.from_generator(
        lambda: iter([x]), output_types={name: tf.float32 for name in x}
    )


@pytest.fixture
def batch(two_modality_batch):
    return {name: x.numpy() for name, x in two_modality_batch.items()}


def _compiled(modalities, **options):
    model = small_model("jmvae_kl", modalities)
    model.compile(optimizer=keras.optimizers.SGD(0.01), **options)
    return model


@pytest.fixture
def model(two_modalities):
    """Steps eagerly: its few steps are not worth a trace."""
    return _compiled(two_modalities, run_eagerly=True)


@pytest.fixture
def model_of_graphs(two_modalities):
    return _compiled(two_modalities, jit_compile=False)


@pytest.fixture(scope="module")
def untrained():
    """One for all tests of what is refused, which leave it as it was."""
    return _compiled(
        {
            "image": Modality("image", (4, 4, 1), Bernoulli(), kind="image"),
            "label": Modality("label", (3,), Categorical(), kind="label"),
        },
        run_eagerly=True,
    )


@pytest.mark.parametrize("number", [1, 3])
def test_modalities_of_unequal_numbers_are_not_broadcast(number):
    model = small_model("jmvae_kl", {name: Modality(name, (3,), Gaussian()) for name in "abc"})
    data = {name: np.zeros((4, 3), "f") for name in "abc"} | {"b": np.zeros((number, 3), "f")}
    rule = f"as many examples as the others. Received: 4 of 'a', {number} of 'b'"
    with pytest.raises(ValueError, match=rule):
        model.generate("c", {name: data[name] for name in "ab"})
    with pytest.raises(ValueError, match=rule):
        model.bound(data, tf.constant([0, 1]))


def columns(event_shape=(3,), kind="vector"):
    """A model of standardised numbers."""
    shape = Modality("v", event_shape, Gaussian(), kind=kind, standardised=True)
    model = VAE({"v": shape}, latent_dim=2, encoders={"v": "D4R"}, decoders={"v": "D4R"})
    model.compile(optimizer="sgd", run_eagerly=True)
    return model


def ones_at(x, places, value=1):
    x = x.copy()
    x[places] = value
    return x


WRONG = {
    "levels up to 255": ({"image": lambda x: (x * 255).astype("uint8")}, "from 0 to 1.* 0 to 255"),
    "signed": ({"image": lambda x: 2 * x - 1}, "from 0 to 1.* -1 to 1"),
    "NaN": ({"image": lambda x: ones_at(x, 3, np.nan)}, "from 0 to 1.* nan"),
    "infinite": ({"image": lambda x: ones_at(x, 3, np.inf)}, "from 0 to 1.* inf"),
    "text": ({"image": lambda x: x.astype(str)}, "real numbers"),
    "classes": ({"label": lambda x: x.argmax(1)}, r"one-hot.*\(6,\)"),
    "classes in a column": ({"label": lambda x: x.argmax(1)[:, None]}, r"one-hot.*\(6, 1\)"),
    "two ones": ({"label": lambda x: np.roll(x, 1, 1) + x}, r"one-hot.*\[.*1.*\], example 0"),
    "no ones": ({"label": lambda x: ones_at(x, 2, 0)}, r"one-hot.*\[0, 0, 0\], example 2"),
    "doubtful labels": ({"label": lambda x: 0.8 * x + 0.1}, "one-hot"),
    "fewer labels": ({"label": lambda x: x[:1]}, "6 of 'image', 1 of 'label'"),
}


@pytest.mark.parametrize(
    ("case", "form"),
    [
        # How a batch is checked does not depend on where it came from.
        pytest.param(case, form, marks=() if is_quick else pytest.mark.slow)
        for case in WRONG
        for form in FORMS
        for is_quick in [form == "arrays" or case in ("NaN", "classes", "fewer labels")]
    ],
)
def test_examples_that_are_none_are_refused_before_training(untrained, batch, case, form):
    changes, message = WRONG[case]
    if case == "fewer labels" and form == "arrays":
        message = "as many examples"
    data = {**batch, **{name: change(batch[name]) for name, change in changes.items()}}
    before = untrained.get_weights()
    for use in (untrained.fit, untrained.evaluate):
        with pytest.raises(ValueError, match=message):
            use(FORMS[form](data), verbose=0)
    with pytest.raises(ValueError, match=message):
        untrained.fit(batch, validation_data=FORMS[form](data), verbose=0)
    np.testing.assert_equal(untrained.get_weights(), before)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_no_batch_is_lost_by_the_check(model, batch, form):
    steps = {"PyDataset": 3, "generator": 2}.get(form, 1)
    model.fit(FORMS[form](batch), steps_per_epoch=steps, verbose=0)
    assert int(model.optimizer.iterations) == steps


def test_dictionaries_of_a_generator_are_taken(model, batch):
    model.fit((x for x in [batch, batch]), steps_per_epoch=2, verbose=0)
    assert int(model.optimizer.iterations) == 2


@pytest.mark.slow
def test_batches_of_unknown_shape_are_taken(model_of_graphs, batch):
    model_of_graphs.fit(without_shapes(batch).repeat(2), steps_per_epoch=2, verbose=0)
    assert int(model_of_graphs.optimizer.iterations) == 2


@pytest.mark.slow
def test_a_shape_that_shows_only_later_is_refused(model_of_graphs, batch):
    narrow = {**batch, "image": batch["image"][:, :, :1]}
    data = without_shapes(batch).concatenate(without_shapes(narrow))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"\[6,4,1,1\].*\[\?,4,4,1\]"):
        model_of_graphs.fit(data, verbose=0)


@pytest.mark.parametrize(
    "nothing",
    [
        lambda x: None,
        lambda x: {name: values[:0] for name, values in x.items()},
        lambda x: tf.data.Dataset.from_tensors(x).take(0),
        lambda x: (batch for batch in []),
    ],
)
def test_no_training_without_examples(untrained, batch, nothing):
    for use in (untrained.fit, untrained.evaluate):
        with pytest.raises(ValueError, match="at least one example"):
            use(nothing(batch), verbose=0)


@pytest.mark.parametrize("change", [{"image": lambda x: x * 255}, {"label": lambda x: 0 * x}])
def test_single_batches_are_checked_too(untrained, batch, change):
    spoilt = {**batch, **{name: wrong(batch[name]) for name, wrong in change.items()}}
    before = untrained.get_weights()
    for use in (untrained.train_on_batch, untrained.test_on_batch):
        with pytest.raises(ValueError, match="must be"):
            use(spoilt)
        with pytest.raises(ValueError, match="Received: sample_weight"):
            use(batch, sample_weight=np.zeros(6))
    np.testing.assert_equal(untrained.get_weights(), before)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uint8", "bool", "float64", "int64"])
def test_zeros_and_ones_of_any_type_are_examples(model, batch, kind):
    data = {name: x.astype(kind) for name, x in batch.items()}
    model.fit(data, verbose=0)
    model.evaluate({**data, "more": np.zeros(6)}, verbose=0)


@pytest.mark.parametrize(
    "image", [np.full((1, 4, 4, 1), 255, np.uint8), np.full((1, 4, 4, 1), np.nan)]
)
def test_a_model_is_not_asked_about_values_outside_the_support(untrained, image):
    for ask in (
        lambda: untrained.posterior({"image": image}),
        lambda: untrained.generate("label", {"image": image}),
        lambda: untrained.standardise({"image": image}),
    ):
        with pytest.raises(ValueError, match="'image' must be from 0 to 1"):
            ask()
    label = np.eye(3, dtype=np.float32)[:1]
    with pytest.raises(ValueError, match="'image' must be from 0 to 1"):
        untrained.bound({"image": image.astype(np.float32), "label": label}, root_seed(0))


@pytest.mark.parametrize(
    "beside",
    [
        {"sample_weight": np.zeros(6)},
        {"y": np.zeros(6)},
        {"class_weight": {0: 1.0, 1: 2.0}},
        {"y": np.zeros(6), "sample_weight": np.ones(6)},
    ],
)
def test_weights_and_targets_are_refused(untrained, batch, beside):
    with pytest.raises(ValueError, match=" and ".join(beside)):
        untrained.fit(batch, verbose=0, **beside)
    if "class_weight" not in beside:
        with pytest.raises(ValueError, match=" and ".join(beside)):
            untrained.evaluate(batch, verbose=0, **beside)


@pytest.mark.parametrize(
    ("wrap", "message"),
    [
        (lambda x: (x, x["label"]), "targets"),
        (lambda x: (x, x["label"], np.ones(6)), "targets and sample_weight"),
    ],
)
def test_second_elements_of_data_are_refused(untrained, batch, wrap, message):
    pairs = tf.data.Dataset.from_tensors(wrap(batch))
    with pytest.raises(ValueError, match=f"Received: {message}"):
        untrained.fit(pairs, verbose=0)
    with pytest.raises(ValueError, match=f"Received: {message}"):
        untrained.fit(batch, validation_data=wrap(batch), verbose=0)
    with pytest.raises(ValueError, match=message):
        untrained.adapt([wrap(batch)])
    with pytest.raises(ValueError, match=message.replace("targets", "y")):
        untrained.train_on_batch(*wrap(batch))


def test_nan_in_a_later_batch_ends_training_after_the_epoch(model, batch):
    spoilt = {**batch, "image": ones_at(batch["image"], 3, np.nan)}
    data = tf.data.Dataset.from_tensors(batch).concatenate(tf.data.Dataset.from_tensors(spoilt))
    with pytest.raises(ValueError, match=r"bound = nan.* in epoch 1"):
        model.fit(data, epochs=3, verbose=0)


# Standardisation.


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([1.0, 1000.0, 1e-3]) * np.random.default_rng(0).normal(size=(999, 3)), "float64"),
        (5_000_000 + np.random.default_rng(0).choice([-2.0, 2.0], (999, 3)), "float32"),
        (2000 + np.random.default_rng(0).integers(-9, 9, (999, 3)), "int64"),
        (np.random.default_rng(0).exponential(size=(999, 3)) * [1e-9, 1, 1e9], "float32"),
        (5_000_000 + 2 * np.random.default_rng(0).normal(size=(999, 3)), "float64"),
    ],
)
def test_each_column_has_its_own_scale(values, dtype):
    model, values = columns(), values.astype(dtype)
    model.adapt([{"v": values[:100]}, {"v": values[100:]}])
    expected = np.asarray(values, np.float64)
    np.testing.assert_allclose(model.statistics["v"].stddev, expected.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(
        model.statistics["v"].mean, expected.mean(axis=0), rtol=1e-6, atol=1e-15
    )
    standardised = np.asarray(model.standardise({"v": values})["v"])
    np.testing.assert_allclose(standardised.std(axis=0), 1, rtol=0.01)


def test_constant_columns_are_not_blown_up():
    model = columns()
    x = np.float32([[0.1, 1.0, 5e6]]) + np.float32([[0, 0, 0], [0, 2, 0]])
    model.adapt({"v": x})
    np.testing.assert_array_equal(model.statistics["v"].stddev, [1, 1, 1])
    np.testing.assert_array_equal(model.standardise({"v": x})["v"][:, 0], [0, 0])
    # Another value than that of training stays a number of ordinary size.
    np.testing.assert_allclose(model.standardise({"v": x + 1})["v"][0], [1, 0, 1])


def test_variation_that_float32_loses_is_refused():
    model = columns()
    with pytest.raises(ValueError, match=r"subtract a constant.*mean of 1e\+09.*at \[1\]"):
        model.adapt({"v": np.array([[0, 1e9 - 2, 1], [1, 1e9 + 2, 1]])})
    model.adapt({"v": np.array([[0, 0.1, 1], [1, 0.1 + 1e-17, 1]])})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "message"),
    [
        (lambda x: tf.data.Dataset.from_tensor_slices({"v": x}), r"batch the data.*\(3,\)"),
        (lambda x: [{"v": x[0]}], "batch the data"),
        (lambda x: [{"v": x[:, :2]}], r"\[batch, 3\].*\(9, 2\)"),
        (lambda x: [{"v": x[:, None]}], r"\[batch, 3\]"),
        (lambda x: [{"v": ones_at(x, 4, np.nan)}], "'v' must be finite.*nan"),
        (lambda x: [{"v": x}, {"v": ones_at(x, 4, -np.inf)}], "'v' must be finite.*-inf"),
        (lambda x: [{"v": x * 1e300}], "'v' must be finite.*e\\+300"),
        (lambda x: None, "at least one example"),
        (lambda x: [{"w": x}], r"\['v'\].*\['w'\]"),
        (lambda x: [x], "dictionaries.*ndarray"),
        (lambda x: [], "at least one example"),
        (lambda x: [{"v": x[:0]}], "at least one example"),
        (lambda x: tf.data.Dataset.from_tensors({"v": x}).repeat(), "without end"),
        (lambda x: ({"v": x} for _ in iter(int, 1)), "4 batches and more"),
        (
            lambda x: tf.data.Dataset.from_generator(
                lambda: iter(lambda: {"v": x}, None),
                output_signature={"v": tf.TensorSpec((9, 3), tf.float64)},
            ),
            "4 batches and more",
        ),
    ],
)
def test_no_statistics_of_what_is_no_training_set(data, message, rng, monkeypatch):
    monkeypatch.setattr(training_data, "MOST_BATCHES", 4)
    model = columns()
    with pytest.raises(ValueError, match=message):
        model.adapt(data(rng.normal(size=(9, 3))))
    assert model.needs_statistics


def test_statistics_of_so_many_batches(rng, monkeypatch):
    monkeypatch.setattr(training_data, "MOST_BATCHES", 4)
    x = rng.normal(size=(9, 3))
    model = columns()
    model.adapt(tf.data.Dataset.from_tensors({"v": x}).repeat(), steps=5)
    np.testing.assert_allclose(model.statistics["v"].mean, x.mean(axis=0), rtol=1e-5)
    model.adapt([{"v": x}] * 9)  # It ends, and says so.


@pytest.mark.slow
@pytest.mark.parametrize("form", ["arrays", "dataset", "PyDataset"])
def test_fit_takes_statistics_where_nobody_did(rng, form):
    x = rng.normal(5, 3, size=(9, 3)).astype(np.float32)
    model = columns()
    with pytest.raises(ValueError, match="call adapt or fit first"):
        model.evaluate({"v": x})
    with pytest.raises(ValueError, match="call adapt or fit first"):
        model.train_on_batch({"v": x})
    model.fit(FORMS[form]({"v": x}), verbose=0)
    np.testing.assert_allclose(model.statistics["v"].mean, x.mean(axis=0), rtol=1e-5)
    model.fit(FORMS[form]({"v": x + 1}), verbose=0)
    np.testing.assert_allclose(model.statistics["v"].mean, x.mean(axis=0), rtol=1e-5)


@pytest.mark.parametrize(
    ("form", "message"),
    [
        (lambda x: (batch for batch in [x]), "call adapt before fit"),
        (lambda x: tf.data.Dataset.from_tensors(x).repeat(), "leave out repeat"),
    ],
)
def test_fit_takes_no_statistics_of_what_it_could_not_read_twice(form, message, rng):
    model = columns()
    with pytest.raises(ValueError, match=message):
        model.fit(form({"v": rng.normal(size=(9, 3))}), steps_per_epoch=1, verbose=0)


@pytest.mark.slow
def test_models_against_discriminators_check_and_adapt_too(rng):
    image = Modality("image", (4, 4, 1), Gaussian(), kind="image", standardised=True)
    model = Adversarial(small_model("vae", {"image": image}), "image", "D4R")
    model.compile(run_eagerly=True)
    x = rng.normal(5, 3, size=(9, 4, 4, 1)).astype(np.float32)
    stop = keras.callbacks.EarlyStopping(patience=0)
    model.fit({"image": x}, validation_data={"image": x}, verbose=0, callbacks=stop)
    np.testing.assert_allclose(model.vae.statistics["image"].mean, x.mean(axis=0), rtol=1e-5)
    assert stop.best is not None
    with pytest.raises(ValueError, match="must be finite"):
        model.fit({"image": x * np.nan}, verbose=0)


# What Keras sees.


@pytest.mark.slow
def test_keras_callbacks_watch_the_loss_by_default(model, batch, tmp_path):
    best = tmp_path / "best.keras"
    stop = keras.callbacks.EarlyStopping(patience=0, restore_best_weights=True)
    model.optimizer.learning_rate = -0.02  # It can only get worse.
    history = model.fit(
        batch,
        epochs=9,
        validation_data=batch,
        verbose=0,
        callbacks=[stop, keras.callbacks.ModelCheckpoint(best, save_best_only=True)],
    ).history
    assert len(history["bound"]) == 2
    assert stop.best == -history["val_bound"][0]
    terms = {metric.name for metric in model.metrics}
    assert set(history) == terms | {f"val_{name}" for name in terms}, "no new names"
    assert load_model(best).evaluate(batch, verbose=0, return_dict=True)["bound"] == pytest.approx(
        history["val_bound"][0], rel=1e-5
    )


@pytest.mark.slow
@pytest.mark.parametrize("accumulated", [None, 2, 3])
def test_no_draw_repeats_while_gradients_are_accumulated(model, batch, accumulated, monkeypatch):
    seeds = []
    fold = type(model).training_seed

    def training_seed(self, step):
        seeds.append(int(keras.ops.convert_to_numpy(step)))
        return fold(self, step)

    monkeypatch.setattr(type(model), "training_seed", training_seed)
    optimizer = keras.optimizers.SGD(0.01, gradient_accumulation_steps=accumulated)
    model.compile(optimizer, run_eagerly=True)
    model.fit(Batches(batch), epochs=2, verbose=0)
    assert seeds == [0, 1, 2, 3, 4, 5]


# Names.


@pytest.mark.parametrize(
    "name",
    [
        *("class", "lambda", "None", "prior", "z", "seed", "self", "sample_weight", "image_bytes"),
        *("étiquette", "naïve", "ｘ", "_y", "__init__", "9x", "x" * 65),
        *("", "a/b", "a b", "a.b", "a-b", "x\n", 7, None),
    ],
)
def test_names_that_cannot_name_a_modality(name):
    with pytest.raises(ValueError, match="A modality's name") as refusal:
        Modality(name, (2,), Categorical())
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize(
    "name", ["x", "A9", "photo_of_shell", "x" * 64, "match", "type", "training"]
)
def test_names_that_can(name):
    assert Modality(name, (2,), Categorical()).name == name
