"""What the reader of a comparison must know: how it was made, and what its columns mean."""

import shlex
from collections.abc import Mapping, Sequence

import tensorflow as tf

from jmvae_tf.reproduction.compared_runs import ComparedRuns
from jmvae_tf.reproduction.comparison_table import MeasureColumn, MeasuredModel
from jmvae_tf.reproduction.durations import read_durations
from jmvae_tf.reproduction.paper_table import shown
from jmvae_tf.reproduction.recipes import Recipe
from jmvae_tf.runtime.cores import cores_in_words
from jmvae_tf.runtime.progress import time_in_words
from jmvae_tf.runtime.version import installed_versions

_MEANINGS = {
    "conditional_coherence_1_given": "N given: share of all that is generated from N modalities of "
    "a test example in which a judge, fitted to real training data, finds its class",
    "joint_coherence": "joint: share of samples from the prior in all of whose modalities the "
    "judges find the same class",
    "joint_coherence_mixture": "joint, mixture: the same of samples from ten Gaussians that are "
    "fitted to z of training data",
    "asked_for": "as asked: share of images and texts, generated from labels, in which a "
    "classifier finds the label; from attributes the balanced accuracy, mean over attributes",
    "linear_probe": "probe of z: share of test examples whose label logistic regression reads off "
    "the mean of q(z given one other modality), mean over these, of several layers the first",
    "diversity": "diversity: mean distance between images generated for one condition, over that "
    "between real ones",
    "frechet_distance": "Fréchet distance: of images generated for one condition each to real test "
    "images, in 64 principal components of the project's own features, not those of FID; lower is "
    "better",
    "log_p_joint": "log p of all modalities: in nats, by importance weights, k = {k}, z from q(z "
    "given all)",
    "log_p_target": "log p of one modality: the same, z from q(z given it)",
}
_JUDGE = "class_judge_accuracy_"
_OF_REAL_DATA = {
    "classifier_accuracy": "the classifier of images is right for {} of them",
    "judge_balanced_accuracy": "the judge of attributes has the balanced accuracy {}",
    "frechet_distance_real": "the Fréchet distance of real training images to them is {}",
}
"""Ends of the names of metrics of real data, whose mean says how good a model can look."""


def comparison_title(runs: ComparedRuns, models: Sequence[MeasuredModel], epochs: int) -> str:
    """Returns the title of the table and of the picture."""
    hidden = f", modalities hidden with probability {runs.hidden:g}" if runs.hidden else ""
    number = "1 model" if len(models) == 1 else f"{len(models)} models"
    length = "1 epoch" if epochs == 1 else f"{epochs} epochs"
    return f"{runs.data_name}: {number}, {length}{hidden}"


def notes_on(
    runs: ComparedRuns,
    recipes: Sequence[Recipe],
    models: Sequence[MeasuredModel],
    columns: Mapping[str, Sequence[MeasureColumn]],
    command: Sequence[str],
) -> list[str]:
    """Returns the notes below the table.

    Args:
      runs: the runs.
      recipes: their models and seeds.
      models: the models with their measures.
      columns: the columns of the table.
      command: the command that made it.
    """
    settings = runs.settings(recipes[0])
    versions = installed_versions()
    meanings = [
        _MEANINGS[x.key].format(k=runs.scale.num_importance_samples)
        for of_part in columns.values()
        for x in of_part
        if x.key in _MEANINGS
    ]
    return [
        f"made by `{shlex.join(_anywhere(command))}` with "
        + ", ".join(f"{name} {versions[name]}" for name in ("jmvae_tf", "tensorflow")),
        f"all models: warm-up of {settings.warmup_epochs} of {settings.epochs} epochs, "
        f"{settings.latent_dim} values of z, batches of {settings.batch_size}, the same networks "
        "and weights of likelihoods; alpha, beta and the like are those of each model's preset",
        *filter(None, [runs.gaps()]),
        f"mean ± standard error over {_number_measured(runs):,} test examples, the same for every "
        f"row, so that differences between rows are surer than it says{_seeds(models)}; -: not "
        "defined",
        "the values of the objectives are not compared, since they differ and not all are bounds",
        *meanings,
        *_of_real_data(models),
        _times(runs, recipes),
    ]


def _anywhere(command: Sequence[str]) -> list[str]:
    """Returns a command as others would type it, without the folders of this machine."""
    data_dir, runs_dir = "--data_dir=", "--runs_dir="
    kept = [part for part in command if not part.startswith(runs_dir)]
    return [f"{data_dir}DIR" if part.startswith(data_dir) else part for part in kept]


def _number_measured(runs: ComparedRuns) -> int:
    """Returns the number of test examples, from the first, that runs are measured on."""
    available = runs.data.num_examples("test")
    return min(available, runs.scale.num_likelihood_examples or available)


def _seeds(models: Sequence[MeasuredModel]) -> str:
    """Says what stands in brackets, and of which models."""
    several = {model.name: len(model.seeds) for model in models if len(model.seeds) > 1}
    if not several:
        return f"; one run each, seed {models[0].seeds[0]}"
    numbers = ", ".join(f"{name} {number}" for name, number in several.items())
    rest = "" if len(several) == len(models) else ", one of all others"
    return (
        f"; means over seeds (runs: {numbers}{rest}), in brackets the standard deviation over them"
    )


def _of_real_data(models: Sequence[MeasuredModel]) -> list[str]:
    """Says how the judges read real data, which is the same for all models that have these."""
    texts: dict[str, str] = {}
    for model in models:
        names = list(model.measures[0])
        for name in names:
            of, judge, modality = name.rpartition(_JUDGE)
            value = model.value([name])
            if judge and value:
                text = f"the judge of {modality} is right for {shown(value.estimate)} of them"
                texts.setdefault(f"{of}{modality}", text)
        for end, text in _OF_REAL_DATA.items():
            value = model.value([name for name in names if name.endswith(end)])
            if value:
                texts.setdefault(end, text.format(shown(value.estimate)))
    return [f"real test data: {', '.join(texts.values())}"] if texts else []


def _times(runs: ComparedRuns, recipes: Sequence[Recipe]) -> str:
    spent = [read_durations(runs.folder(recipe)) for recipe in recipes]
    training, measuring = (
        sum(getattr(x, work) for x in spent) for work in ("training", "measuring")
    )
    gpus = len(tf.config.list_physical_devices("GPU"))
    machine = cores_in_words() + (f" and {gpus} GPU" if gpus else "")
    return (
        f"minutes: of the training of one run, on {machine}; training took "
        f"{time_in_words(training)} in all, and measuring {time_in_words(measuring)}"
    )
