"""One module for each of the papers' models."""

from jmvae_tf import keras_configuration

keras_configuration.check()
