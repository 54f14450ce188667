"""The adversaries other than the authors': what each part changes, in which stage, and for whom."""

import dataclasses
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.likelihoods import Gaussian
from jmvae_tf.modalities import Modality, observed_key
from jmvae_tf.models import adversarial
from jmvae_tf.models.adversarial import Adversarial, Stage
from jmvae_tf.models.adversaries import gradient_penalty
from jmvae_tf.models.adversaries.balance import AverageWeight, balanced_weight
from jmvae_tf.models.adversaries.discriminator import opinion_of
from jmvae_tf.models.adversaries.learned_similarity import learned_dissimilarity
from jmvae_tf.models.adversaries.samples import sample_given
from jmvae_tf.models.mixtures import MixtureVAE
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.randomness import fold, root_seed
from jmvae_tf.training.schedules import AdversaryAfter, KLWarmUp
from tests.helpers.small_models import (
    ITERATIVE,
    decoded_z,
    examples,
    known_to,
    set_variances,
    small_model,
)

FACES = {
    "image": Modality(
        "image", (8, 8, 3), Gaussian(), kind="image", standardised=True, value_range=(0, 1)
    ),
    "attributes": Modality(
        "attributes", (3,), Gaussian(), kind="attributes", value_names=("Bald", "Bangs", "Smiling")
    ),
}
# Batch normalisation in every network but the discriminator.
BODY = "D8BR"
DISCRIMINATOR = "C4L-C6L-F-D8L"
# Every loss and every part at least once.
ADVERSARIES = (
    "non_saturating+r1+projection+balanced",
    "hinge+spectral+shifts+similarity+projection",
    "original+zero_centred",
)


@pytest.fixture
def at_once(monkeypatch):
    """Lets the decoder feel the discriminator from the first step on."""
    monkeypatch.setattr(adversarial, "HEAD_START", 0)


def _model(
    adversary,
    name="jmvae_kl",
    optimizer=lambda: keras.optimizers.SGD(1.0),
    modalities=FACES,
    **options,
):
    """The same initial weights at each call, whatever the adversary is."""
    keras.utils.set_random_seed(0)
    gaussian = {"posterior": "gaussian"} if name == "mmvae" else {}  # For `set_variances`.
    vae = small_model(name, modalities, BODY, **gaussian)
    vae.statistics["image"].set_statistics(np.full((8, 8, 3), 0.5), np.full((8, 8, 3), 0.25))
    keras.utils.set_random_seed(1)
    model = Adversarial(vae, "image", DISCRIMINATOR, 3.0, adversary, **options)
    model.compile(optimizer(), optimizer(), optimizer(), jit_compile=False)
    return model


def _batch(model, number=6):
    return known_to(model.vae, examples(FACES, number))


def _seen(model, data, bound, seed=None):
    seed = root_seed(0) if seed is None else seed
    batch = model.vae.examples_of(data)
    z = model.opponent.samples(data, batch, seed)
    return model.opponent.seen(batch, bound, z, seed, True)


def _seen_of_decoder(model, data, seed):
    batch = model.vae.examples_of(data)
    drawn = model.opponent.samples_of_decoder(data, batch, seed)
    return model.opponent.seen_of_decoder(batch, *drawn, seed)


def _changes(model, steps=1):
    """How a step changes the image's decoder, the discriminator and all other networks."""
    decoder = model.vae.decoders["image"].trainable_variables
    ids = {id(x) for x in decoder}
    others = [x for x in model.vae.trainable_variables if id(x) not in ids]
    judging = model.parts()[2].variables
    parts = {"decoder": decoder, "discriminator": judging, "others": others}
    before = {name: [x.numpy() for x in part] for name, part in parts.items()}
    for _ in range(steps):
        model.train_step(_batch(model))
    return {
        name: np.concatenate([np.ravel(x - old) for x, old in zip(part, before[name], strict=True)])
        for name, part in parts.items()
    }


