"""Evaluates a trained model on the test set.

Metrics: bounds, log-likelihoods, squared errors, accuracy, coherence, diversity, sharpness and a
Fréchet distance. For samples with nothing given it fits a mixture of Gaussians to the latent space
first, and keeps it beside the checkpoint.

Prints how good the model is in a few lines, and what to do next. Writes all metrics with their
standard errors to metrics.json in the run's folder and, as a table, to metrics_table.txt, and draws
figures/reconstructions.png there.
"""

import pathlib

from absl import flags

from jmvae_tf.models.registry import MODELS
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.run_source import data_dir_of_run, source_of_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import check_can_write, read_json
from jmvae_tf.training.run_folder import table_beside

EXAMPLES = {
    "bin/evaluate": "measures runs/digits-jmvae_kl on all test digits",
    "bin/evaluate --num_examples=500 --num_importance_samples=100 --out=quick.json": (
        "a quick look, which leaves metrics.json as it is"
    ),
}

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_DATA = flags.DEFINE_string(
    "data", None, "your own data, as for bin/train (default: those of the run, where they were)"
)
_DATA_DIR = shared_flags.define_data_dir()
_NUM_SAMPLES = shared_flags.define_integer("num_samples", 10, "N of Eq. 5, N x N of Eq. 6", 1)
_NUM_IMPORTANCE_SAMPLES = shared_flags.define_integer(
    "num_importance_samples",
    None,
    "k of the importance-weighted log-likelihoods (default: the 2016 paper's, 1000 on MNIST and "
    "similarly small images, 10 on CelebA and similarly large images)",
    1,
)
_NUM_PRIOR_SAMPLES = shared_flags.define_integer(
    "num_prior_samples", 5000, "N_w: samples of the prior for log p of labels and attributes", 1
)
_NUM_EXAMPLES = shared_flags.define_integer(
    "num_examples",
    None,
    "number of test examples, from the first (default: all)",
    2,
    reason=", for a standard error",
)
_OUT = shared_flags.define_path("out", None, "JSON file (default: metrics.json of the run)")
_SEED = shared_flags.define_seed(0, "the same seed gives the same metrics and figures")
_VERBOSE = shared_flags.define_verbose()
shared_flags.define_inference()


def main() -> None:
    """Runs the program."""
    run = choose_run(_RUN.value, _CHECKPOINT.value)
    source_of_run(run, _DATA.value)
    data_dir = data_dir_of_run(run.folder.path, _DATA_DIR)
    out = pathlib.Path(_OUT.value or run.folder.metrics_file)
    if out.is_dir():
        raise UserError("--out is a file", f"--out={out}, a folder", f"write --out={out}/NAME.json")
    if out != run.folder.metrics_file:  # That of the run is made again, even if it is damaged.
        _check_replaces_metrics(out)
    check_can_write(run.folder.path, "run")
    check_can_write(out.parent, "out")
    if _NUM_IMPORTANCE_SAMPLES.present and not MODELS[run.settings.model].has_prior:
        raise UserError(
            f"{run.settings.model} has no p(z), so no log p(x) for importance weights to estimate",
            f"--num_importance_samples={_NUM_IMPORTANCE_SAMPLES.value}",
            "leave it out; coherence compares it with other models",
        )
    load_tensorflow()
    from jmvae_tf.programs.tasks import run_evaluation

    run_evaluation.evaluate_run(
        run,
        shared_flags.inference(),
        _DATA.value,
        data_dir,
        num_samples=_NUM_SAMPLES.value,
        num_importance_samples=_NUM_IMPORTANCE_SAMPLES.value,
        num_prior_samples=_NUM_PRIOR_SAMPLES.value,
        seed=_SEED.value,
        num_examples=_NUM_EXAMPLES.value,
        out=out,
        verbose=_VERBOSE.value,
    )


def _check_replaces_metrics(out: pathlib.Path) -> None:
    """Raises UserError if --out is no JSON file, or it or its table would replace anything else."""
    if out.suffix != ".json":
        raise UserError("--out must end in .json", f"--out={out}", "choose another name")
    try:
        is_ours = "protocol" in read_json(out)
    except (OSError, ValueError):
        is_ours = False
    for path in (out, table_beside(out)):
        if path.exists() and not is_ours:
            raise UserError(
                "--out replaces nothing but the metrics of an earlier evaluation",
                f"--out={out} where {path} is something else",
                "choose another name",
            )
