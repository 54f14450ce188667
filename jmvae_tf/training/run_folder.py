"""The folder of a run: its files, its lock, and reading them back."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from jmvae_tf.data.own.manifest import Manifest
from jmvae_tf.presets import usual_target
from jmvae_tf.runtime.errors import UserError
from jmvae_tf.runtime.files import (
    check_can_write,
    claimed,
    is_temporary,
    read_json,
    unfinished_folder,
    write_json,
)
from jmvae_tf.settings import Settings
from jmvae_tf.training import history_rows, run_config
from jmvae_tf.training.local_file import LOCAL_FILE

if TYPE_CHECKING:
    from jmvae_tf.modalities import Modality

_CHECKPOINT = "epoch-{:06d}.keras"
_CHECKPOINT_NAME = re.compile(r"epoch-([0-9]{6,9})\.keras")
_OWN_FOLDERS = ("logs", "figures", "measures")
"""Folders that belong to the run entirely; in `checkpoints`, only some files do."""

_OWN_FILES = (
    "history.csv",
    "metrics.json",
    "metrics_table.txt",
    "modalities.json",
    "training_summary.json",
    LOCAL_FILE,
)
"""Files of a run besides `config.json` and those in folders."""

MIXTURE_FILE = "latent_mixture.json"
"""The file in `checkpoints` of the mixture in the latent space of one of them, which it names."""

_BESIDE_EPOCHS = ("best.json", "best.keras", MIXTURE_FILE)
"""Files of a run in `checkpoints` besides those of epochs."""

_OLD_FRESH_CONFIG = ".config.json"  # Left by a killed start of version 0.3.0 or earlier.
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def run_name(
    data: str, model: str, target: str | None = None, manifest: Manifest | None = None
) -> str:
    """Returns the name of the folders of a run and of its SavedModels.

    It ends with the target if that is not the data set's usual one. `manifest` is that of a user's
    own data.

    Raises:
      UserError: if a part is not a plain name, so that the folder would be elsewhere.
    """
    for name in (data, model, *([] if target is None else [target])):
        if not _PLAIN_NAME.fullmatch(name):
            raise UserError(
                "Names of runs consist of letters, digits, '.', '_' and '-', and begin with a "
                "letter or a digit",
                name,
                "choose other names",
            )
    other = target not in (None, usual_target(model, data, manifest))
    return f"{data}-{model}" + (f"-{target}" if other else "")


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The paths of a run and what can be read back from them.

    Attributes:
      path: the folder itself.
    """

    path: pathlib.Path

    @property
    def config_file(self) -> pathlib.Path:
        """The file of all settings and of the package versions that the run used."""
        return self.path / "config.json"

    @property
    def history_file(self) -> pathlib.Path:
        """The file of one row per epoch, with one column per term."""
        return self.path / "history.csv"

    @property
    def metrics_file(self) -> pathlib.Path:
        """The file of the metrics from the evaluation."""
        return self.path / "metrics.json"

    @property
    def checkpoints(self) -> pathlib.Path:
        """The folder of complete models, with the optimiser's state."""
        return self.path / "checkpoints"

    @property
    def best_checkpoint(self) -> pathlib.Path:
        """The checkpoint with the highest bound on the validation set."""
        return self.checkpoints / "best.keras"

    @property
    def figures(self) -> pathlib.Path:
        """The folder of figures."""
        return self.path / "figures"

    @property
    def logs(self) -> pathlib.Path:
        """The folder of files for TensorBoard."""
        return self.path / "logs"

    def is_run(self) -> bool:
        """Whether a run of this package was started here, according to its config.json."""
        return run_config.is_run_config(self.config_file)

    def check_new(self, overwrite: bool) -> None:
        """Refuses to start a run in a folder that is in use, or that cannot be written to.

        Raises:
          UserError: if the path exists and `overwrite` is not set, it is not a run and so must not
            be removed, or nothing can be written there.
        """
        is_free = not self.path.exists() or (self.path.is_dir() and not any(self._entries()))
        if is_free or (overwrite and self.is_run()):
            self._check_kinds(links=True)
            check_can_write(self.path, "run")
            return
        if self.is_run():
            done = max(self.checkpoint_epochs(), default=0)
            raise UserError(
                f"{self.path} has a run already, of {done} epochs",
                f"--run={self.path}",
                "continue it with --resume, replace it with --overwrite, or choose another",
            )
        if not overwrite:
            raise UserError(
                "The folder of a new run must not exist, and what is there is not a run",
                f"--run={self.path}",
                "choose another --run",
            )
        there = os.path.lexists(self.config_file)
        raise UserError(
            "Only the folder of a run can be overwritten",
            f"{self.path}, "
            + ("whose config.json no run wrote" if there else "which has no config.json"),
            "choose another --run",
        )

    def _check_kinds(self, links: bool = False) -> None:
        """Refuses a folder whose parts lead elsewhere or have the wrong type.

        Args:
          links: whether parts may be links, for example if they will be removed.

        Raises:
          UserError: if there is such a part.
        """
        folders = [self.checkpoints, *(self.path / name for name in _OWN_FOLDERS)]
        files = [self.path / name for name in _OWN_FILES]
        files += [self.checkpoints / name for name in _BESIDE_EPOCHS]
        for path in (*folders, *files):
            if not os.path.lexists(path) or (links and path.is_symlink()):
                continue
            if path in files and not path.is_file():
                raise self._strange(path, "a file")
            if path in folders and not path.is_dir():
                raise self._strange(path, "a folder")
        if links:
            return
        for folder in folders:
            inner = ([pathlib.Path(at, x) for x in names] for at, names, _ in os.walk(folder))
            for path in (folder, *(x for paths in inner for x in paths)):
                if path.is_symlink():
                    raise self._strange(path, "a folder of the run, not a link")

    def _strange(self, path: pathlib.Path, rule: str) -> UserError:
        name = path.relative_to(self.path)
        return UserError(
            f"{name} of a run must be {rule}", path, "move it away, or choose another --run"
        )

    def _entries(self) -> list[pathlib.Path]:
        """Lists the content of the folder, without what a process killed early has left."""
        return [
            entry
            for entry in self.path.iterdir()
            if entry.name != _OLD_FRESH_CONFIG and not is_temporary(entry)
        ]

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Keeps other processes from training in this folder; makes the folder if needed.

        Raises:
          UserError: if another process trains in it.
          OSError: if it cannot be made.
        """
        return claimed(self.path, "train in a run folder", "run")

    def start(
        self,
        settings: Settings,
        modalities: Mapping[str, "Modality"] | None = None,
        fingerprint: str | None = None,
    ) -> list[str]:
        """Starts a new run, which replaces an existing one.

        Removes the files that runs write. Everything else stays, and no link is followed.

        Args:
          settings: the run's settings.
          modalities: modalities of the training data; None to record none.
          fingerprint: the fingerprint of a user's own data; None to record none.

        Returns:
          The names of the files that stay, relative to the folder.

        Raises:
          OSError: if it cannot be written.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with unfinished_folder(self.path) as temporary:
            fresh = temporary / self.config_file.name
            # Written before anything is removed, since the disk may be full.
            run_config.write_run_config(fresh, settings, modalities, fingerprint)
            kept = self._remove_own()
            fresh.replace(self.config_file)
        left = [x for x in self._entries() if x not in (self.config_file, self.checkpoints)]
        left += kept
        return sorted(str(path.relative_to(self.path)) for path in left)

    def _remove_own(self) -> list[pathlib.Path]:
        """Removes all files of a run but `config.json`; returns others in `checkpoints`."""
        for path in (self.checkpoints, *(self.path / name for name in _OWN_FOLDERS)):
            if path.is_symlink():
                path.unlink()
            elif path.is_dir() and path != self.checkpoints:
                shutil.rmtree(path)
        saved = list(self.checkpoints.iterdir()) if self.checkpoints.is_dir() else []
        own = [x for x in saved if x.name in _BESIDE_EPOCHS or _epoch_of(x)]
        for path in (*(self.path / name for name in _OWN_FILES), *own):
            if path.is_file() or path.is_symlink():
                path.unlink()
        with contextlib.suppress(OSError):  # It is not empty, or missing.
            self.checkpoints.rmdir()
        return [x for x in saved if os.path.lexists(x)]

    def write_config(
        self,
        settings: Settings,
        modalities: Mapping[str, "Modality"] | None = None,
        fingerprint: str | None = None,
    ) -> None:
        """Writes `config.json`; see `start` for the arguments."""
        run_config.write_run_config(self.config_file, settings, modalities, fingerprint)

    def read_settings(self) -> Settings:
        """Reads the settings that the run was started with.

        Raises:
          UserError: if the folder is not a run, or its configuration is not of this version.
        """
        self.read_config()
        self._check_kinds()
        return run_config.read_run_settings(self.config_file)

    def read_event_shapes(self) -> dict[str, tuple[int, ...]] | None:
        """Reads the shape of every modality; see `run_config.read_event_shapes`."""
        return run_config.read_event_shapes(self.config_file)

    def check_modalities(self, modalities: Mapping[str, "Modality"]) -> None:
        """Raises UserError if the run was started with data of other modalities or shapes."""
        recorded = self.read_event_shapes()
        received = {name: modality.event_shape for name, modality in modalities.items()}
        if recorded is not None and recorded != received:
            raise UserError(
                "A run keeps the modalities that it was started with",
                f"data of {received}, not {recorded}",
                "use the same data, or another --run",
            )

    def read_config(self) -> dict[str, Any]:
        """Reads the content of `config.json`.

        Raises:
          UserError: if the folder is not a run, or its configuration cannot be read.
        """
        return run_config.read_run_config(self.config_file)

    def check_resumable(self) -> None:
        """Raises UserError if a file that resuming reads, other than a checkpoint, is damaged."""
        self.read_history()
        self.best_epoch()

    def checkpoint_of(self, epoch: int) -> pathlib.Path:
        """Returns the path of the checkpoint of an epoch, counted from 1."""
        return self.checkpoints / _CHECKPOINT.format(epoch)

    def checkpoint_epochs(self) -> list[int]:
        """Lists the epochs that have a checkpoint, oldest first."""
        found = self.checkpoints.iterdir() if self.checkpoints.is_dir() else ()
        return sorted(epoch for path in found if (epoch := _epoch_of(path)) and path.is_file())

    def newest_checkpoint(self) -> pathlib.Path | None:
        """Returns the checkpoint of the last epoch that has one."""
        epochs = self.checkpoint_epochs()
        return self.checkpoint_of(epochs[-1]) if epochs else None

    def best_epoch(self) -> int:
        """Reads the epoch of the best checkpoint; 0 if there is none.

        Raises:
          UserError: if `best.json` is damaged.
        """
        if not self._best_file.is_file():
            return 0
        try:
            epoch = read_json(self._best_file, run_config.LARGEST_FILE).get("epoch")
            if not isinstance(epoch, int) or isinstance(epoch, bool) or not 0 <= epoch < 2**31:
                raise ValueError("its epoch is not a whole number")
        except ValueError as error:
            raise UserError(
                "The best.json of a run must hold an epoch",
                f"{self._best_file}: {error}",
                "delete the file, or train again with --overwrite",
            ) from error
        return epoch

    def write_best_epoch(self, epoch: int) -> None:
        """Writes the epoch of the best checkpoint."""
        write_json(self._best_file, {"epoch": epoch})

    def read_history(self) -> list[dict[str, float]]:
        """Reads the rows of `history.csv`; none if it is missing.

        Raises:
          UserError: if it is damaged.
        """
        return history_rows.read_rows(self.history_file)

    def write_history(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Replaces `history.csv`."""
        history_rows.write_rows(self.history_file, rows)

    @property
    def _best_file(self) -> pathlib.Path:
        return self.checkpoints / "best.json"

    def choose_checkpoint(self, choice: str) -> pathlib.Path:
        """Returns the checkpoint that a user chose.

        Args:
          choice: "newest", "best", or the path of a file.

        Raises:
          UserError: if the folder is not a run, or there is no such checkpoint.
        """
        self.read_config()
        named = {"newest": self.newest_checkpoint(), "best": self.best_checkpoint}
        path = named.get(choice, pathlib.Path(choice))
        if path is None or not path.is_file():
            raise UserError(
                "--checkpoint must be newest, best or an existing file",
                f"--checkpoint={choice} for {self.path}",
                "train longer, or choose another",
            )
        return path


def table_beside(metrics: pathlib.Path) -> pathlib.Path:
    """Returns the file of the table that belongs to a file of metrics."""
    return metrics.with_name(f"{metrics.stem}_table.txt")


def name_of_epoch(folder: RunFolder, checkpoint: pathlib.Path) -> str:
    """Returns the name of a checkpoint's file, for the best one that of its epoch.

    A file from elsewhere may be another run's: its name ends with a digest.
    """
    if checkpoint.resolve().parent != folder.checkpoints.resolve():
        return f"{checkpoint.name[:99]} {sha256(checkpoint.read_bytes()).hexdigest()[:12]}"
    epoch = folder.best_epoch() if checkpoint.name == folder.best_checkpoint.name else 0
    return folder.checkpoint_of(epoch).name if epoch else checkpoint.name


def _epoch_of(path: pathlib.Path) -> int:
    """Returns the epoch in a checkpoint's name; 0 for any other name."""
    match = _CHECKPOINT_NAME.fullmatch(path.name)
    return int(match[1]) if match and _CHECKPOINT.format(int(match[1])) == path.name else 0
