"""Evaluates the model of a run on the test set."""

import pathlib
from collections.abc import Mapping
from typing import Any

from jmvae_tf.evaluation.metrics.importance import usual_num_samples
from jmvae_tf.evaluation.protocol import Protocol
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.programs.common.run_program import interrupted
from jmvae_tf.programs.tasks import run_data
from jmvae_tf.programs.tasks.run_model import load_model_of
from jmvae_tf.reporting.last_lines import last_lines_of_evaluation
from jmvae_tf.reporting.metrics_file import write_metrics
from jmvae_tf.reporting.mixtures import mixture_if_possible
from jmvae_tf.reporting.run_figures import draw_reconstructions
from jmvae_tf.reporting.training_summaries import summarise_run
from jmvae_tf.training.run_folder import name_of_epoch


def evaluate_run(
    run: ChosenRun,
    inference: Mapping[str, Any],
    data_source: str | None,
    data_dir: pathlib.Path,
    *,
    num_samples: int,
    num_importance_samples: int | None,
    num_prior_samples: int,
    seed: int,
    num_examples: int | None,
    out: pathlib.Path,
    verbose: bool = False,
) -> None:
    """Measures a run, writes its metrics to a file, draws its reconstructions and sums it up.

    Args:
      run: the run.
      inference: settings of iterative sampling that replace the run's.
      data_source: the value of --data; None for what the run says.
      data_dir: folder of the data, or to download them to.
      num_samples: see `Protocol`.
      num_importance_samples: see `Protocol`; None for the 2016 paper's number.
      num_prior_samples: see `Protocol`.
      seed: see `Protocol`.
      num_examples: the number of test examples, from the first; None for all.
      out: the JSON file.
      verbose: whether to print the table of all metrics.

    Raises:
      UserError: if the run or the data cannot be read, or the model does not have a setting.
      KeyboardInterrupt: if a signal stopped the evaluation.
    """
    model, used = load_model_of(run, inference)
    data = run_data.load_for(run, data_source, data_dir)
    protocol = Protocol(
        num_samples=num_samples,
        num_importance_samples=num_importance_samples or usual_num_samples(model),
        num_prior_samples=num_prior_samples,
        seed=seed,
    )
    checkpoint = name_of_epoch(run.folder, run.checkpoint)
    about = {"checkpoint": checkpoint, **used}
    try:
        mixture = mixture_if_possible(model, data, run.folder, checkpoint)
        write_metrics(model, data, protocol, out, num_examples, about, verbose, mixture)
        draw_reconstructions(model, data, run.folder, seed)
        if not inference:  # Exports infer as the run's settings say.
            summarise_run(model, data, run.folder, checkpoint)
    except KeyboardInterrupt as interrupt:
        raise interrupted(interrupt, f"{out} is unchanged; start again") from None
    number, has_mixture = data.num_examples("train"), mixture is not None
    print(last_lines_of_evaluation(run.folder, run.settings, model, number, out, has_mixture))
