"""Writes the SavedModel of a run again, from a checkpoint, as the next version."""

import pathlib

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.training.run_folder import RunFolder

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_EXPORT_DIR, _KEEP_VERSIONS = shared_flags.define_export()


def main() -> None:
    """Runs the program."""
    folder = RunFolder(pathlib.Path(_RUN.value))
    settings = folder.read_settings()
    checkpoint = folder.choose_checkpoint(_CHECKPOINT.value)

    load_tensorflow()
    from jmvae_tf.export.permissions import tell_if_private
    from jmvae_tf.export.saved_model import export_saved_model
    from jmvae_tf.training.train import load_checkpoint

    model = load_checkpoint(checkpoint, settings)
    export_dir = shared_flags.export_folder(_EXPORT_DIR.value, settings)
    exported = export_saved_model(model, export_dir, _KEEP_VERSIONS.value)
    tell_if_private(exported)
    print(exported)
