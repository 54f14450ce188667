"""Measures a trained model on the test set.

Bounds, log-likelihoods, squared errors, accuracy, coherence, diversity and sharpness.

Prints a table of means with standard errors over test examples, writes them to metrics.json of the
run, and draws figures/reconstructions.png there. For a quick look:
--num_examples=500 --num_importance_samples=100 --out=quick.json
"""

import pathlib

from absl import flags

from jmvae_tf import presets
from jmvae_tf.programs.common import run_program, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training.run_folder import RunFolder

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_DATA_DIR = shared_flags.define_path("data_dir", "data", "where data lie or are downloaded to")
_NUM_SAMPLES = flags.DEFINE_integer("num_samples", 10, "N of Eq. 5, N x N of Eq. 6")
_NUM_IMPORTANCE_SAMPLES = flags.DEFINE_integer(
    "num_importance_samples",
    None,
    "k of the importance-weighted log-likelihoods (default: the 2016 paper's, 1000 on MNIST and "
    "where decoding is as cheap, 10 on CelebA and where images are as large)",
)
_NUM_PRIOR_SAMPLES = flags.DEFINE_integer(
    "num_prior_samples", 5000, "N_w: samples of the prior for log p of labels and attributes"
)
_NUM_EXAMPLES = flags.DEFINE_integer(
    "num_examples", None, "how many test examples, from the first (default: all)"
)
_OUT = shared_flags.define_path("out", None, "JSON file (default: metrics.json of the run)")
_SEED = flags.DEFINE_integer("seed", 0, "the same seed gives the same figures")
shared_flags.define_inference()


def main() -> None:
    """Runs the program."""
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)
    for flag in (_NUM_SAMPLES, _NUM_IMPORTANCE_SAMPLES, _NUM_PRIOR_SAMPLES):
        _require(flag, flag.value is None or flag.value >= 1, "at least 1")
    number = _NUM_EXAMPLES.value
    _require(_NUM_EXAMPLES, number is None or number >= 2, "at least 2, for a standard error")
    _require(_SEED, 0 <= _SEED.value < 2**31, "from 0 to 2147483647")

    load_tensorflow()
    from jmvae_tf import data as data_sets
    from jmvae_tf.evaluation.metrics.importance import usual_num_samples
    from jmvae_tf.evaluation.protocol import Protocol
    from jmvae_tf.reporting.metrics_file import write_metrics
    from jmvae_tf.reporting.run_figures import draw_reconstructions
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint, settings)
    inference = shared_flags.apply_inference(model)
    data = data_sets.load(
        settings.data, pathlib.Path(_DATA_DIR.value), presets.data_options(settings)
    )
    protocol = Protocol(
        num_samples=_NUM_SAMPLES.value,
        num_importance_samples=_NUM_IMPORTANCE_SAMPLES.value or usual_num_samples(model),
        num_prior_samples=_NUM_PRIOR_SAMPLES.value,
        seed=_SEED.value,
    )
    out = pathlib.Path(_OUT.value) if _OUT.value else folder.metrics_file
    about = {"checkpoint": checkpoint.name, **inference}
    try:
        write_metrics(model, data, protocol, out, number, about)
        draw_reconstructions(model, data, folder, _SEED.value)
    except KeyboardInterrupt as interrupt:
        raise run_program.interrupted(interrupt, f"{out} is as it was; start again") from None
    print(f"metrics: {out}")


def _require(flag: flags.FlagHolder, holds: bool, rule: str) -> None:
    if not holds:
        raise UserError(f"--{flag.name} must be {rule}", f"--{flag.name}={flag.value}", "change it")
