"""The versions of this package and of the packages that its results depend on."""

__version__ = "0.4.0.dev0"


def installed_versions() -> dict[str, str]:
    """Reads the versions of the packages that a run's results depend on, without importing them."""
    import importlib.metadata  # Imported here, since it would slow down --help.
    import platform

    found = {"jmvae_tf": __version__, "python": platform.python_version()}
    for package in ("tensorflow", "keras", "tensorflow-probability", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:  # TensorFlow has builds under other names.
            found[package] = "unknown"
    return found


def version_text() -> str:
    """Returns what --version prints: a package and its version in each line, this one first."""
    return "\n".join(f"{package} {version}" for package, version in installed_versions().items())
