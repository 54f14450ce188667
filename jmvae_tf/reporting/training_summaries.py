"""Keeps what exports of a run say about its training data in the folder of the run."""

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.export.summarise_training import MOST_EXAMPLES, summarise_training
from jmvae_tf.export_format.training_summary import (
    SUMMARY_FILE,
    TrainingSummary,
    read_training_summary,
    write_training_summary,
)
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.training.run_folder import RunFolder


def summarise_run(
    model: MultimodalVAE, data: DataSet, folder: RunFolder, checkpoint: str
) -> TrainingSummary:
    """Summarises the training data of a run, and writes `training_summary.json`.

    Args:
      model: the model of a checkpoint.
      data: the data that it was trained on.
      folder: the folder of the run.
      checkpoint: the name of the checkpoint, of an epoch.

    Raises:
      OSError: if it cannot be written.
    """
    batches = pipelines.spread(data, "train", MOST_EXAMPLES)
    summary = summarise_training(model, batches, checkpoint)
    write_training_summary(folder.path / SUMMARY_FILE, summary)
    return summary


def summary_of_run(
    model: MultimodalVAE, folder: RunFolder, checkpoint: str
) -> TrainingSummary | None:
    """Reads the summary of a run; None if it has none, or one of another checkpoint.

    Raises:
      UserError: if it is damaged, or of another latent space.
    """
    path = folder.path / SUMMARY_FILE
    summary = read_training_summary(path, model.modalities, model.latent_dim)
    return summary if summary and summary.checkpoint == checkpoint else None
