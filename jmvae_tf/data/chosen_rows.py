"""Some of the rows of examples that stay on disk."""

import numpy as np

from jmvae_tf.data.data_set import Rows


class ChosenRows:
    """Rows of other rows, read when needed; see `Rows`."""

    def __init__(self, rows: Rows | np.ndarray, indices: np.ndarray) -> None:
        """Chooses rows.

        Args:
          rows: the other rows, or a map of a file.
          indices: which of them.
        """
        self._rows, self._indices = rows, indices
        self.shape: tuple[int, ...] = (len(indices), *rows.shape[1:])
        self.dtype = rows.dtype

    def __len__(self) -> int:
        """Returns the number of rows."""
        return len(self._indices)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Reads the rows at the given indices."""
        return np.asarray(self._rows[self._indices[indices]])


def choose(values: Rows | np.ndarray, indices: np.ndarray) -> Rows | np.ndarray:
    """Chooses rows: at once of an array in memory, when needed of what is on disk."""
    if isinstance(values, np.ndarray) and not isinstance(values, np.memmap):
        return np.asarray(values[indices])
    return ChosenRows(values, indices)
