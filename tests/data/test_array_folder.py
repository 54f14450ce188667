"""Arrays that are written batch by batch come back whole, in memory or from disk."""

import json

import numpy as np
import pytest

from jmvae_tf.data.array_folder import has_arrays, read_arrays, written_arrays
from jmvae_tf.runtime.errors import UserError


def batch(number, start=0) -> dict[str, np.ndarray]:
    index = np.arange(start, start + number)
    return {
        "image": np.tile(index[:, np.newaxis, np.newaxis], (1, 2, 3)).astype(np.uint8),
        "length": index.astype(np.float32),
        "image/observed": index % 2 == 0,
    }


@pytest.fixture
def folder(tmp_path):
    """Seven training examples and two test examples."""
    path = tmp_path / "shells" / "1"
    with written_arrays(path) as writer:
        writer.append("train", batch(4))
        writer.append("test", batch(2))
        writer.append("train", batch(3, start=4))
    return path


def test_arrays_come_back(folder):
    parts = read_arrays(folder)
    np.testing.assert_equal(parts, {"train": batch(7), "test": batch(2)})
    assert [path.name for path in folder.parent.iterdir()] == ["1"], "nothing temporary is left"


def test_large_arrays_of_large_data_stay_on_disk(folder):
    parts = read_arrays(folder, most_in_memory=60, large=7 * 4 + 1)
    rows = parts["train"]["image"]
    assert not isinstance(rows, np.ndarray)
    assert (rows.shape, rows.dtype, len(rows)) == ((7, 2, 3), np.uint8, 7)
    places = np.array([6, 0, 0, 3])
    taken = rows[places]
    assert type(taken) is np.ndarray
    np.testing.assert_array_equal(taken, batch(7)["image"][places])
    for name in ("length", "image/observed"):
        assert isinstance(parts["train"][name], np.ndarray)


def test_nothing_appears_if_something_went_wrong(tmp_path):
    def interrupted():
        with written_arrays(tmp_path / "1") as writer:
            writer.append("train", batch(2))
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert not has_arrays(tmp_path / "1")
    assert not list(tmp_path.iterdir())


def test_a_folder_is_replaced(folder):
    with written_arrays(folder) as writer:
        writer.append("train", batch(1))
    assert len(read_arrays(folder)["train"]["length"]) == 1


def test_rows_of_other_shapes_are_refused(tmp_path):
    with written_arrays(tmp_path / "1") as writer:
        writer.append("train", {"image": np.zeros((2, 3))})
        with pytest.raises(ValueError, match="after"):
            writer.append("train", {"image": np.zeros((2, 4))})


def change(folder, **changes):
    path = folder / "arrays.json"
    described = json.loads(path.read_text())
    described["parts"]["train"]["image"].update(changes)
    path.write_text(json.dumps(described))


@pytest.mark.parametrize(
    "changes",
    [
        {"file": "../0.values"},
        {"file": "9.values"},
        {"dtype": "object"},
        {"shape": [6, 2, 3]},
        {"shape": [-7, -2, 3]},
        {"shape": [10**12, 10**12]},
        {"shape": "7"},
        {"shape": None},
    ],
)
def test_damaged_descriptions_are_refused(folder, changes):
    change(folder, **changes)
    with pytest.raises(UserError, match="must be whole"):
        read_arrays(folder)


def test_a_file_that_was_cut_off_is_refused(folder):
    (folder / "0.values").write_bytes(b"1")
    with pytest.raises(UserError, match=r"1 bytes in 0.values, not 42; remove the folder"):
        read_arrays(folder)
