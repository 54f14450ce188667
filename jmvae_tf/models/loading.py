"""Loads saved models."""

import os
import pathlib
from collections.abc import Mapping
from typing import Any

import keras

from jmvae_tf.models import file_checks
from jmvae_tf.models.adversarial import Adversarial
from jmvae_tf.models.base import MultimodalVAE
from jmvae_tf.models.registry import PLAIN_MODELS
from jmvae_tf.runtime.errors import UserError, one_line


def load_model(
    path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> MultimodalVAE | Adversarial:
    """Loads a model that `model.save(path)` wrote, with its compilation and optimiser state.

    The file may be untrusted: it is read within limits, and no Python code in it is run.

    Args:
      path: path of a .keras file.
      custom_objects: name to class, for your own layers and likelihoods in the model. Classes
        registered with `keras.saving.register_keras_serializable` need not be listed.

    Raises:
      ValueError: if the file is missing or damaged, or is not a model of this package.
    """
    try:
        return read_model(path, custom_objects)
    except UserError:
        raise
    except ValueError as error:
        raise ValueError(
            "A .keras file must hold an intact model of this package; pass layers and likelihoods "
            f"of your own as custom_objects. Received: {one_line(path)}: {one_line(error)}"
        ) from error


def read_model(
    path: str | os.PathLike[str], custom_objects: Mapping[str, Any] | None = None
) -> MultimodalVAE | Adversarial:
    """As `load_model`, with only the reason in the message of its ValueError."""
    for row in PLAIN_MODELS.values():
        row.model_class()  # Keras knows a class once its module is imported.
    file = file_checks.checked_file(pathlib.Path(path))
    objects = dict(custom_objects or {})
    kind = keras.saving.get_registered_object(file.registered_name, objects)
    if not (isinstance(kind, type) and issubclass(kind, MultimodalVAE | Adversarial)):
        raise ValueError(
            f"A model of this package was expected. Received: {file.registered_name[:100] or None}"
        )
    try:
        with file_checks.limited_variables(file.most_weights):
            model = keras.saving.load_model(path, custom_objects=objects, safe_mode=True)
    except TypeError as error:  # Keras repeats the whole configuration before the reason.
        raise ValueError(one_line(_first_of(error))) from error
    if not isinstance(model, MultimodalVAE | Adversarial):
        raise ValueError(f"A model of this package was expected. Received: {type(model).__name__}")
    return model


def _first_of(error: BaseException) -> BaseException:
    """Returns the error during whose handling this one and all between were raised."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error
