"""Tests of the versions that a run writes down."""

import sys

from jmvae_tf.runtime.version import installed_versions


def test_versions_are_those_that_are_installed():
    import keras
    import numpy as np
    import tensorflow as tf
    import tensorflow_probability as tfp

    import jmvae_tf

    versions = installed_versions()
    assert versions["jmvae_tf"] == jmvae_tf.__version__
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["tensorflow"] == tf.__version__
    assert versions["keras"] == keras.__version__
    assert versions["tensorflow-probability"] == tfp.__version__
    assert versions["numpy"] == np.__version__
