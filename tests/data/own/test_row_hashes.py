import numpy as np
import pyarrow as pa

from jmvae_tf.data.own.row_hashes import SHARES, divide, hash_rows


def test_hashes_stay_the_same_in_every_version():
    columns = {"a": pa.array(["x", "y", None]), "b": pa.array([1.5, -0.0, None])}
    assert hash_rows(columns, 3).tolist() == [
        12150312804960133288,
        16513550318840966808,
        18134512758807298110,
    ]


def test_order_and_missing_cells_do_not_matter_but_values_do():
    a, b = pa.array(["x", "y", "x"]), pa.array([1.0, 1.0, 2.0])
    one, other = hash_rows({"a": a, "b": b}, 3), hash_rows({"b": b, "a": a}, 3)
    np.testing.assert_array_equal(one, other)
    assert len(set(one)) == 3
    assert hash_rows({"a": a}, 3)[0] == hash_rows({"a": a}, 3)[2]
    assert hash_rows({"a": a}, 3)[0] != hash_rows({"c": a}, 3)[0]
    zeros = hash_rows({"b": pa.array([0.0, -0.0])}, 2)
    assert zeros[0] == zeros[1]


def test_parts_have_their_shares():
    hashes = hash_rows({"a": pa.array([f"row {i}" for i in range(20_000)])}, 20_000)
    shares = np.bincount(divide(hashes), minlength=3) / 20_000
    np.testing.assert_allclose(shares, SHARES, atol=0.01)


def test_parts_that_the_data_name_win_and_those_they_lack_come_from_training():
    hashes = hash_rows({"a": pa.array([f"row {i}" for i in range(3000)])}, 3000)
    named = np.repeat(np.array([0, 2], np.int8), 1500)
    parts = divide(hashes, named)
    assert (parts[1500:] == 2).all()
    assert set(parts[:1500]) == {0, 1}
    assert 100 < (parts == 1).sum() < 200
    np.testing.assert_array_equal(divide(hashes, np.arange(3000) % 3), np.arange(3000) % 3)
