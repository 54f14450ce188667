"""Writes the SavedModel of a run again, from a checkpoint, as the next version."""

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.chosen_run import choose_run
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow

EXAMPLES = {
    "bin/export --run=runs/digits-jmvae_kl --checkpoint=best": (
        "exports the epoch that was best on the validation set"
    ),
    "bin/export --keep_versions=2": "exports, and removes all but the newest two versions",
}

_RUN = shared_flags.define_run()
_CHECKPOINT = shared_flags.define_checkpoint()
_EXPORT_DIR, _KEEP_VERSIONS = shared_flags.define_export()


def main() -> None:
    """Runs the program."""
    run = choose_run(_RUN.value, _CHECKPOINT.value)
    load_tensorflow()
    from jmvae_tf.programs.tasks import run_export

    run_export.export_run(run, _EXPORT_DIR.value, _KEEP_VERSIONS.value)
