"""Fills what a table lacks from what it has, with a model of such tables.

--data has the columns of the data that the model was trained on, or some of them; it may be the
same table. Everything in it stays as it is, as do the order and the types of its columns. Empty
cells are filled: numbers with their mean, classes and yes or no with the likeliest. Beside each
column of numbers stands the standard deviation of what was filled in (length_mm_sd), beside classes
the probability of the class (species_probability), beside yes or no that of yes, and beside texts
the share of samples that give the text.

--draws=5 writes five tables instead, completed_1.csv to completed_5.csv, for multiple imputation:
in each, cells are filled with one sample of what they may be.

Missing images and arrays are written into the folder completed_files beside the table, and their
cells name them. An image that cannot be read counts as missing, but its cell stays.
"""

from jmvae_tf.programs.common import run_or_export, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.errors import UserError

EXAMPLES = {
    "bin/complete --run=runs/shells-jmvae_kl --data=shells.csv": "writes completed.csv",
    "bin/complete --run=runs/shells-jmvae_kl --data=shells.csv --draws=5": (
        "writes five tables for multiple imputation"
    ),
}

run_or_export.define_model_and_table(out="completed.csv")
_DRAWS = shared_flags.define_integer(
    "draws", None, "the number of tables to write with samples instead of means", 1, 1000
)
_NUM_SAMPLES = shared_flags.define_integer(
    "num_samples", 64, "samples that a mean and its spread are of", 2, 10_000
)
_SEED = shared_flags.define_seed(0, "the same seed fills in the same values")
shared_flags.define_inference()


def main() -> None:
    """Runs the program."""
    if _DRAWS.value and _NUM_SAMPLES.present:
        raise UserError(
            "--num_samples is for means",
            f"--num_samples={_NUM_SAMPLES.value} with --draws={_DRAWS.value}",
            "leave one of them out",
        )
    chosen = run_or_export.model_and_table()
    load_tensorflow()
    from jmvae_tf.programs.tasks import incomplete_tables

    incomplete_tables.complete_table(
        chosen, shared_flags.inference(), _NUM_SAMPLES.value, _DRAWS.value, _SEED.value
    )
