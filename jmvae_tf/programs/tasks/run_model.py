"""The model of a run, with the inference that the user chose."""

from collections.abc import Mapping
from typing import Any, get_args

from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.iterative import FeedBack, IterativelySampledVAE, Missing
from jmvae_tf.programs.common.chosen_run import ChosenRun
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.training.checkpoints import load_checkpoint


def load_model_of(
    run: ChosenRun, inference: Mapping[str, Any]
) -> tuple[MultimodalVAE, dict[str, Any]]:
    """Loads the model of a run's checkpoint.

    Args:
      run: the run.
      inference: settings of iterative sampling that replace the run's.

    Returns:
      The model, and its current settings of iterative sampling, from the user or the run; empty for
      a model without iterative sampling.

    Raises:
      UserError: if the checkpoint cannot be read, or the model does not have a setting.
    """
    model = load_checkpoint(run.checkpoint, run.folder)
    if not isinstance(model, IterativelySampledVAE):
        if inference:
            raise UserError(
                "Only jmvae and jmvae_h fill in missing modalities by iterative sampling",
                " ".join(f"--{name}={value}" for name, value in inference.items()),
                "leave it out",
            )
        return model, {}
    settings = {name: getattr(model, name) for name in ("missing", "num_rounds", "feed_back")}
    settings |= inference
    check_choice("missing", settings["missing"], get_args(Missing))
    check_choice("feed_back", settings["feed_back"], get_args(FeedBack))
    model.set_inference(**settings)
    return model, settings
