"""Reproduces a table or a figure of the papers: trains what is missing, prints theirs and ours.

--scale=quick takes hours on two cores. MNIST takes about two hours for everything: 20 epochs with a
warm-up of 4 (jmvae_h: 16), and importance weights for the first 1,000 test digits. CelebA uses its
official partition and 12 epochs with a warm-up of 2; toyfaces uses the presets; both score the
first 500 test faces. --scale=long takes days: MNIST 500 epochs with the papers' warm-up of 200 and
all test digits, CelebA 24 epochs with a warm-up of 6 and 500 test faces, toyfaces the presets and
all test faces. --scale=paper uses the papers' settings: 2,000 epochs for MNIST, 50 for CelebA, and
all test examples. Tables and figures share their runs. Existing runs are used, and interrupted ones
resume. What is left, and about how long it takes, is printed first.

Each --seed has a folder of its own. Where folders of other seeds are beside it, numbers have their
mean and standard deviation over seeds in brackets.
"""

import itertools
import pathlib

from absl import flags

from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.reproduction.recipes import DATA_CHOICES, FIGURES, TABLES
from jmvae_tf.reproduction.scales import SCALES
from jmvae_tf.reproduction.seed_folders import usual_runs_dir
from jmvae_tf.runtime.errors import UserError, check_choice
from jmvae_tf.runtime.files import check_can_write

EXAMPLES = {
    "bin/reproduce --table=2018-1-mnist --data_dir=DIR": (
        "Table 1 of the 2018 paper on MNIST: hours"
    ),
    "bin/reproduce --table=2016-3 --only=jmvae_kl-alpha-0.1 --data_dir=DIR": (
        "one row of Table 3 of the 2016 paper, and what the others would cost"
    ),
    "bin/reproduce --figure=7 --data=toyfaces": "Figure 7 of the 2018 paper with drawn faces",
}

_CHOICES = {"table": TABLES, "figure": FIGURES}

_TABLE = flags.DEFINE_string("table", None, f"one of {', '.join(TABLES)}")
_FIGURE = flags.DEFINE_string("figure", None, f"of the 2018 paper: one of {', '.join(FIGURES)}")
_ONLY = flags.DEFINE_list(
    "only",
    [],
    "names of runs: trains these alone, measures them for a table, and says what is still lacking",
)
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
    "runs/reproduce-<scale>-<data>; of a seed that is not 0 followed by -seed-<seed>)",
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
    check_choice(kind, name, tuple(_CHOICES[kind]))
    check_choice("scale", _SCALE.value, tuple(SCALES))
    data = _data_of(kind, name)
    if _ONLY.present:
        _check_only(kind, name)
    runs_dir = pathlib.Path(_RUNS_DIR.value or usual_runs_dir(_SCALE.value, data, _SEED.value))
    check_can_write(runs_dir, "runs_dir")
    load_tensorflow()
    from jmvae_tf.programs.tasks import table_or_figure

    again = shared_flags.given_again(_TABLE, _FIGURE, _DATA, _SCALE, _DATA_DIR, _RUNS_DIR, _SEED)
    again += [f"--only={','.join(_ONLY.value)}"] if _ONLY.value else []
    table_or_figure.reproduce(
        kind,
        name,
        data,
        _SCALE.value,
        _SEED.value,
        data_dir=pathlib.Path(_DATA_DIR.value),
        runs_dir=runs_dir,
        command=["bin/reproduce", *again],
        only=_ONLY.value,
    )


def _check_only(kind: str, name: str) -> None:
    """Checks the names of --only."""
    if not _ONLY.value:
        raise UserError("--only names at least one run", "--only=", "leave it out, or add one")
    shared_flags.check_once("only", _ONLY.value)
    for run in _ONLY.value:
        check_choice("only", run, [recipe.name for recipe in _CHOICES[kind][name]])


def _data_of(kind: str, name: str) -> str:
    """Returns the data set that the user chose, or the paper's."""
    choices = DATA_CHOICES[name]
    data = _DATA.value or choices[0]
    if data not in choices:
        fitting = [x for x in _CHOICES[kind] if data in DATA_CHOICES[x]]
        raise UserError(
            f"--{kind}={name} is made of {' or '.join(choices)}",
            f"--data={data}",
            f"choose another --data, or --{kind}={'|'.join(fitting)}"
            if fitting
            else "choose another --data, or leave it out",
        )
    return data
