"""Reproduces a table or a figure of the papers: trains what is missing, prints theirs and ours.

--scale=quick takes hours on two cores. MNIST takes about two hours for everything: 20 epochs with a
warm-up of 4 (jmvae_h: 16), and importance weights for the first 1,000 test digits. CelebA uses its
official partition and 12 epochs with a warm-up of 2; toyfaces uses the presets; both score the
first 500 test faces. --scale=long takes days: MNIST 500 epochs with the papers' warm-up of 200 and
all test digits, CelebA 24 epochs with a warm-up of 6 and 500 test faces, toyfaces the presets and
all test faces. --scale=paper uses the papers' settings: 2,000 epochs for MNIST, 50 for CelebA, and
all test examples. Tables and figures share their runs. Existing runs are used, and interrupted ones
resume.
"""

import itertools
import pathlib

from absl import flags

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.reproduction.recipes import DATA_CHOICES, FIGURES, TABLES
from jmvae_tf.reproduction.scales import SCALES
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.runtime.files import check_can_write

EXAMPLES = {
    "bin/reproduce --table=2018-1-mnist --data_dir=DIR": (
        "Table 1 of the 2018 paper on MNIST: hours"
    ),
    "bin/reproduce --figure=7 --data=toyfaces": "Figure 7 of the 2018 paper with drawn faces",
}

_TABLE = flags.DEFINE_string("table", None, f"one of {', '.join(TABLES)}")
_FIGURE = flags.DEFINE_string("figure", None, f"of the 2018 paper: one of {', '.join(FIGURES)}")
_SCALE = flags.DEFINE_string("scale", "quick", f"one of {', '.join(SCALES)}")
_DATA = flags.DEFINE_string(
    "data",
    None,
    f"one of {', '.join(dict.fromkeys(itertools.chain(*DATA_CHOICES.values())))}, if a table or "
    "figure supports several (default: the paper's)",
)
_DATA_DIR = shared_flags.define_data_dir()
_RUNS_DIR = shared_flags.define_path(
    "runs_dir",
    None,
    "folder of the runs, tables and figures (default: runs/reproduce-<scale>, for faces "
    "runs/reproduce-<scale>-<data>)",
)
_SEED = shared_flags.define_seed(0, "seed of training and of all samples")


def main() -> None:
    """Runs the program."""
    chosen = shared_flags.given_flags(_TABLE, _FIGURE)
    if len(chosen) != 1:
        raise UserError(
            "One table or one figure is made at a time",
            " and ".join(f"--{name}={x}" for name, x in chosen.items())
            or "neither --table nor --figure",
            f"give --table={'|'.join(TABLES)} or --figure={'|'.join(FIGURES)}",
        )
    [(kind, name)] = chosen.items()
    check_choice(kind, name, tuple({"table": TABLES, "figure": FIGURES}[kind]))
    check_choice("scale", _SCALE.value, tuple(SCALES))
    data = _data_of(kind, name)
    usual = f"runs/reproduce-{_SCALE.value}" + ("" if data == "mnist" else f"-{data}")
    runs_dir = pathlib.Path(_RUNS_DIR.value or usual)
    check_can_write(runs_dir, "runs_dir")
    load_tensorflow()
    from jmvae_tf.programs.tasks import table_or_figure

    again = shared_flags.given_again(_TABLE, _FIGURE, _DATA, _SCALE, _DATA_DIR, _RUNS_DIR, _SEED)
    table_or_figure.reproduce(
        kind,
        name,
        data,
        _SCALE.value,
        _SEED.value,
        data_dir=pathlib.Path(_DATA_DIR.value),
        runs_dir=runs_dir,
        command=["bin/reproduce", *again],
    )


def _data_of(kind: str, name: str) -> str:
    """Returns the data set that the user chose, or the paper's."""
    choices = DATA_CHOICES[name]
    data = _DATA.value or choices[0]
    if data not in choices:
        fitting = [x for x in {"table": TABLES, "figure": FIGURES}[kind] if data in DATA_CHOICES[x]]
        raise UserError(
            f"--{kind}={name} is made of {' or '.join(choices)}",
            f"--data={data}",
            f"choose another --data, or --{kind}={'|'.join(fitting)}"
            if fitting
            else "choose another --data, or leave it out",
        )
    return data
