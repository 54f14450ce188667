"""The folder of a run: what lies where, who may write to it, and what can be read back."""

import contextlib
import csv
import dataclasses
import pathlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jmvae_tf.errors import UserError
from jmvae_tf.files import (
    is_temporary,
    locked,
    read_json,
    remove_unfinished,
    write_json,
    written_atomically,
)
from jmvae_tf.presets import Settings, versions

_CHECKPOINT = "epoch-{:06d}.keras"
_FRESH_CONFIG = ".config.json"


def _config_of(settings: Settings) -> dict[str, Any]:
    return {**dataclasses.asdict(settings), "versions": versions()}


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The paths of a run and what can be read back from them.

    Attributes:
      path: the folder itself.
    """

    path: pathlib.Path

    @property
    def config_file(self) -> pathlib.Path:
        """Every resolved setting and the versions of what computed the run."""
        return self.path / "config.json"

    @property
    def history_file(self) -> pathlib.Path:
        """One row an epoch, one column a term."""
        return self.path / "history.csv"

    @property
    def metrics_file(self) -> pathlib.Path:
        """The figures that the evaluation gave."""
        return self.path / "metrics.json"

    @property
    def checkpoints(self) -> pathlib.Path:
        """Where whole models lie, with the optimiser's state."""
        return self.path / "checkpoints"

    @property
    def best_checkpoint(self) -> pathlib.Path:
        """The checkpoint with the highest bound on the validation set."""
        return self.checkpoints / "best.keras"

    @property
    def figures(self) -> pathlib.Path:
        """Pictures."""
        return self.path / "figures"

    @property
    def logs(self) -> pathlib.Path:
        """What TensorBoard reads."""
        return self.path / "logs"

    def is_run(self) -> bool:
        """Whether a run was started here."""
        return self.config_file.is_file()

    def check_new(self, overwrite: bool) -> None:
        """Refuses to start a run where something lies already.

        Raises:
          UserError: if the path exists and `overwrite` is not set, or what is there is no run and
            so not ours to remove.
        """
        taken = self.path.exists() and (not self.path.is_dir() or any(self._entries()))
        if taken and not overwrite:
            raise UserError(
                "The folder of a new run must not exist",
                f"--run={self.path}",
                "go on with --resume, begin anew with --overwrite, or choose another --run",
            )
        if taken and not self.is_run():
            raise UserError(
                "Only the folder of a run is overwritten",
                f"{self.path}, which has no config.json",
                "choose another --run",
            )

    def _entries(self) -> list[pathlib.Path]:
        """What lies in the folder, but for what a process left that was killed as it began."""
        return [
            entry
            for entry in self.path.iterdir()
            if entry.name != _FRESH_CONFIG and not is_temporary(entry)
        ]

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other processes from training in this folder; makes the folder if need be.

        What a killed process was writing is removed, and in the end a folder that is still empty.

        Raises:
          UserError: if another process trains in it.
          OSError: if it cannot be made.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as held:
            try:
                held.enter_context(locked(self.path, wait=False))
            except BlockingIOError as error:
                raise UserError(
                    "Only one process may train in a run folder",
                    f"--run={self.path}, where another is at work: {error.strerror}",
                    "wait for it, or choose another --run",
                ) from error
            remove_unfinished(self.path)
            yield

    def start(self, settings: Settings) -> None:
        """Begins a new run, in place of the one that may be there.

        Raises:
          OSError: if it cannot be written.
        """
        fresh = self.path / _FRESH_CONFIG
        write_json(fresh, _config_of(settings))  # Before anything is removed: the disk may be full.
        for entry in self.path.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry not in (fresh, self.config_file) and not is_temporary(entry):
                entry.unlink()
        fresh.replace(self.config_file)

    def write_config(self, settings: Settings) -> None:
        """Writes `config.json`."""
        write_json(self.config_file, _config_of(settings))

    def read_settings(self) -> Settings:
        """The settings that the run was started with.

        Raises:
          UserError: if the folder holds no run, or its configuration is not of this version.
        """
        config = self.read_config()
        try:
            return Settings(**{name: x for name, x in config.items() if name != "versions"})
        except TypeError as error:
            raise UserError(
                "The config.json of a run must be of this version",
                f"{self.config_file}: {error}",
                "train again with --overwrite",
            ) from error

    def read_config(self) -> dict[str, Any]:
        """What `config.json` holds.

        Raises:
          UserError: if the folder holds no run, or its configuration cannot be read.
        """
        if not self.is_run():
            raise UserError(
                "A run folder holds a config.json",
                f"{self.path}, which does not",
                "name the folder of a run of bin/train with --run",
            )
        try:
            return read_json(self.config_file)
        except ValueError as error:
            raise UserError(
                "The config.json of a run must be a JSON object",
                f"{self.config_file}: {error}",
                "restore the file, or train again with --overwrite",
            ) from error

    def checkpoint_of(self, epoch: int) -> pathlib.Path:
        """Where the state at the end of an epoch, counted from 1, belongs."""
        return self.checkpoints / _CHECKPOINT.format(epoch)

    def checkpoint_epochs(self) -> list[int]:
        """The epochs whose checkpoints are there, oldest first."""
        return sorted(int(path.stem[6:]) for path in self.checkpoints.glob("epoch-*.keras"))

    def newest_checkpoint(self) -> pathlib.Path | None:
        """The checkpoint of the last epoch that has one."""
        epochs = self.checkpoint_epochs()
        return self.checkpoint_of(epochs[-1]) if epochs else None

    def best_epoch(self) -> int:
        """The epoch that the best checkpoint is of; 0 if there is none."""
        try:
            return int(read_json(self._best_file)["epoch"])
        except (OSError, ValueError, KeyError):
            return 0

    def write_best_epoch(self, epoch: int) -> None:
        """Notes which epoch the best checkpoint is of."""
        write_json(self._best_file, {"epoch": epoch})

    @property
    def _best_file(self) -> pathlib.Path:
        return self.checkpoints / "best.json"

    def choose_checkpoint(self, choice: str) -> pathlib.Path:
        """The checkpoint that a user asks for.

        Args:
          choice: "newest", "best", or the path of a file.

        Raises:
          UserError: if the folder holds no run, or there is no such checkpoint.
        """
        self.read_config()
        named = {"newest": self.newest_checkpoint(), "best": self.best_checkpoint}
        path = named.get(choice, pathlib.Path(choice))
        if path is None or not path.is_file():
            raise UserError(
                "--checkpoint must be newest, best or a file that is there",
                f"--checkpoint={choice} for {self.path}",
                "train longer, or choose another",
            )
        return path

    def read_history(self) -> list[dict[str, float]]:
        """The rows of `history.csv`; none if it is not there.

        Raises:
          UserError: if it is damaged.
        """
        if not self.history_file.is_file():
            return []
        with self.history_file.open(newline="", encoding="utf-8") as file:
            try:
                return [
                    {name: float(value) for name, value in row.items()}
                    for row in csv.DictReader(file)
                ]
            except (TypeError, ValueError) as error:
                raise UserError(
                    "The history.csv of a run must be rows of numbers",
                    f"{self.history_file}: {error}",
                    "restore the file, or train again with --overwrite",
                ) from error

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Writes `history.csv` anew from rows of the same columns; the first is `epoch`."""
        with (
            written_atomically(self.history_file) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["epoch"])
            writer.writeheader()
            writer.writerows({**row, "epoch": int(row["epoch"])} for row in rows)
