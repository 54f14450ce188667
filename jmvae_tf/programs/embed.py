"""Embeds the rows of a table or a folder: means and deviations of the latent variable.

--data has the columns of the data that the model was trained on, or some of them. Each row is
embedded by what it has, as the posterior given that; a row that has nothing gets the prior. The
table that is written has a row for each, with the columns that the model does not use and the names
of files as they are, then z1, z2, ... with the means and z1_sd, z2_sd, ... with the standard
deviations. They are empty in rows without the modalities that a cvae or cmma needs.
"""

from jmvae_tf.programs.common import run_or_export, shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

EXAMPLES = {
    "bin/embed --run=runs/shells-jmvae_kl --data=shells.csv": "writes embedded.parquet",
}

run_or_export.define_model_and_table(out="embedded.parquet")
_SEED = shared_flags.define_seed(0, "seed for models that infer missing modalities by sampling")
shared_flags.define_inference()


def main() -> None:
    """Runs the program."""
    chosen = run_or_export.model_and_table()
    load_tensorflow()
    from jmvae_tf.programs.tasks import incomplete_tables

    incomplete_tables.embed_table(chosen, shared_flags.inference(), _SEED.value)
