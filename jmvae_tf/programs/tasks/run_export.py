"""Exports the model of a run."""

from jmvae_tf.export.permissions import warn_if_private
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.programs.common.chosen_run import ChosenRun, export_folder
from jmvae_tf.reporting.mixtures import mixture_of_run
from jmvae_tf.reporting.model_card import write_model_card
from jmvae_tf.reporting.training_summaries import summary_of_run
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import name_of_epoch


def export_run(run: ChosenRun, export_dir: str, keep_versions: int | None) -> None:
    """Writes the next version of a run's SavedModel, and prints its folder.

    Args:
      run: the run.
      export_dir: the folder of all SavedModels.
      keep_versions: the number of newest versions to keep; None for all.

    Raises:
      UserError: if the checkpoint cannot be read, or a weight is not finite.
    """
    model = load_checkpoint(run.checkpoint, run.folder)
    folder = export_folder(export_dir, run.settings)
    checkpoint = name_of_epoch(run.folder, run.checkpoint)
    summary = summary_of_run(model, run.folder, checkpoint)
    mixture = mixture_of_run(model, run.folder, checkpoint)
    columns = run.settings.columns
    exported = export_saved_model(model, folder, keep_versions, columns, summary, mixture)
    write_model_card(exported, model, run.folder, run.settings, checkpoint)
    warn_if_private(exported)
    print(exported)