@pytest.fixture(scope="module")
def of_hinge():
    """How a step against the hinge loss alone changes the networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adversarial, "HEAD_START", 0)
        return _changes(_model("hinge"))


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("part", "reached"),
    [
        ("r1", {"discriminator"}),
        ("zero_centred", {"discriminator"}),
        ("projection", {"decoder", "discriminator"}),
        ("spectral", {"decoder", "discriminator"}),
        ("shifts", {"decoder", "discriminator"}),
        ("similarity", {"decoder", "others"}),
        ("balanced", {"decoder"}),
    ],
)
def test_a_part_changes_what_it_is_meant_to_change(of_hinge, part, reached):
    without, with_it = of_hinge, _changes(_model(f"hinge+{part}"))
    if part == "projection":  # Its own variables come last.
        number = len(without["discriminator"])
        assert np.abs(with_it["discriminator"][number:]).max() > 0
        with_it["discriminator"] = with_it["discriminator"][:number]
    changed = {name for name in without if not np.array_equal(without[name], with_it[name])}
    assert changed == reached
    assert all(np.isfinite(x).all() for x in with_it.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "adversary",
    [ADVERSARIES[0], *(pytest.param(x, marks=pytest.mark.slow) for x in ADVERSARIES[1:])],
)
def test_the_adversary_reaches_the_image_decoder_and_nothing_else(monkeypatch, adversary):
    """But for the similarity, which is a reconstruction's."""
    changes = []
    for start in (0, 1000):  # The decoder feels the discriminator, or not yet.
        monkeypatch.setattr(adversarial, "HEAD_START", start)
        model = _model(adversary)
        if adversary.startswith("original"):  # The authors' has no head start.
            model.adversarial_weight = 3.0 if start == 0 else 0.0
        changes.append(_changes(model))
    now, later = changes
    assert not np.array_equal(now["decoder"], later["decoder"])
    np.testing.assert_array_equal(now["discriminator"], later["discriminator"])
    np.testing.assert_array_equal(now["others"], later["others"])


