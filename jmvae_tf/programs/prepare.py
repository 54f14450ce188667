"""Says what your own data are taken for, and prepares them; trains nothing.

--data=PATH is a folder or a table (.csv .tsv .parquet .jsonl): a table that names images or arrays
below its folder, folders of images by class, or a table alone. --data=tfds:NAME and
--data=FILE.py:FUNCTION are read as bin/train reads them. What every column was taken for is printed
and, for a folder or a table, written to columns.json beside it. Change that file to decide
otherwise; bin/train follows it. Many images are decoded and resized once, below --data_dir. After
an interruption, start the program again to resume.
"""

import pathlib

from absl import flags

from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.cores import usable_cores
from jmvae_tf.runtime.errors import UserError

EXAMPLES = {
    "bin/prepare --data=my_folder": (
        "says what the columns of a table and the images beside it are taken for"
    ),
}

_DATA = flags.DEFINE_string("data", None, "a folder, a table, tfds:NAME or FILE.py:FUNCTION")
_DATA_DIR = shared_flags.define_path("data_dir", "data", "folder for what is prepared")
_PROCESSES = shared_flags.define_integer(
    "processes",
    None,
    "number of processes (default: one for each core); the result does not depend on it",
    1,
)
_OVERWRITE = flags.DEFINE_bool(
    "overwrite", False, "look at the data again and replace columns.json"
)


def main() -> None:
    """Runs the program."""
    if not _DATA.value:
        raise UserError("--data=PATH must name your data", "no --data", "name a folder or a table")
    source = data_source_of(_DATA.value)
    if source.kind == "known":
        raise UserError(
            "bin/prepare is for your own data",
            f"--data={source.given}, a data set that is known",
            "see bin/prepare_celeba"
            if source.name == "celeba"
            else f"train on it: bin/train --data={source.name}",
        )
    load_tensorflow()
    from jmvae_tf.programs.tasks import data_preparation

    data_preparation.prepare_data(
        source,
        pathlib.Path(_DATA_DIR.value),
        num_processes=_PROCESSES.value or usable_cores(),
        overwrite=_OVERWRITE.value,
        command=[
            "bin/prepare",
            *shared_flags.given_again(_DATA, _DATA_DIR, _PROCESSES, _OVERWRITE),
        ],
    )
