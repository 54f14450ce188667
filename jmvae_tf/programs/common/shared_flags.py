"""Flags that several programs share."""

import os
import pathlib
from collections.abc import Collection, Iterable
from typing import Any

from absl import flags

from jmvae_tf.export_format.shipped_models import SHIPPED_NAMES, saved_model_folder
from jmvae_tf.programs.common.help_text import put_into_group
from jmvae_tf.runtime.errors import UserError, closest

flags.disclaim_key_flags()  # --help lists flags defined here as their callers'.

_INFERENCE = ("missing", "num_rounds", "feed_back")
_LARGEST = 2**31 - 1


class _PathParser(flags.ArgumentParser):
    """Expands ~ and ~user, which a shell does not in --flag=~/file."""

    def flag_type(self) -> str:
        """Returns the kind of value, for --help."""
        return "path"

    def parse(self, argument: str) -> str:
        """Returns the path; raises ValueError for none, and for a user without a known home."""
        if not argument:  # As from --run="$RUN" without such a variable.
            raise ValueError("a path is not empty")
        path = os.path.expanduser(argument)
        if path.startswith("~"):
            raise ValueError(f"no home folder is known for it; ./{argument} is a file of that name")
        return path


class _RangeParser(flags.IntegerParser):
    """Accepts whole numbers in a range; errors state the range."""

    def __init__(self, name: str, lowest: int, highest: int | None, reason: str) -> None:
        super().__init__()
        self._name, self._lowest, self._highest, self._reason = name, lowest, highest, reason

    def parse(self, argument: str | int) -> int:
        number = super().parse(argument)
        if number < self._lowest or (self._highest is not None and number > self._highest):
            range_ = (
                f"at least {self._lowest}"
                if self._highest is None
                else f"from {self._lowest} to {self._highest}"
            )
            raise UserError(
                f"--{self._name} must be {range_}{self._reason}",
                f"--{self._name}={argument}",
                "change it",
            )
        return number


def define_integer(
    name: str,
    default: int | None,
    description: str,
    lowest: int,
    highest: int | None = None,
    reason: str = "",
) -> flags.FlagHolder:
    """Defines a flag for a whole number of a range.

    Args:
      name: the flag's name.
      default: the default value.
      description: the text in --help.
      lowest: the lowest allowed number.
      highest: the highest allowed number; None for no limit.
      reason: text after the range in the error message.
    """
    parser = _RangeParser(name, lowest, highest, reason)
    return flags.DEFINE(parser, name, default, description)


def define_seed(default: int | None, description: str) -> flags.FlagHolder:
    """Defines --seed."""
    return define_integer("seed", default, description, 0, _LARGEST)


def define_path(name: str, default: str | None, description: str) -> flags.FlagHolder:
    """Defines a flag for the path of a file or a folder."""
    return flags.DEFINE(_PathParser(), name, default, description)


def define_images() -> flags.FlagHolder:
    """Defines --image, which can be repeated for a model of several images."""
    return flags.DEFINE_multi(
        _PathParser(),
        flags.ArgumentSerializer(),
        "image",
        None,
        "a JPEG or PNG file, or a pipe; NAME=FILE for a model of several images",
    )


def define_data_dir() -> flags.FlagHolder:
    """Defines --data_dir for a program that reads data."""
    return define_path("data_dir", "data", "folder of the data, or to download them to")


def define_run() -> flags.FlagHolder:
    """Defines --run for a program that reads a run."""
    return define_path("run", "runs/digits-jmvae_kl", "folder of the run")


def define_checkpoint() -> flags.FlagHolder:
    """Defines --checkpoint for a program that reads a run."""
    return define_path(
        "checkpoint",
        None,
        "newest, best (on validation) or a file (default: newest; best of a run with --patience)",
    )


def define_verbose() -> flags.FlagHolder:
    """Defines --verbose for a program that measures a model."""
    return flags.DEFINE_bool("verbose", False, "print the table of all metrics at the end")


def define_export() -> tuple[flags.FlagHolder, flags.FlagHolder]:
    """Defines --export_dir and --keep_versions for a program that exports."""
    export_dir = define_path("export_dir", "saved_models", "folder for SavedModels")
    keep = define_integer(
        "keep_versions",
        None,
        "number of newest versions of a SavedModel to keep (default: all); use 2 or more if a "
        "server reads them",
        1,
    )
    return export_dir, keep


def export_of(saved_model: str) -> pathlib.Path:
    """Returns the folder that a value of --saved_model names: a path, or a shipped model.

    Raises:
      UserError: if it is a name, but not of a shipped model or of a folder here.
    """
    folder = saved_model_folder(saved_model)
    if os.sep not in saved_model and not folder.exists():
        raise UserError(
            f"--saved_model must be a folder, or one of {', '.join(SHIPPED_NAMES)}",
            f"--saved_model={saved_model}, which is neither",
            closest(saved_model, SHIPPED_NAMES),
        )
    return folder


def define_inference() -> None:
    """Defines the flags that `inference` reads."""
    default = "(jmvae and jmvae_h; default: the run's setting)"
    put_into_group(
        "Model",
        flags.DEFINE_string(
            "missing", None, f"what a missing modality starts from: noise or zeros {default}"
        ),
        define_integer("num_rounds", None, f"rounds of iterative sampling {default}", 1, _LARGEST),
        flags.DEFINE_string(
            "feed_back",
            None,
            f"what is fed back to the encoder each round: samples or means {default}",
        ),
    )


def inference() -> dict[str, Any]:
    """Returns the settings of iterative sampling that the user gave."""
    values = {name: flags.FLAGS[name].value for name in _INFERENCE}
    return {name: value for name, value in values.items() if value is not None}


def given_flags(*holders: flags.FlagHolder) -> dict[str, Any]:
    """Returns flag to value for the flags that the user gave."""
    return {flag.name: flag.value for flag in holders if flag.present}


def given_again(*holders: flags.FlagHolder) -> list[str]:
    """Returns the flags that the user gave as arguments for another start."""
    return [f"--{name}={value}" for name, value in given_flags(*holders).items()]


def check_once(flag: str, values: Collection[str | int]) -> None:
    """Raises UserError if a value of a list comes twice."""
    twice = [x for x in dict.fromkeys(values) if list(values).count(x) > 1]
    if twice:
        raise UserError(
            f"--{flag} names each once",
            f"{', '.join(map(str, twice))} more than once",
            "leave out the others",
        )


def check_replaces_none(out: pathlib.Path, read: Iterable[str | pathlib.Path]) -> None:
    """Raises UserError if --out is one of the files that a program reads.

    Args:
      out: the file that is written.
      read: values of flags that may name files, perhaps behind the name of a modality and "=".
    """
    if not out.exists():
        return
    for value in map(str, read):
        for path in map(pathlib.Path, (value, value.partition("=")[2])):
            if path.is_file() and out.samefile(path):
                raise UserError(
                    "--out is another file than those that are read",
                    f"--out={out}, which is {path}",
                    "choose another name",
                )


def check_picture_name(out: str | pathlib.Path, suffix: str = ".png") -> None:
    """Raises UserError if --out is not the name of a PNG file, or of one with another suffix."""
    if pathlib.Path(out).suffix != suffix:
        raise UserError(f"--out must end in {suffix}", f"--out={out}", "choose another name")
