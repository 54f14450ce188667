"""The flags of programs that use a trained model on a table, and what they chose."""

import pathlib
from typing import NamedTuple

from absl import flags

from jmvae_tf.data.own.data_source import TABLE_SUFFIXES
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.chosen_run import ChosenRun, choose_run
from jmvae_tf.runtime.errors import UserError

flags.disclaim_key_flags()  # --help lists flags defined here as their callers'.


class ModelAndTable(NamedTuple):
    """A model, a table to read and one to write.

    Attributes:
      run: the run with the model; None for an export.
      saved_model: the export, or the folder above its versions; nothing if there is a run.
      data: the table, or the folder with it.
      data_dir: the folder to prepare its images in.
      out: the table to write.
    """

    run: ChosenRun | None
    saved_model: pathlib.Path
    data: pathlib.Path
    data_dir: pathlib.Path
    out: pathlib.Path


def define_model_and_table(out: str) -> None:
    """Defines --run, --checkpoint, --saved_model, --data, --data_dir and --out.

    Args:
      out: the default of --out.
    """
    shared_flags.define_path("run", None, "folder of a run of bin/train")
    shared_flags.define_checkpoint()
    shared_flags.define_path(
        "saved_model", None, "instead of --run: a SavedModel, or the folder above its versions"
    )
    shared_flags.define_path("data", None, "the table, or the folder with it")
    shared_flags.define_path("data_dir", "data", "folder to prepare the images of --data in")
    shared_flags.define_path("out", out, f"the file to write ({' '.join(TABLE_SUFFIXES)})")


def model_and_table() -> ModelAndTable:
    """Returns what the flags name.

    Raises:
      UserError: if they name no model or two, no table, or one that would be overwritten.
    """
    run, saved_model = flags.FLAGS.run, flags.FLAGS.saved_model
    if bool(run) == bool(saved_model):
        raise UserError(
            "This program uses one model",
            "--run and --saved_model" if run else "neither --run nor --saved_model",
            "give one of them",
        )
    if not flags.FLAGS.data:
        raise UserError("--data names a table", "none", "give --data=PATH")
    data, out = pathlib.Path(flags.FLAGS.data), pathlib.Path(flags.FLAGS.out)
    if out.suffix.lower() not in TABLE_SUFFIXES:
        raise UserError(
            f"--out must end in one of {' '.join(TABLE_SUFFIXES)}",
            f"--out={out}",
            "choose another name",
        )
    if out.exists() and data.exists() and out.samefile(data):
        raise UserError(
            "A table is not written over the one that is read",
            f"--data={data} and --out={out}",
            "choose another --out",
        )
    return ModelAndTable(
        choose_run(run, flags.FLAGS.checkpoint) if run else None,
        pathlib.Path(saved_model or ""),
        data,
        pathlib.Path(flags.FLAGS.data_dir),
        out,
    )
