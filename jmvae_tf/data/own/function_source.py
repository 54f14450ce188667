"""Loads data that a function of a user's Python file returns.

The file runs as Python code. It runs only because the user named it on the command line, never
because a configuration does.
"""

import atexit
import copy
import importlib.util
import pathlib
import sys
import traceback
import types
from collections.abc import Mapping
from typing import Any

from jmvae_tf.data.data_set import DataSet
from jmvae_tf.data.own.manifest import Manifest, ModalityColumns
from jmvae_tf.data.own.manifest_values import LIKELIHOODS
from jmvae_tf.export_format.value_names import names_or_numbers
from jmvae_tf.modalities import Modality
from jmvae_tf.runtime.errors import UserError

_MODULE = "jmvae_tf_user_data"
"""The name of the module that the file becomes; not that of any file, to hide none."""


def load(path: pathlib.Path, function: str, name: str) -> DataSet:
    """Calls a function of a file.

    Args:
      path: the Python file; modules beside it can be imported by it.
      function: the name of a function without arguments that returns a `DataSet`.
      name: the name of the data in runs and messages.

    Returns:
      What the function returned, under that name, with a manifest.

    Raises:
      UserError: if the file or the function fails, with the line of the file; there is no such
        function; or it returns something else.
    """
    module = _imported(path)
    called = getattr(module, function, None)
    if not callable(called):
        functions = [x for x, y in vars(module).items() if isinstance(y, types.FunctionType)]
        raise UserError(
            "FILE.py:FUNCTION names a function of the file",
            f"{path}:{function}, which is "
            + ("not there" if called is None else f"a {type(called).__name__}"),
            f"choose one of {', '.join(functions) or 'none, as it has no functions'}",
        )
    try:
        data = called()
    except (Exception, SystemExit) as error:
        raise _failed(path, error) from error
    if not isinstance(data, DataSet):
        raise UserError(
            "The function must return a DataSet of jmvae_tf.data.data_set",
            f"a {type(data).__name__} from {path}:{function}",
            "change the function; examples/ has one",
        )
    manifest = data.manifest or manifest_of_modalities(name, data.modalities)
    return _named(data, name, manifest)


def _named(data: DataSet, name: str, manifest: Manifest) -> DataSet:
    """Returns a copy of the data under a name; does not check all values again."""
    named = copy.copy(data)
    for field, value in (("name", name), ("manifest", manifest)):
        object.__setattr__(named, field, value)
    return named


def _imported(path: pathlib.Path) -> Any:
    folder = str(path.resolve().parent)
    spec = importlib.util.spec_from_file_location(_MODULE, path.resolve())
    if spec is None or spec.loader is None:
        raise UserError("The file must be a Python file", path, "give it the ending .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[_MODULE] = module  # Dataclasses and pickles of the file look for it there.
    atexit.register(_release_values, module)
    sys.path.append(folder)  # At the end, so that it hides no other module.
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _failed(path, error) from error
    return module


def _release_values(module: types.ModuleType) -> None:
    """Releases what a module's globals hold, but for the code that other threads may be running.

    Python itself releases globals when no other thread can run Python any more. An iterator of
    TensorFlow's would then wait forever for its threads.
    """
    for name, value in list(vars(module).items()):
        if not (callable(value) or isinstance(value, types.ModuleType)):
            delattr(module, name)


def _failed(path: pathlib.Path, error: BaseException) -> UserError:
    """Returns an error of the user's file, with the last line of the file that was at work."""
    file, line = str(path.resolve()), None
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno
    else:
        frames = traceback.extract_tb(error.__traceback__)
        lines = [frame.lineno for frame in frames if frame.filename == file]
        line = lines[-1] if lines else None
    where = f"{path}, line {line}" if line else str(path)
    return UserError(
        "The Python file of --data must run without errors",
        f"{where}: {type(error).__name__}: {error}",
        "mend the file",
    )


def manifest_of_modalities(name: str, modalities: Mapping[str, Modality]) -> Manifest:
    """Describes modalities as a manifest does, for settings and model cards.

    It has no columns of a table, so that names of values, or of modalities, stand for them. What a
    manifest cannot say of a likelihood is in the model's own files.
    """
    return Manifest(name, {key: _columns(x) for key, x in modalities.items()})


def _columns(modality: Modality) -> ModalityColumns:
    kind = modality.kind
    if kind == "vector":
        kind = "array"
    likelihood = type(modality.likelihood).__name__
    fields: dict[str, Any] = {
        "likelihood": likelihood if likelihood in LIKELIHOODS[kind] else LIKELIHOODS[kind][0],
        "partly_observed": modality.partly_observed,
    }
    columns: tuple[str, ...] = (modality.name,)
    if kind == "image":
        height, width, channels = modality.event_shape
        fields |= {"size": (height, width), "channels": channels}
    elif kind == "label":
        fields["classes"] = tuple(names_or_numbers(modality))
    elif kind == "text":
        *symbols, _ = modality.value_names
        fields |= {"alphabet": "".join(symbols), "length": modality.event_shape[0]}
    elif kind == "array":
        fields["shape"] = modality.event_shape
    else:
        of_value = {value: f"{modality.name}/{value}" for value in names_or_numbers(modality)}
        columns = tuple(of_value.values())  # A column belongs to one modality.
        fields["log"] = tuple(of_value[value] for value in modality.log_values)
    return ModalityColumns(kind, columns, **fields)
