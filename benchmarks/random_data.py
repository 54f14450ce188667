"""Random examples in the shapes of MNIST and CelebA, so that benchmarks need no files."""

import gzip
import struct

import numpy as np


def write_mnist(folder):
    """Writes random bytes as MNIST's four files, of its sizes.

    Args:
      folder: a pathlib.Path.
    """
    from jmvae_tf.data import mnist

    for part, number in (("train", 60_000), ("test", 10_000)):
        for kind, array in stored("mnist", number).items():
            array = array.reshape(array.shape[:3])
            header = struct.pack(f">{1 + array.ndim}I", 0x0800 + array.ndim, *array.shape)
            name = mnist.FILES[f"{part}-{kind}s"]
            with gzip.open(folder / name, "wb", compresslevel=1) as file:
                file.write(header + array.tobytes())


def stored(networks, number):
    """Random examples as the data set stores them.

    Args:
      networks: "mnist" or "celeba", whose shapes and types they have.
      number: how many.
    """
    rng = np.random.default_rng(0)
    if networks == "mnist":
        return {
            "image": rng.integers(0, 256, (number, 28, 28, 1), np.uint8),
            "label": rng.integers(0, 10, number, np.uint8),
        }
    return {
        "image": rng.integers(0, 256, (number, 64, 64, 3), np.uint8),
        "attributes": rng.choice([-1, 1], (number, 40)).astype(np.int8),
    }


def data_set(networks, examples, test=None):
    """A data set of some stored examples for training, perhaps others for testing.

    They go through the pipeline of the data set whose shapes they have.
    """
    from jmvae_tf.data import faces, handwritten
    from jmvae_tf.data.data_set import DataSet

    if networks == "celeba":
        modalities = faces.face_modalities(64, faces.OFFICIAL_ATTRIBUTES)
        prepare = faces.values_of_faces
    else:
        modalities, prepare = handwritten.digit_modalities(28), handwritten.values_of_digits(255)
    return DataSet(
        "random", modalities, train=examples, validation={}, test=test or {}, prepare=prepare
    )


def load_preset(name, folder, *numbers):
    """The data set of a preset; of CelebA, random images.

    Args:
      name: of the data set.
      folder: where its files are, such as those of `write_mnist`; toyfaces needs none.
      numbers: of CelebA's images to train on and, perhaps, to test with.
    """
    from jmvae_tf.data import registry
    from jmvae_tf.settings import settings_of

    if name == "celeba":
        return data_set(name, *(stored(name, number) for number in numbers))
    return registry.load(name, folder, settings_of("jmvae_kl", name, {}).data_options)
