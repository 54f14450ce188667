"""Every model measured by all that is defined for its modalities."""

import numpy as np
import pytest
import tensorflow as tf

from jmvae_tf.evaluation import metrics as metrics_package
from jmvae_tf.evaluation.evaluate import (
    EvaluationData,
    Protocol,
    evaluate,
    evaluate_for_comparison,
)
from jmvae_tf.evaluation.metrics.conditional import conditional_log_likelihoods
from jmvae_tf.evaluation.metrics.importance import (
    importance_weighted_log_likelihoods,
    prior_log_likelihoods,
)
from jmvae_tf.evaluation.metrics.objective import bound_terms
from jmvae_tf.evaluation.metrics_table import metrics_as_json
from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.reproduction.comparison_table import measure_columns
from tests.helpers.evaluation import image_of
from tests.helpers.small_models import examples, small_model

PROTOCOL = Protocol(num_samples=2, num_importance_samples=3, num_prior_samples=4, seed=1)


@pytest.fixture
def measured(eagerly, two_modalities):
    """Examples of `two_modalities`, and what each model of them gives."""
    test, training = examples(two_modalities, 12), examples(two_modalities, 40)
    data = EvaluationData(test, test, training)

    def measure(name, protocol=PROTOCOL, **options):
        model = small_model(name, two_modalities, **options)
        return model, metrics_as_json(evaluate(model, data, protocol))

    return test, measure


BOTH_LOG_P = {"bound", "bound_log_p_image", "bound_log_p_label"}


# Of all models of two modalities in both directions.
GENERATED = {
    "label_coherence",
    "classifier_accuracy",
    "label_diversity",
    "generated_label_accuracy",
}


GENERATION = {
    f"{direction}_{score}"
    for direction in ("image_to_label", "label_to_image")
    for score in ("log_likelihood", "log_mean_exp")
}


HOW = ("multiple", "single_image", "single_label")


RECONSTRUCTION = {
    f"reconstruction_{target}_{how}"
    for target in ("image", "label")
    for how in ("multiple", f"single_{target}")
}


WEIGHTED = {f"log_p_joint_{how}" for how in HOW} | {
    "log_p_image_multiple",
    "log_p_image_single_image",
    "log_p_label_multiple",
    "log_p_label_single_label",
    "log_p_label_prior",
    *(
        f"log_p_{direction}_{kind}"
        for direction in ("image_given_label", "label_given_image")
        for kind in ("multiple", "single")
    ),
    "variation_of_information_multiple",
    "variation_of_information_single",
    "synergy",
}


def similarity(*cases):
    """Names the similarities of images to the true ones."""
    return {f"{case}_{score}" for case in ("image_mean", *cases) for score in ("psnr", "ssim")}


SIMILARITY = similarity(
    "label_to_image", "reconstruction_image_multiple", "reconstruction_image_single_image"
)


OF_LABELS = {
    "majority_accuracy",
    "balanced_accuracy",
    *(f"class_{name}_{what}" for name in "abc" for what in ("accuracy", "examples")),
}


SHARPNESS = {
    f"image_sharpness_{which}"
    for which in (
        "real",
        "label_to_image",
        "label_to_image_over_real",
        "reconstruction_multiple",
        "reconstruction_single_image",
    )
}


OF_CLASSES = {"conditional_coherence_1_given", "class_judge_accuracy_image", "joint_coherence"}


BOTH_WAYS = (
    BOTH_LOG_P
    | GENERATED
    | OF_LABELS
    | OF_CLASSES
    | RECONSTRUCTION
    | WEIGHTED
    | SHARPNESS
    | SIMILARITY
)


ONE_WAY = {
    "image": {
        "bound",
        "bound_kl_prior",
        "bound_log_p_image",
        "label_to_image_log_likelihood",
        "label_to_image_log_mean_exp",
        "reconstruction_image_multiple",
        "log_p_image_given_label_multiple",
        "label_coherence",
        "classifier_accuracy",
        "label_diversity",
        "image_sharpness_real",
        "image_sharpness_label_to_image",
        "image_sharpness_label_to_image_over_real",
        "image_sharpness_reconstruction_multiple",
        "active_units_z_multiple",
        *similarity("label_to_image", "reconstruction_image_multiple"),
    },
    "label": {
        *OF_LABELS,
        "bound",
        "bound_kl_prior",
        "bound_log_p_label",
        "image_to_label_log_likelihood",
        "image_to_label_log_mean_exp",
        "reconstruction_label_multiple",
        "log_p_label_given_image_multiple",
        "generated_label_accuracy",
        "active_units_z_multiple",
    },
}


