"""What several tests of data sets share."""

import gzip

import pytest

from tests.helpers import idx_files


@pytest.fixture
def idx_arrays(rng):
    """What the small idx files hold: file name to bytes of images or labels."""
    return idx_files.arrays(rng)


@pytest.fixture
def idx_dir(tmp_path, idx_arrays):
    """A folder with four small and whole idx files."""
    for name, array in idx_arrays.items():
        (tmp_path / name).write_bytes(gzip.compress(idx_files.idx(array)))
    return tmp_path
