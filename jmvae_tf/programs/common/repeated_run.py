"""The settings of --config: those of a run that is to be repeated, perhaps somebody else's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jmvae_tf.data.own.data_source import DataSource, data_source_of
from jmvae_tf.runtime.errors import UserError, one_line
from jmvae_tf.runtime.version import installed_versions
from jmvae_tf.settings import Settings
from jmvae_tf.training.run_config import read_run_settings, read_versions


def repeated_settings(
    config: Path, overrides: Mapping[str, Any], named: Mapping[str, str]
) -> tuple[Settings, DataSource]:
    """Reads the settings of a run, and changes those that the user gave.

    Prints a note if other versions of packages wrote the file.

    Args:
      config: the `config.json` of the run; only the file is read, nothing beside it.
      overrides: settings that replace those of the file; mappings may name only some modalities.
      named: "model" and "data" if the user gave them. The user's own data must be named, since the
        file does not say where they are.

    Returns:
      The settings, and where the data come from.

    Raises:
      UserError: if the file cannot be read or was written by no run, if its model or data are not
        those that the user gave, or if a setting is refused.
    """
    if not config.is_file():
        raise UserError(
            "--config names the config.json of a run",
            f"--config={config}, where there is no file",
            "name one, such as --config=runs/digits-jmvae_kl/config.json",
        )
    settings = read_run_settings(config)
    if named.get("model", settings.model) != settings.model:
        raise UserError(
            "--config repeats a run of its own model",
            f"--model={named['model']} for {settings.model}",
            "leave one of them out",
        )
    source = _source_of(settings, named.get("data"))
    kept = settings.to_config()
    changes = {
        name: {**kept[name], **value} if isinstance(kept[name], dict) else value
        for name, value in overrides.items()
    }
    _note_versions(config)
    return Settings.from_config({**kept, **changes}), source


def _source_of(settings: Settings, given: str | None) -> DataSource:
    is_own = settings.manifest is not None
    if given is None and is_own:
        raise UserError(
            "--config of a run on your own data needs the data too",
            "no --data",
            "add --data=PATH",
        )
    source = data_source_of(given or settings.data)
    if (source.kind == "known") == is_own or (not is_own and source.name != settings.data):
        raise UserError(
            "--config repeats a run on its own kind of data",
            f"--data={given} for {'data of your own' if is_own else settings.data}",
            "name such data" if is_own else "leave --data out",
        )
    return source


def _note_versions(config: Path) -> None:
    """Prints a note if other versions of packages wrote the file."""
    installed = installed_versions()
    others = [
        f"{package} {version} (now {installed[package]})"
        for package, version in read_versions(config).items()
        if package in installed and version != installed[package]
    ]
    if others:
        print(one_line(f"note: {config} was written with {', '.join(others)}; results may differ"))
