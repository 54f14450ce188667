"""The table of compared models."""

import csv
import io

import pytest

from jmvae_tf.evaluation.estimate import Estimate
from jmvae_tf.reproduction.comparison_table import (
    MeasuredModel,
    columns_with_numbers,
    measure_columns,
    table_as_csv,
    table_parts,
)
from jmvae_tf.reproduction.paper_table import OverSeeds, Table, table_as_json, table_as_markdown
from tests.helpers.finished_comparisons import measures_of

IMAGE_AND_LABEL = ("image", "label")
JMVAE_KL = MeasuredModel("jmvae_kl", [0, 1], [measures_of("jmvae_kl", x) for x in (0, 1)], 1.5)
VAE = MeasuredModel("vae", [0], [measures_of("vae")], None)
NO_PRIOR = MeasuredModel(
    "mmvm",
    [0],
    [{k: x for k, x in measures_of("jmvae").items() if k[:5] not in ("log_p", "joint")}],
    1.0,
)


def _columns(models, modalities=IMAGE_AND_LABEL):
    return columns_with_numbers(measure_columns(modalities, modalities[0]), models)


def test_a_cell_is_the_mean_over_seeds_with_errors_over_examples_and_the_spread():
    value = JMVAE_KL.value(["label_coherence"])
    assert value.estimate == pytest.approx((0.88, 0.01))
    assert value.spread == pytest.approx(0.01 / 2**0.5)
    assert JMVAE_KL.value(["nothing"]) is None
    assert VAE.value(["log_p_image_single_image"]) == OverSeeds(Estimate(-20.0, 0.5), None)


def test_the_errors_of_several_images_are_averaged():
    both = {
        "a_label_label_diversity": Estimate(0.5, 0.02),
        "b_label_label_diversity": Estimate(1.0, 0.04),
    }
    model = MeasuredModel("jmvae_kl", [0], [both], 1.0)
    [[column]] = _columns([model], ("a", "b", "label")).values()
    assert column.title == "diversity"
    assert column.cell(model) == OverSeeds(Estimate(0.75, 0.03), None)


def test_rows_say_why_a_model_lacks_a_number():
    models = [JMVAE_KL, VAE, NO_PRIOR]
    coherence, rest = table_parts(_columns(models), models)
    assert coherence.columns == ["1 given", "joint", "joint, mixture", "as asked", "probe of z"]
    assert rest.columns == [
        *("diversity", "Fréchet distance", "log p(image, label)", "log p(image)", "minutes")
    ]
    assert coherence.rows["vae"] == ["- (one modality)"] * 5
    assert rest.rows["vae"][:3] == ["- (one modality)"] * 3
    assert isinstance(rest.rows["vae"][3], OverSeeds)
    assert rest.rows["vae"][4] is None
    assert coherence.rows["mmvm"][1] == "- (no p(z))"
    assert rest.rows["mmvm"][2:] == ["- (no p(z))", "- (no p(z))", 1.0]
    nothing = NO_PRIOR._replace(measures=[{}])
    words = ["- (no p(z))" if place == 1 else None for place in range(5)]
    assert table_parts(_columns(models), [nothing])[0].rows["mmvm"] == words
    unmeasured = NO_PRIOR._replace(name="jmvae")
    assert table_parts(_columns(models), [unmeasured])[0].rows["jmvae"][1] is None, "it has p(z)"


def test_columns_that_no_model_has_are_left_out():
    parts = table_parts(_columns([VAE]), [VAE])
    assert [part.columns for part in parts] == [["log p(image)", "minutes"]]


def test_a_model_without_any_number_has_a_time():
    nothing = NO_PRIOR._replace(measures=[{}])
    [part] = table_parts(_columns([nothing]), [nothing])
    assert (part.columns, part.rows) == (["minutes"], {"mmvm": [1.0]})


def test_names_of_more_modalities_and_labels():
    names = ("left", "right", "kind", "age")
    found = {
        "conditional_coherence_3_given": 0.9,
        "kind_conditional_coherence_1_given": 0.5,
        "age_conditional_coherence_1_given": 0.7,
        "kind_linear_probe_z1_given_left_right_age": 0.4,
        "kind_linear_probe_z2_given_left_right_age": 0.8,
        "kind_linear_probe_z1_given_left": 0.1,
        "kind_linear_probe_z1_given_age": 0.3,
        "left_kind_frechet_distance": 3.0,
        "right_kind_frechet_distance": 5.0,
        "right_kind_frechet_distance_real": 1.0,
        "log_p_left_single_left": -1.0,
        "log_p_right_single_right": -2.0,
    }
    model = MeasuredModel(
        "jmvae_h", [0], [{name: Estimate(x, 0.1) for name, x in found.items()}], 1.0
    )
    values = {
        column.key: column.cell(model).estimate.mean
        for of_part in _columns([model], names).values()
        for column in of_part
    }
    assert values == pytest.approx(
        {
            "conditional_coherence_1_given": 0.6,
            "conditional_coherence_3_given": 0.9,
            "linear_probe": 0.2,
            "frechet_distance": 4.0,
            "log_p_target": -1.0,
        }
    )


def test_images_by_attributes():
    found = {
        "attributes_to_image_coherence": Estimate(0.8, 0.01),
        "attributes_to_image_coherence_worst": Estimate(0.5, 0.01),
    }
    model = MeasuredModel("jmvae", [0], [found], 1.0)
    [[column]] = _columns([model], ("image", "attributes")).values()
    assert column.cell(model).estimate == (0.8, 0.01)


def test_csv_has_all_numbers():
    models = [JMVAE_KL, VAE]
    jmvae_kl, vae = csv.DictReader(io.StringIO(table_as_csv(_columns(models), models)))
    assert (jmvae_kl["model"], jmvae_kl["seeds"], jmvae_kl["training_minutes"]) == (
        "jmvae_kl",
        "0 1",
        "1.5",
    )
    assert float(jmvae_kl["joint_coherence"]) == pytest.approx(0.63)
    assert float(jmvae_kl["joint_coherence_standard_error"]) == 0.03
    assert float(jmvae_kl["joint_coherence_spread"]) == pytest.approx(0.01 / 2**0.5)
    assert float(vae["log_p_target"]) == -20
    assert {
        vae[name] for name in ("joint_coherence", "log_p_target_spread", "training_minutes")
    } == {""}


def test_a_table_of_means_over_seeds_is_written():
    models = [JMVAE_KL, VAE]
    table = Table("digits", table_parts(_columns(models), models), ["a note"])
    assert "| jmvae_kl | 0.880 ± 0.020 [0.0071] | 0.630 ± 0.030 [0.0071] |" in table_as_markdown(
        table
    )
    cells = table_as_json(table)["sections"]["Coherence"]
    assert cells["vae"]["joint"] == "- (one modality)"
    assert cells["jmvae_kl"]["joint"] == pytest.approx(
        {"mean": 0.63, "standard_error": 0.03, "spread": 0.01 / 2**0.5}
    )
