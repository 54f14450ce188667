"""Fixtures that several tests share.

TensorFlow is imported in them: pytest reads this file before it starts its processes, which would
wait for it.
"""

import gc
import os
import random
import signal

import numpy as np
import pytest

from tests.helpers.paths import ROOT

# As the programs have it, which also makes the tests faster; before TensorFlow is imported.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# Two processes of tests share the cores: the threads of their small products would wait for each
# other.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

# A shell in the background, or nohup, ignores these, and so would every program that tests start.
for _signum in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_signum) == signal.SIG_IGN:
        _usual = signal.default_int_handler if _signum == signal.SIGINT else signal.SIG_DFL
        signal.signal(_signum, _usual)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_collection_modifyitems(items):
    """Skips what computes in bfloat16 where oneDNN is kept from the processor's instructions.

    TensorFlow 2.21 looks at the processor alone, asks oneDNN for kernels that it may not have, and
    dies of a segmentation fault in any product of matrices.
    """
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    if limit is None or os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return
    reason = f"TensorFlow dies of bfloat16 where ONEDNN_MAX_CPU_ISA={limit}"
    for item in items:
        if "bfloat16" in item.nodeid or item.get_closest_marker("bfloat16"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session", autouse=True)
def _imported():
    """Imports and sets up these libraries; later searches for garbage leave their objects out."""
    import keras
    import tensorflow as tf
    import tensorflow_probability  # noqa: F401

    # Tests run a function a few times, which takes less than to optimise its graph would. What
    # they start as processes has its graphs optimised.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    keras.utils.set_random_seed(0)
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_sessionfinish():
    """Collects what is garbage; pytest's five searches for more find nothing, and take no time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _seeded():
    """Gives initial weights and NumPy's global draws the same seed in every test.

    Keras draws the seeds of weights by Python's generator. To set TensorFlow's own seed too, by
    which neither weights nor draws of this package go, would drop all kernels of its operations;
    to make them again for every test takes a tenth of the time.
    """
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002


@pytest.fixture
def two_modalities():
    """A small image and a label."""
    from jmvae_tf.likelihoods import Bernoulli, Categorical
    from jmvae_tf.modalities import Modality

    image = Modality("image", (4, 4, 1), Bernoulli(), kind="image")
    label = Modality("label", (3,), Categorical(), kind="label", value_names=("a", "b", "c"))
    return {"image": image, "label": label}


@pytest.fixture
def two_modality_batch(rng):
    """Six examples of `two_modalities`."""
    import tensorflow as tf

    return {
        "image": tf.constant(rng.integers(0, 2, (6, 4, 4, 1)), tf.float32),
        "label": tf.one_hot(rng.integers(0, 3, 6), 3),
    }


@pytest.fixture
def three_modalities():
    """Two halves of an image and a label, one of each likelihood."""
    from jmvae_tf.likelihoods import Bernoulli, Categorical, Gaussian
    from jmvae_tf.modalities import Modality

    return {
        "left": Modality("left", (4, 2, 1), Bernoulli(), kind="image"),
        "right": Modality("right", (4, 2, 1), Gaussian(0.5), kind="image"),
        "label": Modality("label", (3,), Categorical(), kind="label"),
    }


@pytest.fixture
def eagerly():
    """Lets functions be computed step by step: values can be kept, and nothing is traced."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def mnist_dir():
    """The four idx files of MNIST."""
    folder = ROOT.parent / "shared" / "data" / "mnist"
    if not folder.is_dir():
        pytest.skip(f"MNIST's idx files are not in {folder}")
    return folder
