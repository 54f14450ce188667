"""What a table or a figure lacks, and what that costs."""

import pytest

from jmvae_tf.reproduction import recipes
from jmvae_tf.reproduction.lacking import what_lacks
from jmvae_tf.reproduction.recipes import JMVAE_KL_RUN, JMVAE_KL_RUNS_BY_ALPHA, JMVAE_RUN
from jmvae_tf.reproduction.runs import Runs
from jmvae_tf.reproduction.scales import QUICK
from jmvae_tf.reproduction.tables import measures_for_table
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import write_json

UNTIMED = "no run of the same model was timed at this scale"
OTHER = JMVAE_KL_RUNS_BY_ALPHA[0.1]


@pytest.fixture
def runs(tmp_path):
    return Runs(tmp_path, QUICK)


def do(runs, recipe, epochs=20, measures=(), durations=None):
    """Makes the folder of a run of some epochs, without a model."""
    folder = runs.folder(recipe)
    folder.start(runs.settings(recipe))
    folder.checkpoints.mkdir()
    folder.checkpoint_of(epochs).touch()
    for name in measures:
        write_json(folder.path / "measures" / f"{name}.json", {})
    if durations is not None:
        write_json(folder.path / "measures" / "durations.json", durations)


def times(training=600.0, epochs=20, **measured):
    return {
        "training": training,
        "epochs": epochs,
        "measuring": sum(measured.values()),
        "measured": measured,
    }


def test_of_nothing_that_was_timed_only_the_scale_is_known(runs):
    names = "jmvae, jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1, jmvae_kl"
    assert what_lacks(runs, "table", "2016-3") == [
        f"table 2016-3 lacks 80 epochs of {names}, and measures of {names}",
        f"no estimate: {UNTIMED}; everything at --scale=quick takes hours on two cores",
    ]


def test_a_time_goes_by_runs_of_the_same_model(runs):
    """Of jmvae_kl one is done, one has five epochs and one none; of jmvae nothing was timed."""
    do(runs, JMVAE_KL_RUN, measures=["likelihoods"], durations=times(likelihoods=120.0))
    do(runs, OTHER, 5, durations=times(150.0, 5))
    assert what_lacks(runs, "table", "2016-3") == [
        "table 2016-3 lacks 55 epochs of jmvae, jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1, and "
        "measures of jmvae, jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1",
        # 30 s an epoch, 35 epochs.
        "estimate: training jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1 takes about 18 min, by timed "
        "runs of the same models at this scale",
        f"no estimate of training jmvae: {UNTIMED}",
        "estimate: measuring jmvae_kl-alpha-0.01, jmvae_kl-alpha-0.1 takes about 4 min, by timed "
        "runs of the same models at this scale",
        f"no estimate of measuring jmvae: {UNTIMED}",
        "everything at --scale=quick takes hours on two cores",
    ]


def test_the_time_of_other_measures_is_none_of_these(runs):
    do(runs, JMVAE_KL_RUN, durations=times())
    do(runs, JMVAE_RUN, measures=["generation"], durations=times(generation=900.0))
    lines = what_lacks(runs, "table", "2016-3")
    assert any(x.startswith("no estimate of measuring jmvae,") for x in lines)


def test_runs_of_other_seeds_tell_how_long_these_take(tmp_path):
    first = Runs(tmp_path / "reproduce-quick", QUICK)
    for recipe in (JMVAE_RUN, JMVAE_KL_RUN):
        do(first, recipe, durations=times(60.0, 20))
    second = Runs(tmp_path / "reproduce-quick-seed-1", QUICK, 1)
    assert what_lacks(second, "figure", "4") == [
        "figure 4 lacks 60 epochs of jmvae, jmvae_h, jmvae_kl",
        "estimate: training jmvae, jmvae_kl takes about 2 min, by timed runs of the same models at "
        "this scale",
        f"no estimate of training jmvae_h: {UNTIMED}",
        "everything at --scale=quick takes hours on two cores",
    ]


def test_nothing_lacks(runs):
    for name in ("2018-1-mnist", "2016-1", "2016-3"):
        for recipe in recipes.TABLES[name]:
            if not runs.folder(recipe).is_run():
                do(runs, recipe)
            measures = measures_for_table(name, recipe)
            write_json(runs.folder(recipe).path / "measures" / f"{measures}.json", {})
        assert what_lacks(runs, "table", name) == []
    assert what_lacks(runs, "figure", "4") == []


def test_a_figure_lacks_trainings_alone(runs):
    for recipe in recipes.FIGURES["4"][:2]:
        do(runs, recipe, durations=times())
    assert what_lacks(runs, "figure", "4") == [
        "figure 4 lacks 20 epochs of jmvae_kl",
        f"no estimate: {UNTIMED}; everything at --scale=quick takes hours on two cores",
    ]


def test_tables_of_both_papers_need_other_measures():
    assert measures_for_table("2018-1-mnist", JMVAE_RUN) == "generation"
    assert measures_for_table("2016-1", JMVAE_RUN) == "likelihoods-zeros-1-samples"
    assert measures_for_table("2016-1", JMVAE_KL_RUN) == "likelihoods"


def test_what_is_no_run_is_refused(runs, tmp_path):
    (tmp_path / "jmvae").mkdir()
    (tmp_path / "jmvae" / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="choose another --runs_dir"):
        what_lacks(runs, "table", "2016-3")