ACTIVE = {f"active_units_z_{how}" for how in HOW}


NAMES = {
    "vae": {
        "bound",
        "bound_kl_prior",
        "bound_log_p_image",
        "reconstruction_image_single_image",
        "log_p_image_single_image",
        "image_sharpness_real",
        "image_sharpness_reconstruction_single_image",
        "active_units_z_single_image",
        *similarity("reconstruction_image_single_image"),
    },
    "jmvae": BOTH_WAYS
    | GENERATION
    | {"bound_kl_prior", "active_units_z_multiple", "linear_probe_z_given_image"},
    "jmvae_kl": BOTH_WAYS
    | GENERATION
    | ACTIVE
    | {f"bound_kl_{other}" for other in ("prior", "image", "label")}
    | {"variation_of_information_bound", "linear_probe_z_given_image"},
    "jmvae_h": BOTH_WAYS
    | GENERATION
    | {f"active_units_z{layer}_multiple" for layer in (1, 2)}
    | {f"linear_probe_z{layer}_given_image" for layer in (1, 2)}
    | {"bound_kl_z1", "bound_kl_z2"},
    "cvae": ONE_WAY["image"],
    "cmma": ONE_WAY["image"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "options", "names"),
    [
        *(
            pytest.param(
                name,
                {},
                names,
                marks=[] if name in ("vae", "jmvae_kl", "cvae") else pytest.mark.slow,
            )
            for name, names in NAMES.items()
        ),
        ("cvae", {"target": "label", "decoders": {"label": "D8R"}}, ONE_WAY["label"]),
    ],
)
def test_every_model_is_measured_by_all_that_is_defined_for_it(measured, name, options, names):
    model, metrics = measured[1](name, **options)
    assert not [x for x in metrics.pop("notes", []) if not x.startswith("the Fréchet distance is")]
    assert set(metrics) == names
    for metric, figure in metrics.items():
        if isinstance(figure, int):
            assert 0 <= figure <= (12 if metric.startswith("class_") else model.latent_dim)
        else:
            assert np.isfinite(list(figure.values())).all(), metric


def test_without_importance_weights(measured):
    _, metrics = measured[1]("cvae", Protocol(num_samples=2, num_importance_samples=0))
    assert set(metrics) - {"notes"} == NAMES["cvae"] - {"log_p_image_given_label_multiple"}


