"""The mixture of a run in its latent space: fitted once for a checkpoint, and kept beside it."""

from jmvae_tf.data import pipelines
from jmvae_tf.data.data_set import DataSet
from jmvae_tf.evaluation.mixture_fitting import MOST_FITTED_TO, fit_latent_mixture
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.models.latent_mixture_file import read_latent_mixture, write_latent_mixture
from jmvae_tf.training.run_folder import MIXTURE_FILE, RunFolder


def fit_mixture_of_run(
    model: MultimodalVAE, data: DataSet, folder: RunFolder, checkpoint: str
) -> LatentMixture:
    """Fits a mixture to the training data of a run, and writes it beside the checkpoint.

    Args:
      model: the model of a checkpoint.
      data: the data that it was trained on.
      folder: the folder of the run.
      checkpoint: the name of the checkpoint, of an epoch.

    Raises:
      ValueError: if there cannot be one, see `fit_latent_mixture`.
      OSError: if it cannot be written.
    """
    # Those that lack something do not count, so more may be needed to find enough.
    number = data.num_examples("train") if data.masks("train") else MOST_FITTED_TO
    batches = pipelines.spread(data, "train", number)
    mixture = fit_latent_mixture(model, batches, checkpoint=checkpoint)
    write_latent_mixture(folder.checkpoints / MIXTURE_FILE, mixture)
    return mixture


def mixture_if_possible(
    model: MultimodalVAE, data: DataSet, folder: RunFolder, checkpoint: str
) -> LatentMixture | None:
    """Fits the mixture of a run, see `fit_mixture_of_run`; None if there can be none.

    Says why, but for a model with conditions, whose samples are never from nothing.

    Raises:
      OSError: if it cannot be written.
    """
    if model.conditions:
        return None
    print("fitting a mixture of Gaussians to the latent space", flush=True)
    try:
        return fit_mixture_of_run(model, data, folder, checkpoint)
    except ValueError as error:
        print(f"note: no samples of a mixture are measured: {error}")
        return None


def mixture_of_run(
    model: MultimodalVAE, folder: RunFolder, checkpoint: str
) -> LatentMixture | None:
    """Reads the mixture of a run; None if it has none, or one of another checkpoint.

    Raises:
      UserError: if it is damaged.
    """
    mixture = read_latent_mixture(folder.checkpoints / MIXTURE_FILE, model.latent_dim)
    return mixture if mixture and mixture.checkpoint == checkpoint else None
