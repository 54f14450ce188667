"""Makes the scripts of bin/ and tools/ use the launcher and the package of their checkout.

Scripts import it first. From then on, `jmvae_tf` is the package of this checkout, and everything
else comes from Python and installed packages. Modules next to the package, next to the scripts or
in the current folder are not found, even if PYTHONPATH contains these folders. Other folders in
PYTHONPATH count as installed.

Like the launcher, this module uses only the syntax of Python 3.6.
"""

import os
import sys


def _report(kind, error, traceback):
    """Reports Ctrl-C in one line, even while modules are imported."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write("interrupted\n")
    else:
        sys.__excepthook__(kind, error, traceback)


sys.excepthook = _report

_LIB = os.path.dirname(os.path.realpath(__file__))
_ROOT = os.path.dirname(os.path.dirname(_LIB))


def _resolved(entry):
    try:
        return os.path.realpath(entry)
    except OSError:  # The current folder has been removed.
        return entry


def _close(folders):
    """Hides modules in some folders from this process and the processes that it starts."""
    named = os.environ.get("PYTHONPATH")
    if named:
        here = _resolved(os.curdir)
        named = [_resolved(entry) for entry in named.split(os.pathsep)]
        # If it is not listed, it may contain installed packages, since the current folder can be
        # any.
        folders = folders + [here] * (here in named)
        os.environ["PYTHONPATH"] = os.pathsep.join(x for x in named if x not in folders)
    sys.path[:] = [entry for entry in sys.path if _resolved(entry) not in folders]


def _load(name, path):
    """Imports a module or a package of this checkout."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(_ROOT, *path))
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])


_close([_LIB, os.path.dirname(_LIB), os.path.join(_ROOT, "tools"), _ROOT])

import importlib.util  # noqa: E402

_load("launch", ["bin", "lib", "launch.py"])

import launch  # noqa: E402

if sys.version_info[:2] >= launch.OLDEST_PYTHON:  # The launcher reports an older Python.
    _load("jmvae_tf", ["jmvae_tf", "__init__.py"])
