"""Writes the SavedModel of a run again, from a checkpoint, as the next version."""

import pathlib

from absl import flags

from jmvae_tf.programs import program
from jmvae_tf.training.run_folder import RunFolder

_RUN = program.define_run()
_CHECKPOINT = program.define_checkpoint()
_EXPORT_DIR = flags.DEFINE_string("export_dir", "saved_models", "where SavedModels go")


def main() -> None:
    """Runs the program."""
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)

    program.load_tensorflow()
    from jmvae_tf.export import export_saved_model
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint, settings)
    print(export_saved_model(model, program.export_folder(_EXPORT_DIR.value, settings)))
