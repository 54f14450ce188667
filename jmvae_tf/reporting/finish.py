"""Finishes a training: exports the model, evaluates it, draws its figures and sums it up."""

import pathlib
import shlex

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.evaluate import Protocol
from jmvae_tf.export.permissions import warn_if_private
from jmvae_tf.export.saved_model import export_saved_model
from jmvae_tf.export_format.training_summary import TrainingSummary
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.reporting.last_lines import last_lines
from jmvae_tf.reporting.metrics_file import is_evaluated, write_metrics
from jmvae_tf.reporting.model_card import write_model_card
from jmvae_tf.reporting.run_figures import draw_figures
from jmvae_tf.reporting.training_summaries import summarise_run
from jmvae_tf.runtime.errors import UserError, one_line
from jmvae_tf.settings import Settings
from jmvae_tf.training.checkpoints import load_checkpoint
from jmvae_tf.training.run_folder import RunFolder, name_of_epoch


def finish_run(
    folder: RunFolder,
    settings: Settings,
    data: DataSet,
    export_dir: pathlib.Path,
    keep_versions: int | None = None,
    verbose: bool = False,
) -> pathlib.Path:
    """Exports the last checkpoint of a run, evaluates it and draws its figures, on one device.

    With `settings.patience`, it is the best checkpoint instead. Prints a summary of a few lines,
    and the commands that come next.

    Everything is computed in float32. The export comes first, so that a later failure cannot lose
    it.

    Args:
      folder: the run's folder.
      settings: the run's settings.
      data: the data that it was trained on.
      export_dir: folder with the versions of the SavedModel.
      keep_versions: the number of newest versions to keep; None for all.
      verbose: whether to print the table of all metrics too.

    Returns:
      The new version's folder.

    Raises:
      UserError: if the model cannot be evaluated or its figures cannot be drawn.
    """
    path = folder.best_checkpoint if settings.patience else folder.checkpoint_of(settings.epochs)
    checkpoint = name_of_epoch(folder, path)
    print("exporting the model", flush=True)
    model = load_checkpoint(path, folder)
    summary = _summary(model, data, folder, checkpoint)
    exported = export_saved_model(model, export_dir, keep_versions, settings.columns, summary)
    warn_if_private(exported)
    # Importance weights take minutes; bin/evaluate has them.
    protocol = Protocol(num_importance_samples=0, seed=settings.seed)
    about = {"checkpoint": checkpoint}
    try:
        write_model_card(exported, model, folder, settings, checkpoint)  # Without metrics as yet.
        if not is_evaluated(folder, checkpoint):
            write_metrics(model, data, protocol, folder.metrics_file, about=about, verbose=verbose)
        write_model_card(exported, model, folder, settings, checkpoint)
        print("drawing figures", flush=True)
        for note in draw_figures(model, data, folder, settings.seed):
            print(f"note: {note}")
        print(last_lines(folder, settings, model, data.num_examples("train"), exported), flush=True)
    except Exception as error:  # Show that hours of training are not lost.
        raise UserError(
            "The trained model could not be evaluated",
            f"{type(error).__name__}: {error}",
            f"the run {folder.path} and the SavedModel {exported} are complete; fix the cause "
            f"and run bin/evaluate --run={shlex.quote(str(folder.path))}",
        ) from error
    return exported


def _summary(
    model: MultimodalVAE, data: DataSet, folder: RunFolder, checkpoint: str
) -> TrainingSummary | None:
    """Summarises the training data; an export without a summary is better than none."""
    try:
        return summarise_run(model, data, folder, checkpoint)
    except Exception as error:
        reason = one_line(f"{type(error).__name__}: {error}")
        print(f"note: the export says nothing about its training data ({reason})")
        return None