def test_figures_are_means_and_standard_errors_over_examples(measured):
    test, measure = measured
    model, metrics = measure("jmvae_kl")

    def assert_is(name, values):
        values = values.astype(np.float64)
        mean, standard_error = values.mean(), values.std(ddof=1) / np.sqrt(12)
        assert metrics[name] == pytest.approx({"mean": mean, "standard_error": standard_error})

    scores = conditional_log_likelihoods(model, test, "image", ["label"], 2, seed=1)
    assert_is("label_to_image_log_likelihood", scores.mean_log)
    assert_is("label_to_image_log_mean_exp", scores.log_mean)
    terms = bound_terms(model, test, seed=1)
    assert_is("bound", terms["bound"])
    assert_is(
        "variation_of_information_bound",
        terms["kl_image"] + terms["kl_label"] - terms["log_p_image"] - terms["log_p_label"],
    )
    # 2016 paper, appendix A: -log p(x|w) - log p(w|x).
    multiple = importance_weighted_log_likelihoods(model, test, ("image", "label"), 3, seed=1)
    image_given_label = multiple["image", "label"] - prior_log_likelihoods(
        model, test, "label", 4, seed=1
    )
    single = {
        name: importance_weighted_log_likelihoods(model, test, (name,), 3, seed=1)
        for name in ("image", "label")
    }
    label_given_image = multiple["image", "label"] - single["image"]["image",]
    assert_is("log_p_joint_multiple", multiple["image", "label"])
    assert_is("log_p_image_given_label_multiple", image_given_label)
    assert_is("log_p_label_given_image_multiple", label_given_image)
    assert_is("variation_of_information_multiple", -image_given_label - label_given_image)
    assert_is("log_p_joint_single_label", single["label"]["image", "label"])
    assert_is(
        "log_p_label_given_image_single",
        single["image"]["image", "label"] - single["image"]["image",],
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", ["jmvae_kl", pytest.param("cvae", marks=pytest.mark.slow)])
def test_three_modalities(eagerly, three_modalities, name):
    model = small_model(name, three_modalities)
    test, training = examples(three_modalities, 6), examples(three_modalities, 40)
    metrics = metrics_as_json(evaluate(model, EvaluationData(test, test, training), PROTOCOL))
    for direction in model.directions:
        assert np.isfinite(metrics[f"{direction.name}_log_likelihood"]["mean"])
    assert "coherence and diversity of left generated from right" in str(metrics.pop("notes"))
    assert np.isfinite([x["mean"] for x in metrics.values() if not isinstance(x, int)]).all()


def test_without_any_example_nothing_is_measured():
    model = small_model("vae", {"image": image_of()})
    some, none = ({"image": tf.zeros((number, 4, 4, 1))} for number in (2, 0))
    with pytest.raises(ValueError, match=r"at least one example\. Received: no test"):
        evaluate(model, EvaluationData(none, none, some), PROTOCOL)
    with pytest.raises(ValueError, match=r"at least one example\. Received: no training"):
        evaluate(model, EvaluationData(some, some, none), PROTOCOL)


def _modality(name, kind):
    shapes = {"image": (4, 4, 1), "label": (3,), "attributes": (2,), "vector": (2,)}
    likelihoods = {"image": Bernoulli(), "label": Categorical()}
    names = {"attributes": ("big", "red")}
    return Modality(
        name,
        shapes[kind],
        likelihoods.get(kind, Gaussian()),
        kind=kind,
        value_names=names.get(kind, ()),
    )


def _evaluated(kinds, name="jmvae_kl"):
    """The metrics of a model of modalities by name, and its notes."""
    modalities = {each: _modality(each, kind) for each, kind in kinds.items()}
    model = small_model(name, modalities)
    test, training = examples(modalities, 8), examples(modalities, 30)
    sections = evaluate(model, EvaluationData(test, test, training), PROTOCOL)
    metrics = metrics_as_json(sections)
    lines = sum(len(x.metrics) + sum(len(row.metrics) for row in x.rows) for x in sections)
    assert len(metrics) - ("notes" in metrics) == lines, "names are unique"
    assert not [each for each in metrics if each.endswith("_2")], "none is only numbered"
    return metrics, metrics.get("notes", [])


@pytest.mark.usefixtures("eagerly", "quick_judge")
class TestKindsOfModalities:
    """Each combination is measured, or refused by name in a note."""

    def test_two_labels_and_no_image(self):
        metrics, notes = _evaluated({"species": "label", "beach": "label"})
        for given, target in (("species", "beach"), ("beach", "species")):
            assert f"{given}_{target}_generated_label_accuracy" in metrics
            assert f"log_p_{given}_prior" in metrics
        assert not [name for name in metrics if "sharpness" in name]
        assert not [note for note in notes if "coherence" in note]

    def test_two_images(self):
        metrics, notes = _evaluated({"front": "image", "back": "image"})
        assert {"front_sharpness_back_to_front", "back_sharpness_front_to_back"} <= set(metrics)
        for image, given in (("front", "back"), ("back", "front")):
            assert f"coherence and diversity of {image} generated from {given} are left" in "".join(
                notes
            )

    def test_two_sets_of_attributes(self):
        metrics, _ = _evaluated({"traits": "attributes", "marks": "attributes"})
        assert {"traits_to_marks_accuracy", "marks_to_traits_balanced_accuracy"} <= set(metrics)

    def test_neither_image_nor_label_nor_attributes(self):
        metrics, notes = _evaluated({"sizes": "vector", "weights": "vector"})
        assert {"sizes_to_weights_mse", "weights_to_sizes_log_likelihood"} <= set(metrics)
        assert notes == []

    @pytest.mark.slow  # `test_kinds` has a quick one.
    def test_an_image_of_each_kind(self):
        kinds = {"photo": "image", "species": "label", "traits": "attributes", "sizes": "vector"}
        metrics, notes = _evaluated(kinds)
        assert {
            "label_coherence",
            "generated_label_accuracy",
            "traits_to_photo_coherence",
            "traits_species_generated_label_accuracy",
            "species_to_traits_accuracy",
            "photo_sharpness_sizes_to_photo",
        } <= set(metrics)
        together = "\n".join(notes)
        assert "diversity of photo generated from sizes are left out" in together
        assert "two modalities, and the model has photo, species, traits, sizes" in together

    def test_one_image_given_several(self):
        kinds = {"photo": "image", "species": "label", "traits": "attributes"}
        metrics, notes = _evaluated(kinds, "cvae")
        assert "photo_sharpness_species_traits_to_photo" in metrics
        assert "diversity of photo generated from species, traits are left out" in notes[0]


ADDED = """
from jmvae_tf.evaluation.estimate import estimate
from jmvae_tf.evaluation.metrics import metric
from jmvae_tf.evaluation.metrics_table import Metric


@metric("labels", place=9, given_kinds=("image",), target_kinds=("label",))
def added(subject, direction):
    yield Metric(f"{direction.name}_added", "added", estimate([1.0, 3.0]))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("eagerly")
def test_a_metric_is_added_by_its_module_alone(tmp_path, monkeypatch):
    (tmp_path / "added.py").write_text(ADDED)
    monkeypatch.setattr(metrics_package, "__path__", [*metrics_package.__path__, str(tmp_path)])
    monkeypatch.setattr(metrics_package, "_declared", [*metrics_package._declared])
    metrics, _ = _evaluated({"photo": "image", "species": "label"})
    assert metrics["photo_to_species_added"]["mean"] == 2
    assert "species_to_photo_added" not in metrics


def test_a_metric_under_no_heading_is_refused():
    with pytest.raises(ValueError, match=r"headings gaps, objective, .*\. Received: 'colour'"):
        metrics_package.metric("colour", place=1)


@pytest.mark.usefixtures("eagerly", "quick_judge")
class TestComparison:
    """What a table of several models shows is measured as `evaluate` does, and nothing else."""

    @pytest.mark.parametrize(
        "kinds",
        [
            {"photo": "image", "species": "label"},
            pytest.param({"photo": "image", "traits": "attributes"}, marks=pytest.mark.slow),
            pytest.param(
                {"photo": "image", "species": "label", "beach": "label"}, marks=pytest.mark.slow
            ),
        ],
        ids=", ".join,
    )
    def test_each_column_has_the_number_of_evaluate(self, kinds):
        every, compared = self._both(kinds, "photo")
        assert set(compared) < set(every)
        assert all(every[name] == value for name, value in compared.items() if name != "notes")
        shown = {
            metric
            for columns in measure_columns(list(kinds), "photo").values()
            for column in columns
            for metric in column.metrics
        }
        assert shown & set(every) == shown & set(compared)

    def test_log_p_is_of_all_and_of_the_target(self):
        kinds = {"photo": "image", "species": "label"}
        for target, also in (
            ("photo", {"log_p_joint_single_photo", "log_p_photo_single_photo"}),
            (None, set()),
        ):
            _, compared = self._both(kinds, target)
            assert {name for name in compared if name.startswith("log_p_")} == {
                f"log_p_{name}_multiple" for name in ("photo", "species", "joint")
            } | also

    def _both(self, kinds, target):
        modalities = {each: _modality(each, kind) for each, kind in kinds.items()}
        model = small_model("jmvae_kl", modalities)
        test, training = examples(modalities, 8), examples(modalities, 30)
        data = EvaluationData(test, test, training)
        compared = evaluate_for_comparison(model, data, PROTOCOL, target)
        return metrics_as_json(evaluate(model, data, PROTOCOL)), metrics_as_json(compared)
