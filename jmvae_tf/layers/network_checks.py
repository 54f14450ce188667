"""Checks that the networks of a model fit one another."""

import contextlib
import warnings
from collections.abc import Iterable, Iterator

import keras
import tensorflow as tf

from jmvae_tf.runtime.errors import one_line


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Says on one line why networks do not fit, without Keras's list of the arguments of a call.

    Raises:
      ValueError: where Keras or TensorFlow refuse something within.
    """
    filtering = keras.config.is_traceback_filtering_enabled()
    keras.config.disable_traceback_filtering()
    try:
        with warnings.catch_warnings():
            # What Keras warns of when a layer cannot be called; the error itself follows.
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
    """Raises ValueError if two networks share weights: Keras saves them twice, and loads neither.

    Args:
      parts: networks, with their weights made.
    """
    owner: dict[int, str] = {}
    for part in parts:
        for variable in part.variables:
            other = owner.setdefault(id(variable), part.name)
            if other != part.name:
                raise ValueError(
                    "Each network of a model needs layers of its own, for it could not be loaded "
                    f"otherwise. Received: {variable.path!r} in {other} and in {part.name}"
                )
