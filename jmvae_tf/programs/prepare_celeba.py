"""Prepares CelebA: finds the faces in the official images, crops and resizes them.

--source=DIR is the folder of the official files: img_align_celeba.zip, or the unpacked folder
img_align_celeba, and list_attr_celeba.txt and list_eval_partition.txt. The PNG edition and Kaggle's
edition (nested folder, CSV lists) work too. The result is a data set of TensorFlow Datasets below
--data_dir. After an interruption, start the program again to resume.
"""

import pathlib

from absl import flags

from jmvae_tf.data.registry import check_options
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.programs.common.tensorflow_loading import load_tensorflow
from jmvae_tf.runtime.cores import usable_cores
from jmvae_tf.runtime.errors import UserError

EXAMPLES = {
    "bin/prepare_celeba --source=DIR": "prepares faces of 64x64 pixels, cropped as the authors did",
}

_SOURCE = shared_flags.define_path("source", None, "folder of the official files")
_DATA_DIR = shared_flags.define_path("data_dir", "data", "folder for the faces")
_IMAGE_SIZE = flags.DEFINE_integer("image_size", 64, "pixels of a face: 32, 64 or 128")
_CROP = flags.DEFINE_string(
    "crop", "face", "face, as the authors did; or center, the centre square"
)
_PROCESSES = shared_flags.define_integer(
    "processes",
    None,
    "number of processes (default: one for each core); the result does not depend on it",
    1,
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "replace the faces of another source")


def main() -> None:
    """Runs the program."""
    if not _SOURCE.value:
        raise UserError("--source=DIR must hold CelebA's official files", "no --source", "name it")
    check_options("celeba", {"image_size": _IMAGE_SIZE.value, "crop": _CROP.value})
    from jmvae_tf.data.celeba import source_files  # Needs no TensorFlow.

    source = pathlib.Path(_SOURCE.value)
    source_files.check_source(source)
    load_tensorflow()
    from jmvae_tf.programs.tasks import face_preparation

    chosen = (_SOURCE, _DATA_DIR, _IMAGE_SIZE, _CROP, _PROCESSES, _OVERWRITE)
    face_preparation.prepare_celeba(
        source,
        pathlib.Path(_DATA_DIR.value),
        _IMAGE_SIZE.value,
        _CROP.value,
        num_processes=_PROCESSES.value or usable_cores(),
        overwrite=_OVERWRITE.value,
        command=["bin/prepare_celeba", *shared_flags.given_again(*chosen)],
    )
