"""The verdict follows from metrics and their baselines."""

import math

import pytest

from jmvae_tf.export_format.value_names import END_MARK
from jmvae_tf.likelihoods import Bernoulli, Categorical, CategoricalSequence, Gaussian
from jmvae_tf.modalities import Modality
from jmvae_tf.reporting.next_step import Training
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


def judged(metrics=METRICS, history=STEADY, num_training=5000, modalities=MODALITIES, **named):
    return verdict(metrics, modalities, Training(history, num_training, **named))


def next_of(*arguments, **named):
    """Returns the next step, with its flags."""
    return judged(*arguments, **named).step.with_flags


def test_targets_are_sorted_by_what_they_gain_over_their_baseline():
    best, second, worst, samples, last = judged().lines
    assert best == "Reads species from photo: 90.0% right, always guessing the commonest 40.0%."
    assert second.startswith("Draws photo from species: 13.0 dB, the mean photo alone 12.0 dB.")
    assert worst.startswith("Predicts measures from species: R² 0.01, the worst column -0.20")
    for part in ("hold 60% of the true values", "learned by heart", "species in 130"):
        assert part in samples
    assert last == "Verdict: mixed; photo only in part, measures no better than a guess."
    assert next_of().startswith("look whether the data tell measures at all")


def test_the_best_source_of_each_target_is_named():
    better = {**METRICS, "photo_to_measures_r2": {"mean": 0.8, "standard_error": 0.02}}
    better["photo_to_measures_r2_worst"] = {"mean": 0.7, "standard_error": 0.02}
    lines = judged(better).lines
    assert "Reads measures from photo: R² 0.80, the worst column 0.70, the mean alone 0." in lines
    assert lines[-1] == "Verdict: fair; photo only in part."


def of_mean(mean):
    return {"mean": mean, "standard_error": 0.01}


def test_images_are_judged_by_whether_they_show_what_was_asked_for():
    metrics = {
        **METRICS,
        "label_coherence": of_mean(0.9),
        "classifier_accuracy": of_mean(0.95),
        "label_diversity": of_mean(0.4),
        "photo_sharpness_species_to_photo_over_real": of_mean(0.5),
    }
    modalities = {name: MODALITIES[name] for name in ("photo", "species")}
    draws, _, samples, last = judged(metrics, modalities=modalities).lines
    assert (
        draws == "Draws photo from species: 90.0% show the species asked for, in real ones 95.0%."
    )
    assert "for the same species differ 40% as much as real ones and are 50% as sharp." in samples
    assert last == "Verdict: good; it does well what it was trained for."


def test_attributes_that_images_show_are_compared_with_a_guess():
    traits = Modality("traits", (2,), Gaussian(), kind="attributes", value_names=("a", "b"))
    metrics = {
        "traits_to_photo_coherence": of_mean(0.51),
        "traits_to_photo_judge_balanced_accuracy": of_mean(0.9),
        "traits_to_photo_diversity": of_mean(0.8),
    }
    lines = judged(metrics, modalities={"photo": MODALITIES["photo"], "traits": traits}).lines
    assert lines == [
        "Draws photo from traits: 51.0% of traits asked for show, a guess 50%, in real ones 90.0%.",
        "Samples of photo for the same traits differ 80% as much as real ones.",
        "Verdict: poor; photo no better than a guess.",
    ]


@pytest.mark.parametrize(
    ("judge", "words"),
    [
        (0.99, "97.0% show the species asked for, in real ones 99.0%."),
        (0.5, "60.0% of symbols right, always guessing the commonest 50.0%."),
    ],
)
def test_texts_are_judged_by_their_label_where_they_tell_it(judge, words):
    """Symbols are hard to get right where a word may begin anywhere."""
    alphabet = ("a", "b", END_MARK)
    word = Modality("word", (8, 3), CategoricalSequence(), kind="text", value_names=alphabet)
    metrics = {
        "species_to_word_symbol_accuracy": of_mean(0.6),
        "species_to_word_usual_symbol_accuracy": of_mean(0.5),
        "word_species_label_coherence": of_mean(0.97 if judge > 0.9 else 0.5),
        "word_species_classifier_accuracy": of_mean(judge),
    }
    lines = judged(metrics, modalities={"species": MODALITIES["species"], "word": word}).lines
    assert lines[0] == f"Writes word from species: {words}"


