"""One module for each of the papers' models."""

from jmvae_tf.runtime import keras_configuration

keras_configuration.check()
