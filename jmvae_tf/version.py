"""The version of this package, and of what its numbers depend on."""

__version__ = "0.4.0.dev0"


def installed_versions() -> dict[str, str]:
    """The versions that a run's numbers depend on, read without importing the packages."""
    import importlib.metadata  # Only here: it takes a part of the time of --help.
    import platform

    found = {"jmvae_tf": __version__, "python": platform.python_version()}
    for package in ("tensorflow", "keras", "tensorflow-probability", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # TensorFlow has builds of other names.
            found[package] = "unknown"
    return found