@pytest.mark.slow
@pytest.mark.parametrize("adversary", ADVERSARIES)
@pytest.mark.usefixtures("at_once")
def test_in_the_stage_of_the_decoder_all_else_stays(adversary):
    model = _model(adversary)
    model.stage = Stage.DECODER
    statistics = [x for x in model.vae.variables if "moving_" in x.path]
    before = [x.numpy() for x in statistics]
    changes = _changes(model)
    assert np.abs(changes["others"]).max() == 0
    assert np.abs(changes["decoder"]).max() > 0
    assert np.abs(changes["discriminator"]).max() > 0
    for variable, value in zip(statistics, before, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.slow
def test_in_the_stage_of_the_bound_it_is_the_model_inside():
    model = _model(ADVERSARIES[0])
    model.stage = Stage.BOUND
    results = model.train_step(_batch(model))
    plain = _model(ADVERSARIES[0]).vae
    plain.compile(keras.optimizers.SGD(1.0))
    assert {name: float(x) for name, x in plain.train_step(_batch(model)).items()} == {
        name: float(x) for name, x in results.items()
    }
    for ours, theirs in zip(model.vae.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    assert set(model.test_step(_batch(model))) == set(results)


@pytest.mark.slow
def test_every_step_of_the_decoder_draws_other_samples():
    model = _model("hinge", optimizer=lambda: keras.optimizers.SGD(0.0))
    model.stage = Stage.DECODER
    losses = []
    for _ in range(2):
        model.reset_metrics()
        losses.append(float(model.train_step(_batch(model))["generator_loss"]))
    assert losses[0] != losses[1]


@pytest.mark.slow
def test_a_stage_changes_what_fit_trains():
    """Also after Keras has made the graph of the stage before."""
    model = _model("hinge", "vae", optimizer=lambda: keras.optimizers.SGD(1e-6))
    histories = []
    for stage in (Stage.BOUND, Stage.DECODER, Stage.TOGETHER):
        model.stage = stage
        histories.append(model.fit(_batch(model), batch_size=6, verbose=0).history)
    has = [("kl_prior" in x, "generator_loss" in x) for x in histories]
    assert has == [(True, False), (False, True), (True, True)]


def test_a_head_start():
    model = _model("hinge", optimizer=lambda: keras.optimizers.SGD(0.0))
    weights = []
    for step in (0, adversarial.HEAD_START - 1, adversarial.HEAD_START):
        model.discriminator_optimizer.iterations.assign(step)
        with tf.GradientTape(persistent=True) as tape:
            weights.append(float(model._weight_of(tf.constant(1.0), tf.constant(1.0), tape)))
    assert weights == [0.0, 0.0, 3.0]


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("scale", [None, 2.0**15])
def test_the_balanced_weight_makes_both_losses_as_steep(scale):
    def optimizer():
        plain = keras.optimizers.SGD(0.0)
        if scale is None:
            return plain
        return keras.optimizers.LossScaleOptimizer(plain, initial_scale=scale)

    model = _model("hinge+balanced", optimizer=optimizer)
    data = _batch(model)
    examples_, seed = model.vae.examples_of(data), root_seed(3)
    kernel = model.vae.decoders["image"].head.parameters.kernel
    with tf.GradientTape(persistent=True) as tape:
        bound = model.vae.unchecked_bound(examples_, seed, training=True)
        judged = model.opponent.judged(_seen(model, data, bound, seed), True)
        losses = (tf.reduce_mean(judged.generator_loss), -tf.reduce_mean(bound.value))
        weight = model._weight_of(*losses, tape)
    of_generator, of_bound = (np.linalg.norm(tape.gradient(x, kernel)) for x in losses)
    assert float(weight) == pytest.approx(3 * of_bound / of_generator, rel=0.01)
    assert float(model.balance.average) == pytest.approx(float(weight) / 3)


@pytest.mark.parametrize(
    ("reconstruction", "generator", "weight"),
    [([3.0, 4.0], [0.6, 0.8], 5 / 1.0001), ([3.0, 4.0], [0.0, 0.0], 1e4), ([0.0], [1.0], 0.0)],
    ids=["Eq. 7", "at most", "nothing to balance"],
)
def test_the_balanced_weight_of_slopes(reconstruction, generator, weight):
    found = balanced_weight(tf.constant([reconstruction]), tf.constant([generator]))
    assert float(found) == pytest.approx(weight)


def test_a_weight_that_is_not_finite_stays_out_of_the_average():
    average = AverageWeight()
    average.build()
    given = [float("nan"), 2.0, float("inf"), 3.0]
    averages = [
        float(average(tf.constant(weight), tf.constant(step == 1)))
        for step, weight in enumerate(given)
    ]
    assert averages == pytest.approx([0, 2, 2, 0.98 * 2 + 0.02 * 3])


def test_the_penalty_comes_every_few_steps():
    model = _model("hinge+r1")
    data = _batch(model)
    batch, seed = model.vae.examples_of(data), root_seed(0)
    seen = _seen(model, data, model.vae.unchecked_bound(batch, seed))
    penalty = float(tf.reduce_mean(model.opponent.penalty(seen)))
    assert penalty > 0
    terms = []
    for step in range(gradient_penalty.EVERY + 1):
        model.discriminator_optimizer.iterations.assign(step)
        terms.append(float(model._penalty(seen, tf.reduce_mean)))
    expected = penalty * gradient_penalty.EVERY
    np.testing.assert_allclose(terms, [expected, *[0] * 7, expected], rtol=1e-5)


@pytest.mark.slow
def test_the_authors_loss_can_be_balanced():
    changes = [_changes(_model(x)) for x in ("original", "original+balanced")]
    np.testing.assert_array_equal(*(x["others"] for x in changes))
    assert not np.array_equal(*(x["decoder"] for x in changes))


# What the discriminator sees.


@pytest.mark.slow
def test_images_are_seen_from_minus_1_to_1():
    model = _model("hinge")
    data = _batch(model)
    batch, seed = model.vae.examples_of(data), root_seed(0)
    bound = model.vae.unchecked_bound(batch, seed)
    seen = _seen(model, data, bound)
    np.testing.assert_allclose(seen.real, 2 * data["image"] - 1, rtol=1e-5, atol=1e-5)
    reconstruction = bound.likelihoods["image"].mean()
    [fakes] = seen.fakes
    rebuilt = seen.rebuilt.numpy()
    assert 0 < rebuilt.sum() < len(rebuilt)
    expected = 2 * (reconstruction * 0.25 + 0.5) - 1
    np.testing.assert_allclose(fakes[rebuilt], expected[rebuilt], atol=1e-5)
    assert np.abs(fakes[~rebuilt] - expected[~rebuilt]).max() > 0.1
    judged = model.opponent.judged(seen, True)
    features = [
        opinion_of(model.discriminator, None, x, training=True).features for x in (seen.real, fakes)
    ]
    # Twice, since about half of the fakes are reconstructions.
    expected = np.where(rebuilt, 2 * learned_dissimilarity(*features), 0)
    np.testing.assert_allclose(judged.dissimilarity, expected, rtol=1e-5)
    assert seen.condition is None
    conditioned = _seen(_model("hinge+projection"), data, bound)
    np.testing.assert_array_equal(conditioned.condition, batch["attributes"])


def _slow_but(quick):
    """All models; tests of all but one are slow."""
    return [pytest.param(x, marks=[] if x == quick else pytest.mark.slow) for x in PLAIN_MODELS]


EXACT = tuple(x for x in PLAIN_MODELS if x not in (*ITERATIVE, "jmvae_h_kl"))
"""Models whose z given one modality has the law of their posterior, drawn for a whole batch."""


@pytest.mark.parametrize("name", _slow_but("jmvae_kl"))
def test_fakes_are_drawn_given_the_other_modalities(monkeypatch, name):
    """From the prior where it has them, or where there are none."""
    model = _model("hinge", name)
    set_variances(model.vae, 1e-6)
    number = 300 if name in EXACT else 12
    data = _batch(model, number)
    batch, seed = model.vae.examples_of(data), root_seed(0)
    bound = model.vae.unchecked_bound(batch, seed)
    drawn = decoded_z(monkeypatch, model.vae)
    seen = _seen(model, data, bound)
    z, others = drawn[-1], ~seen.rebuilt.numpy()
    assert z.shape == (others.sum(), 3)
    if name in ("vae", "cvae"):
        np.testing.assert_allclose(np.std(z, axis=0), [1, 1, 1], atol=0.2)
    elif name in EXACT:
        given = {"attributes": data["attributes"]}
        expected = model.vae.prior(batch) if name == "cmma" else model.vae.posterior(given)
        np.testing.assert_allclose(z, expected.mean()[others], atol=0.02)
    else:  # Each is drawn by a seed of its own, so that it is the same alone.
        seeds = tf.random.stateless_uniform(
            (number, 2), fold(root_seed(0), 0), minval=None, maxval=None, dtype=tf.int32
        )
        for place, row in enumerate(np.flatnonzero(others)):
            alone = {"attributes": data["attributes"][row : row + 1]}
            expected = model.vae.sample_posterior(alone, 1, seeds[row : row + 1])[0]
            np.testing.assert_allclose(z[place : place + 1], expected, atol=0.02)


@pytest.mark.parametrize("name", _slow_but("jmvae_kl"))
def test_a_decoder_alone_gets_half_reconstructions(monkeypatch, name):
    model = _model("hinge", name)
    set_variances(model.vae, 1e-6)
    data = _batch(model, 12)
    batch, seed = model.vae.examples_of(data), root_seed(0)
    of_all = model.vae.posterior_mean(data)
    drawn = decoded_z(monkeypatch, model.vae)
    seen, log_p = _seen_of_decoder(model, data, seed)
    rebuilt = seen.rebuilt.numpy()
    assert 0 < rebuilt.sum() < 12
    if isinstance(model.vae, MixtureVAE):  # Each is of one of the experts.
        experts = [model.vae.posterior({x: data[x]}).mean() for x in data]
        distances = [np.abs(drawn[-1] - expert).max(axis=1)[rebuilt] for expert in experts]
        assert np.min(distances, axis=0).max() < 0.02
    elif name != "jmvae_h":  # There z is sampled from layers below the top.
        # That of a Hölder pool holds how far the experts are apart, whatever their own is.
        pooled = model.vae.posterior(data).stddev().numpy() if name == "helvae" else 0.0
        distances = np.abs(drawn[-1] - of_all) - 5 * pooled
        assert distances[rebuilt].max() < 0.02
        assert np.abs(drawn[-1][~rebuilt] - of_all[~rebuilt]).max() > 0.1
    p_x_z = model.vae.decoders["image"](model.vae.decoder_inputs(drawn[-1], batch))
    expected = np.where(rebuilt, p_x_z.log_prob(batch["image"]), 0)
    np.testing.assert_allclose(log_p, expected, rtol=1e-4)
    [fakes] = seen.fakes
    np.testing.assert_allclose(fakes, 2 * (p_x_z.mean() * 0.25 + 0.5) - 1, atol=1e-5)


def test_what_training_does_not_reconstruct_is_not_judged():
    """Of incomplete examples `telbo` reconstructs nothing from its joint encoder."""
    whole = tf.constant([True, False, True])
    for name, expected in (("jmvae_kl", None), ("telbo", whole)):
        model = _model("hinge+similarity", name)
        data = {**_batch(model, 3), observed_key("attributes"): whole}
        rows = model.opponent.rows(model.vae.examples_of(data))
        assert (rows is None) if expected is None else bool(tf.reduce_all(rows == expected))


def test_a_decoder_alone_reports_the_log_likelihood_of_reconstructions():
    model = _model("hinge", optimizer=lambda: keras.optimizers.SGD(0.0))
    model.stage = Stage.DECODER
    data = _batch(model)
    results = model.train_step(data)
    seed = model.vae.training_seed(0)
    seen, log_p = _seen_of_decoder(model, data, seed)
    assert float(results["log_p_image"]) == pytest.approx(
        float(np.mean(log_p[seen.rebuilt])), rel=1e-5
    )
    assert "bound" not in results


@pytest.mark.parametrize("name", _slow_but("jmvae"))
def test_no_gradient_passes_through_inference(name):
    """Iterative sampling decodes images, so z would depend on the decoder."""
    model = _model("hinge", name, optimizer=lambda: keras.optimizers.SGD(1.0))
    model.stage = Stage.DECODER
    data, seed = _batch(model, 2), model.vae.training_seed(0)
    batch = model.vae.examples_of(data)
    drawn = model.opponent.samples_of_decoder(data, batch, seed)
    variables = model.vae.decoders["image"].trainable_variables
    with tf.GradientTape() as tape:
        _, log_p = model.opponent.seen_of_decoder(batch, *drawn, seed)
        loss = -2 * tf.reduce_mean(log_p)
    expected = tape.gradient(loss, variables)
    before = [x.numpy() for x in variables]
    model.train_step(data)  # The head start leaves only the reconstruction.
    for variable, old, gradient in zip(variables, before, expected, strict=True):
        np.testing.assert_allclose(old - variable, gradient, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_a_decoder_alone_keeps_the_weight_of_its_likelihood():
    changes = []
    for weight in (1.0, 0.25):
        image = dataclasses.replace(FACES["image"], likelihood_weight=weight)
        model = _model("hinge", modalities={**FACES, "image": image})
        model.stage = Stage.DECODER
        changes.append(_changes(model)["decoder"])  # The head start leaves only log p(x|z).
    np.testing.assert_allclose(changes[1], 0.25 * changes[0], rtol=1e-3, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "decoder",
    ["D64R-DC4BR", *(pytest.param(x, marks=pytest.mark.slow) for x in ("D128R-UC4S", "D16R"))],
)
def test_a_batch_of_one_example(decoder):
    vae = small_model("jmvae_kl", FACES, BODY, decoders={"image": decoder, "attributes": BODY})
    model = Adversarial(vae, "image", DISCRIMINATOR, adversary="hinge+projection")
    model.compile()
    for stage in Stage:
        model.stage = stage
        assert all(np.isfinite(x) for x in model.train_step(_batch(model, 1)).values())
        assert all(np.isfinite(x) for x in model.test_step(_batch(model, 1)).values())


def test_hierarchies_sample_what_decoders_take():
    """Also where inference does not sample: given zeros for what is missing, in one round."""
    keras.utils.set_random_seed(0)
    vae = small_model("jmvae_h", FACES, BODY, missing="zeros", num_rounds=1)
    set_variances(vae, 1e-6)
    data = known_to(vae, examples(FACES, 3))
    z = sample_given(vae, data, list(FACES), root_seed(0))
    np.testing.assert_allclose(z, vae.posterior_mean(data), atol=0.05)


# Training.


@pytest.mark.parametrize(
    ("adversary", "policy", "eagerly"),
    [
        (ADVERSARIES[0], "float32", True),
        *(
            (*pair, False)
            for pair in itertools.product(
                ADVERSARIES, ("float32", "mixed_bfloat16", "mixed_float16")
            )
        ),
    ],
)
@pytest.mark.slow  # `test_adversarial` has a quick one.
@pytest.mark.usefixtures("at_once")
def test_a_resumed_run_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path, adversary, policy, eagerly
):
    """Through the change from one stage to the next."""

    def fit(model, first, last):
        data = tf.data.Dataset.from_tensor_slices(_batch(model, 8)).batch(4)
        callbacks = [KLWarmUp(1), AdversaryAfter(1)]
        model.run_eagerly = eagerly
        return model.fit(
            data, initial_epoch=first, epochs=last, verbose=0, callbacks=callbacks
        ).history

    keras.config.set_dtype_policy(policy)
    try:
        undisturbed, stopped = (
            _model(adversary, optimizer=lambda: keras.optimizers.Adam(1e-3)) for _ in range(2)
        )
        history = fit(undisturbed, 0, 3)
        for epochs in (1, 2):
            fit(stopped, epochs - 1, epochs)
            stopped.save(tmp_path / "model.keras")
            stopped = keras.saving.load_model(tmp_path / "model.keras")
        last = fit(stopped, 2, 3)
    finally:
        keras.config.set_dtype_policy("float32")
    # The bound is of the first stage, the losses of the second.
    lengths = [len(history[x]) for x in ("bound", "log_p_image", "generator_loss")]
    assert lengths == [1, 3, 2]
    assert {name: history[name][-1:] for name in last} == last
    assert "generator_loss" in last
    for ours, theirs in zip(undisturbed.get_weights(), stopped.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# Mistakes.


@pytest.mark.parametrize(
    ("adversary", "message"),
    [
        ("hing", "hing in --adversary=hing; did you mean hinge?"),
        ("hinge+spectra", "spectra in --adversary=hinge.spectra; did you mean spectral?"),
        ("r1", "--adversary is original or .*; received r1 in --adversary=r1"),
        ("hinge+r1+r1", "name each part once"),
        ("", "received in --adversary="),
    ],
)
def test_unknown_adversaries(adversary, message):
    with pytest.raises(ValueError, match=message):
        _model(adversary)


@pytest.mark.slow
def test_parts_that_do_not_fit():
    with pytest.raises(ValueError, match=r"batch normalisation \(B\). Received"):
        Adversarial(small_model("vae", FACES), "image", "C4BL-F", adversary="hinge+r1")
    with pytest.raises(ValueError, match=r"leave projection out. Received: a model of 'image' al"):
        Adversarial(small_model("vae", FACES), "image", "C4L-F", adversary="hinge+projection")
    with pytest.raises(ValueError, match=r"Received: original with projection"):
        _model("original+projection")
    layer = keras.layers.Conv2D(2, 3)
    with pytest.raises(ValueError, match=r"in the notation, such as .* Received: a Conv2D"):
        Adversarial(small_model("vae", FACES), "image", layer, adversary="hinge+spectral")
    with pytest.raises(ValueError, match="Received: penalty_weight=-1"):
        Adversarial(small_model("vae", FACES), "image", "C4L-F", penalty_weight=-1)
