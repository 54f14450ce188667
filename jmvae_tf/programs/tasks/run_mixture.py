"""The mixture in the latent space of a run, for a program that samples from it."""

import pathlib
import shlex

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.latent_mixture import LatentMixture
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.programs.tasks import run_data
from jmvae_tf.reporting.mixtures import fit_mixture_of_run, mixture_of_run
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.training import local_file
from jmvae_tf.training.run_folder import name_of_epoch


def sampled_mixture(
    run: ChosenRun, model: MultimodalVAE, sampler: str | None
) -> LatentMixture | None:
    """Returns the mixture that z is drawn from with nothing given; None for the prior.

    Args:
      run: the run.
      model: the model of its checkpoint.
      sampler: "prior" or "mixture"; None for the mixture if the model has no prior.

    Raises:
      UserError: see `mixture_of`.
    """
    usual = "prior" if model.has_prior else "mixture"
    return mixture_of(run, model) if (sampler or usual) == "mixture" else None


def mixture_of(run: ChosenRun, model: MultimodalVAE) -> LatentMixture:
    """Reads the mixture of a run; fits it to the data of the run, where they were, if it has none.

    Args:
      run: the run.
      model: the model of its checkpoint.

    Raises:
      UserError: if the file is damaged, the data are not where they were, or there can be no
        mixture.
    """
    checkpoint = name_of_epoch(run.folder, run.checkpoint)
    if found := mixture_of_run(model, run.folder, checkpoint):
        return found
    evaluates = f"bin/evaluate --run={shlex.quote(str(run.folder.path))}"
    # What needs no mixture: a model without p(z) always samples from one if nothing is given.
    instead = "leave --sampler out" if model.has_prior else "give a modality, with --given"
    if model.conditions:
        raise UserError(
            "A mixture is of a model that needs nothing given",
            f"one that needs {' and '.join(model.conditions)}",
            instead,
        )
    try:
        data_dir = local_file.read_data_dir(run.folder.path) or pathlib.Path("data")
        data = run_data.load_for(run, None, data_dir)
    except UserError as error:
        raise UserError(
            "A mixture in the latent space is fitted to the data of the run where they were",
            str(error),
            f"fit it with {evaluates}, which takes --data and --data_dir",
        ) from error
    print("fitting a mixture of Gaussians to the latent space", flush=True)
    try:
        return fit_mixture_of_run(model, data, run.folder, checkpoint)
    except ValueError as error:
        rule, _, received = str(error).partition(" Received: ")
        raise UserError(rule.removesuffix("."), received, instead) from error
