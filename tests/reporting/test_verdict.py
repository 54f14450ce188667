"""The verdict follows from metrics and their baselines."""

import math

import pytest

from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.reporting.verdict import verdict

MODALITIES = {
    "photo": Modality("photo", (8, 8, 1), Bernoulli(), kind="image"),
    "species": Modality("species", (3,), Categorical(), kind="label"),
    "measures": Modality("measures", (2,), Gaussian(), kind="numbers"),
}
METRICS = {
    "protocol": {"num_examples": 200},
    "generated_label_accuracy": {"mean": 0.9, "standard_error": 0.02},
    "majority_accuracy": {"mean": 0.4, "standard_error": 0.03},
    "balanced_accuracy": {"mean": 0.88, "standard_error": 0.02},
    "measures_species_generated_label_accuracy": {"mean": 0.41, "standard_error": 0.03},
    "measures_species_majority_accuracy": {"mean": 0.4, "standard_error": 0.03},
    "species_to_measures_r2": {"mean": 0.01, "standard_error": 0.02},
    "species_to_measures_r2_worst": {"mean": -0.2, "standard_error": 0.02},
    "photo_mean_psnr": {"mean": 12.0, "standard_error": 0.1},
    "species_to_photo_psnr": {"mean": 13.0, "standard_error": 0.1},
    "photo_distance_to_training": {"mean": 0.2, "standard_error": 0.1},
    "photo_to_measures_within_90": {"mean": 0.6, "standard_error": 0.02},
    "species_observed": 130,
    "active_units_z_multiple": 5,
    "notes": ["anything"],
}
STEADY = [{"epoch": x, "validation_bound": -abs(x - 12.0)} for x in range(1, 21)]


def lines_of(metrics=METRICS, history=STEADY, num_training=5000, **named):
    """Returns the sentences."""
    return verdict(metrics, MODALITIES, history, num_training, **named)


def test_targets_are_sorted_by_what_they_gain_over_their_baseline():
    well, some, none, samples, step = lines_of()
    assert well == ("Predicts well: species from photo (90% right, the largest class alone 40%).")
    assert some.startswith("Predicts in part: photo from species (13.0 dB, the mean photo alone")
    assert none.startswith("Does not predict, no better than its baseline: measures from species")
    assert "the worst column -0.20" in none
    for part in ("hold 60% of the true values", "learned by heart", "species in 130"):
        assert part in samples
    assert step.startswith("Next: look whether the data tell measures at all")


def test_the_best_source_of_each_target_is_named():
    better = {**METRICS, "photo_to_measures_r2": {"mean": 0.8, "standard_error": 0.02}}
    better["photo_to_measures_r2_worst"] = {"mean": 0.7, "standard_error": 0.02}
    [well, *_] = lines_of(better)
    assert "measures from photo (R² 0.80, the worst column 0.70, the mean alone 0)" in well


@pytest.mark.parametrize(
    ("metrics", "history", "num_training", "step"),
    [
        ({"active_units_z2_multiple": 0}, STEADY, 5000, "variable z2 is not used at all"),
        ({}, [{"epoch": x, "validation_bound": float(x)} for x in range(1, 21)], 5000, "=40"),
        ({}, [{"epoch": x, "validation_bound": -float(x)} for x in range(1, 21)], 5000, "patience"),
        (
            {"balanced_accuracy": {"mean": 0.5, "standard_error": 0.02}},
            STEADY,
            5000,
            "--balance=species",
        ),
        (
            {"species_to_measures_r2": {"mean": 0.6, "standard_error": 0.02}},
            STEADY,
            300,
            "more than 300",
        ),
        ({"species_to_measures_r2": None}, [], None, "bin/evaluate"),
    ],
)
def test_the_next_step_is_what_helps_most(metrics, history, num_training, step):
    lines = lines_of({**METRICS, **metrics}, history, num_training)
    assert step in lines[-1]
    assert len(lines) <= 5


def test_files_of_other_versions_give_a_verdict_too():
    assert lines_of({}) == [
        "Next: compare a run with another --seed, and bin/evaluate for log-likelihoods."
    ]
    assert lines_of({"photo_mean_psnr": {"mean": "?"}, "protocol": 3})


def test_a_run_whose_rate_has_decayed_is_not_resumed():
    history = [{"epoch": x, "validation_bound": float(x)} for x in range(1, 21)]
    for decay_epochs, flags in ((0, "--resume"), (40, "--resume"), (20, "--run=another")):
        step = verdict({}, MODALITIES, history, 5000, decay_epochs=decay_epochs)[-1]
        assert f"train longer: {flags} --epochs=40" in step


@pytest.mark.parametrize("mean", ["?", None, [], math.nan, math.inf, 10**400, -1e300])
def test_metrics_of_strangers_are_no_error(mean):
    """Those of a run of which the files are damaged."""
    assert lines_of({key: {"mean": mean, "standard_error": mean} for key in METRICS})


def test_patience_has_found_the_best_epoch():
    rising = [{"epoch": x, "validation_bound": float(min(x, 39 - x))} for x in range(1, 22)]
    assert "still rising" in lines_of(history=rising)[-1]
    assert "still rising" not in lines_of(history=rising, has_ended=True)[-1]
    falling = [{"epoch": x, "validation_bound": -float(x)} for x in range(1, 21)]
    assert lines_of(history=falling, has_ended=True)[-1].endswith("since, so get more examples.")


def test_the_bound_does_not_tell_of_a_decoder_that_was_trained_alone():
    whole = [{"epoch": x, "train_bound": 1.0, "validation_bound": float(x)} for x in range(1, 6)]
    alone = [
        {"epoch": x, "train_generator_loss": 1.0, "validation_bound": -float(x)}
        for x in range(6, 21)
    ]
    assert "still rising" in lines_of(history=whole)[-1]
    step = lines_of(history=[*whole, *alone])[-1]
    assert "rising" not in step
    assert "best after" not in step
