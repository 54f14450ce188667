"""Checks that the networks of a model fit together."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator

import keras
import tensorflow as tf

from jmvae_tf.runtime.errors import one_line


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Shortens Keras's errors to one line that says why networks do not fit together.

    Raises:
      ValueError: if Keras or TensorFlow raises an error inside the block.
    """
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        with warnings.catch_warnings():
            # Keras warns of this when a layer cannot be called; the error itself follows.
            warnings.filterwarnings("ignore", message=".* looks like it has unbuilt state")
            yield
    except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
        raise ValueError(
            "Networks must fit the modalities, the latent variable and one another. "
            f"{one_line(error)}"
        ) from error
    finally:
        if filtering:
            keras.config.enable_traceback_filtering()


def check_apart(parts: Iterable[keras.layers.Layer]) -> None:
    """Raises ValueError if two networks share weights, which Keras saves but cannot load.

    Args:
      parts: networks, with their weights made.
    """
    owner: dict[int, str] = {}
    for part in parts:
        for variable in part.variables:
            other = owner.setdefault(id(variable), part.name)
            if other != part.name:
                raise ValueError(
                    "Each network of a model needs layers of its own; otherwise the saved model "
                    "could not be loaded. "
                    f"Received: {variable.path!r} in {other} and in {part.name}"
                )
