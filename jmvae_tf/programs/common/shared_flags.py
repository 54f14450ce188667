"""Flags that several programs have."""

import os
import pathlib
from typing import TYPE_CHECKING, Any, get_args

from absl import flags

from jmvae_tf.presets import Settings, check_choice, run_name
from jmvae_tf.runtime.errors import UserError

if TYPE_CHECKING:
    from jmvae_tf.models.base import MultimodalVAE

flags.disclaim_key_flags()  # --help lists those of the functions here with their callers'.

_INFERENCE = ("missing", "num_rounds", "feed_back")


class _PathParser(flags.ArgumentParser):
    """Expands ~ and ~user, which a shell does not in --flag=~/file."""

    def parse(self, argument: str) -> str:
        path = os.path.expanduser(argument)
        if path.startswith("~"):
            raise ValueError(f"no home folder is known for it; ./{argument} is a file of that name")
        return path


def define_path(name: str, default: str | None, description: str) -> flags.FlagHolder:
    """Defines a flag for the path of a file or a folder."""
    return flags.DEFINE(_PathParser(), name, default, description)


def define_run() -> flags.FlagHolder:
    """Defines --run for a program that reads a run."""
    return define_path("run", "runs/digits-jmvae_kl", "folder of the run")


def define_checkpoint() -> flags.FlagHolder:
    """Defines --checkpoint for a program that reads a run."""
    return define_path("checkpoint", "newest", "newest, best (on validation) or a file")


def define_export() -> tuple[flags.FlagHolder, flags.FlagHolder]:
    """Defines --export_dir and --keep_versions for a program that exports."""
    export_dir = define_path("export_dir", "saved_models", "where SavedModels go")
    keep = flags.DEFINE_integer(
        "keep_versions",
        None,
        "how many of a SavedModel's newest versions stay (default: all); 2 or more where a server "
        "reads them",
        lower_bound=1,
    )
    return export_dir, keep


def export_folder(export_dir: str, settings: Settings) -> pathlib.Path:
    """Where the versions of a model on a data set lie."""
    return pathlib.Path(export_dir) / run_name(settings.data, settings.model, settings.target)


def default_run(data: str, model: str, target: str | None = None) -> pathlib.Path:
    """Where a run lies if the user does not choose."""
    return pathlib.Path("runs") / run_name(data, model, target)


def given(*holders: flags.FlagHolder) -> dict[str, Any]:
    """Flag to value for those of the flags that the user gave."""
    return {flag.name: flag.value for flag in holders if flag.present}


def define_inference() -> None:
    """Defines the flags that `apply_inference` reads."""
    default = "(jmvae and jmvae_h; default: the run's setting)"
    flags.DEFINE_string(
        "missing", None, f"what a missing modality starts from: noise or zeros {default}"
    )
    flags.DEFINE_integer("num_rounds", None, f"rounds of iterative sampling {default}")
    flags.DEFINE_string(
        "feed_back", None, f"what goes from round to round: samples or means {default}"
    )


def apply_inference(model: "MultimodalVAE") -> dict[str, Any]:
    """Lets flags override how a model complements missing modalities.

    Args:
      model: just loaded.

    Returns:
      Setting to the value that the model now has, whether a flag gave it or the run; nothing for a
      model without iterative sampling.

    Raises:
      UserError: if a flag is out of its range, or is given for a model of the latter kind.
    """
    from jmvae_tf.models.iterative import FeedBack, IterativelySampledVAE, Missing

    values = {name: flags.FLAGS[name].value for name in _INFERENCE}
    chosen = {name: value for name, value in values.items() if value is not None}
    if not isinstance(model, IterativelySampledVAE):
        if chosen:
            raise UserError(
                "Only jmvae and jmvae_h complement missing modalities by iterative sampling",
                " ".join(f"--{name}={value}" for name, value in chosen.items()),
                "leave it out",
            )
        return {}
    inference = {name: getattr(model, name) for name in _INFERENCE} | chosen
    check_choice("missing", inference["missing"], get_args(Missing))
    check_choice("feed_back", inference["feed_back"], get_args(FeedBack))
    num_rounds = inference["num_rounds"]
    if not 1 <= num_rounds < 2**31:
        raise UserError(
            "--num_rounds must be from 1 to 2147483647", f"--num_rounds={num_rounds}", "change it"
        )
    model.set_inference(**inference)
    return inference