def test_of_many_targets_the_best_and_the_worst_are_named():
    columns = {x: Modality(x, (1,), Gaussian(), kind="numbers") for x in "abcde"}
    metrics = {
        f"a_to_{x}_r2{worst}": of_mean(0.9 - 0.1 * place)
        for place, x in enumerate("bcde")
        for worst in ("", "_worst")
    }
    lines = judged(metrics, modalities=columns).lines
    assert [line[:24] for line in lines[:3]] == [
        "Predicts b from a: R² 0.",
        "Predicts c from a: R² 0.",
        "Worst of 4: predicts e f",
    ]


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
        ({"species_to_measures_r2": None}, [], None, "another seed: --seed=1"),
    ],
)
def test_the_next_step_is_what_helps_most(metrics, history, num_training, step):
    found = judged({**METRICS, **metrics}, history, num_training)
    assert step in found.step.with_flags
    assert len(found.lines) <= 5


def test_files_of_other_versions_give_a_verdict_too():
    lines, step = judged({})
    assert lines == []
    assert step.with_flags == "see what chance does, with a run of another seed: --seed=1"
    assert judged({"photo_mean_psnr": {"mean": "?"}, "protocol": 3})


def test_a_run_whose_rate_has_decayed_is_not_resumed():
    history = [{"epoch": x, "validation_bound": float(x)} for x in range(1, 21)]
    for decay_epochs, flags in (
        (0, ("--resume", "--epochs=40")),
        (40, ("--resume", "--epochs=40")),
        (20, ("--epochs=40", "--decay_epochs=40")),
    ):
        step = judged({}, history, decay_epochs=decay_epochs).step
        assert "train longer" in step.text
        assert step.flags == flags
        assert step.resumes == ("--resume" in flags)


@pytest.mark.parametrize("mean", ["?", None, [], math.nan, math.inf, 10**400, -1e300])
def test_metrics_of_strangers_are_no_error(mean):
    """Those of a run of which the files are damaged."""
    assert judged({key: {"mean": mean, "standard_error": mean} for key in METRICS})


def test_patience_has_found_the_best_epoch():
    rising = [{"epoch": x, "validation_bound": float(min(x, 39 - x))} for x in range(1, 22)]
    assert "still rising" in next_of(history=rising)
    assert "still rising" not in next_of(history=rising, has_ended=True)
    falling = [{"epoch": x, "validation_bound": -float(x)} for x in range(1, 21)]
    assert next_of(history=falling, has_ended=True).endswith("since, so get more examples")


def test_an_objective_that_is_no_bound_is_not_called_one():
    rising = [{"epoch": x, "validation_objective": float(x)} for x in range(1, 21)]
    assert "the validation objective was still rising" in next_of(history=rising)


def test_the_bound_does_not_tell_of_a_decoder_that_was_trained_alone():
    whole = [{"epoch": x, "train_bound": 1.0, "validation_bound": float(x)} for x in range(1, 6)]
    alone = [
        {"epoch": x, "train_generator_loss": 1.0, "validation_bound": -float(x)}
        for x in range(6, 21)
    ]
    assert "still rising" in next_of(history=whole)
    step = next_of(history=[*whole, *alone])
    assert "rising" not in step
    assert "best after" not in step


def test_a_training_that_ends_in_its_warm_up_is_resumed_beyond_it():
    falling = [{"epoch": x, "validation_bound": -float(x)} for x in range(1, 21)]
    step = judged({}, falling[:2], warmup_epochs=20).step
    assert "the warm-up lasts until epoch 20, training ended at 2" in step.text
    assert step.flags == ("--resume", "--epochs=40")
    # Bounds of the warm-up do not count, so the best of the others is the last.
    rising = [{"epoch": x, "validation_bound": float(x)} for x in range(21, 31)]
    assert "still rising" in next_of(history=[*falling, *rising], warmup_epochs=20)
    lower = [{**row, "validation_bound": row["validation_bound"] - 100} for row in rising]
    assert "still rising" in next_of(history=[*falling, *lower], warmup_epochs=20)


def test_epochs_may_be_more_than_evaluations():
    """Few bounds are no reason to say nothing, or that what lies between them was worse."""

    def history(epochs, bounds):
        return [
            {"epoch": x} | ({"validation_bound": bounds[x]} if x in bounds else {})
            for x in range(1, epochs + 1)
        ]

    short = history(25, {5: -9.0, 10: -8.0, 15: -7.0, 20: -6.0, 25: -5.0})
    assert "training ended at 25, so train longer" in next_of(history=short, warmup_epochs=20)
    long = history(100, {100: -5.0})
    assert "so train longer" not in next_of(history=long, warmup_epochs=20)
    assert "fell since" not in next_of(history=history(20, {10: -1.0, 20: -2.0}))
    assert "best after 5 of 20" in next_of(history=history(20, {5: -1.0, 10: -2.0, 20: -2.0}))
    assert "still rising" in next_of(history=history(20, {10: -2.0, 20: -1.0}))
