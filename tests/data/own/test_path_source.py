import ast
import json
import time

import numpy as np
import pandas as pd
import pytest

from jmvae_tf.data.own import encoding, path_source, prepared_files
from jmvae_tf.data.own.path_source import load, load_rows
from jmvae_tf.runtime.errors import UserError
from tests.helpers.folders import contents
from tests.helpers.own_data import read_rows, write_frame, write_image, write_shells, write_table


@pytest.fixture
def shells(tmp_path):
    return write_shells(tmp_path / "shells")


def test_a_folder_of_a_table_and_images(shells, tmp_path):
    data = load(shells, tmp_path / "data")
    assert data.name == "shells"
    assert list(data.modalities) == ["image", "species", "attributes", "numbers"]
    assert data.modalities["image"].event_shape == (12, 20, 3)
    assert data.modalities["species"].value_names == ("cockle", "limpet", "whelk")
    assert data.modalities["numbers"].value_names == ("length_mm", "weight_g")
    assert sum(map(data.num_examples, ("train", "validation", "test"))) == 40
    assert not data.masks("train")
    batch = data.prepare({name: x[:5] for name, x in data.train.items()})
    for name, modality in data.modalities.items():
        modality.check_examples(batch[name].numpy())


def test_what_is_missing_has_masks(shells, tmp_path):
    rows = read_rows(shells)
    rows[1] = ",cockle,yes,,1.5,"
    rows[2] = rows[2].replace("limpet", "NA")
    write_table(shells, rows)
    (shells / "photos" / "5.png").write_bytes(b"broken")
    loaded = load_rows(shells, tmp_path / "data")
    values = loaded.values
    assert loaded.files.reasons["image"] == {5: "neither a JPEG nor a PNG"}
    np.testing.assert_array_equal(np.flatnonzero(~values["image/observed"]), [0, 5])
    np.testing.assert_array_equal(np.flatnonzero(~values["species/observed"]), [1])
    assert values["numbers/observed"][0].tolist() == [False, True]
    assert values["numbers/observed"][1:].all()
    assert loaded.manifest.modalities["numbers"].partly_observed
    assert "attributes/observed" not in values
    data = load(shells, tmp_path / "data")
    assert set(data.masks("test")) == {"image/observed", "species/observed", "numbers/observed"}


def test_parts_stay_when_rows_are_added_and_moved(shells, tmp_path):
    before = load_rows(shells, tmp_path / "data").table.encoded
    head, *rows = read_rows(shells)
    write_table(shells, [head, *rows[:20], "photos/3.png,whelk,no,5,5,x", *rows[:19:-1]])
    after = load_rows(shells, tmp_path / "data").table.encoded
    of = dict(zip(after.files["image"], after.hashes, strict=True))
    assert [of[name] for name in before.files["image"]] == list(before.hashes)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_the_formats_of_tables_hold_the_same(tmp_path, suffix):
    frame = pd.DataFrame(
        {
            "kind": ["a", "b", None, "b"] * 10,
            "wet": [True, False, True, True] * 10,
            "x": np.linspace(0.5, 1, 40),
            "n": [1.0, np.nan, 3.0, 1e6] * 10,
        }
    )
    path = tmp_path / f"t{suffix}"
    write_frame(frame, path)
    loaded = load_rows(path, tmp_path)
    assert {x: one.kind for x, one in loaded.manifest.modalities.items()} == {
        "kind": "label",
        "attributes": "attributes",
        "numbers": "numbers",
    }
    np.testing.assert_array_equal(loaded.values["kind"], [0, 1, 0, 1] * 10)
    np.testing.assert_array_equal(loaded.values["kind/observed"], [True, True, False, True] * 10)
    np.testing.assert_array_equal(loaded.values["attributes"][:4, 0], [1, 0, 1, 1])
    np.testing.assert_allclose(loaded.values["numbers"][:, 0], frame["x"], rtol=1e-6)
    assert loaded.values["numbers"][3, 1] == 1e6


def test_folders_of_classes_in_parts(tmp_path):
    folder = tmp_path / "pets"
    for part in ("train", "val", "test"):
        for i in range(4):
            write_image(folder / part / ("cat", "dog")[i % 2] / f"{i}.jpg", seed=i, grey=True)
    data = load(folder, tmp_path / "data")
    assert [data.num_examples(x) for x in ("train", "validation", "test")] == [4, 4, 4]
    assert data.modalities["label"].value_names == ("cat", "dog")
    assert data.modalities["image"].event_shape == (12, 20, 1)


def test_folders_of_classes_and_of_images_alone(tmp_path):
    for i in range(40):
        write_image(tmp_path / "pets" / ("cat", "dog")[i % 2] / f"{i}.png", seed=i)
        write_image(tmp_path / "flat" / f"{i}.png", seed=i)
    assert list(load(tmp_path / "pets", tmp_path / "data").modalities) == ["image", "label"]
    assert list(load(tmp_path / "flat", tmp_path / "data").modalities) == ["image"]


def test_a_manifest_decides(shells, tmp_path):
    manifest = {
        "weight": {"kind": "numbers", "columns": ["weight_g"], "log": ["weight_g"]},
        "picture": {"kind": "image", "column": "file_name", "size": [8, 8], "fit": "pad"},
        "note": {"kind": "text", "column": "note", "length": 6},
        "": {"group": "species", "name": "sea"},
    }
    (shells / "columns.json").write_text(json.dumps(manifest))
    loaded = load_rows(shells, tmp_path / "data")
    assert list(loaded.manifest.modalities) == ["weight", "picture", "note"]
    assert loaded.manifest.name == "sea"
    assert loaded.values["picture"].shape == (40, 8, 8, 3)
    assert (loaded.values["picture"][:, 0] == 0).all()  # The margin.
    assert len(set(loaded.table.encoded.hashes)) == 3
    note = loaded.manifest.modalities["note"]
    assert "".join(note.alphabet[x] for x in loaded.values["note"][12]) == "found "
    again = load_rows(shells, tmp_path / "data", loaded.manifest)
    assert again.manifest == loaded.manifest


def test_many_images_are_prepared_once(shells, tmp_path, monkeypatch):
    (shells / "photos" / "5.png").write_bytes(b"broken")
    plain = load_rows(shells, tmp_path / "data")
    assert not (tmp_path / "data").exists()
    monkeypatch.setattr(path_source, "_MANY", 10)
    monkeypatch.setattr(prepared_files, "ROWS_IN_A_PART", 9)
    first = load_rows(shells, tmp_path / "data", processes=1)
    [folder] = (tmp_path / "data" / "shells").iterdir()
    before = contents(folder)
    again = load_rows(shells, tmp_path / "data")
    assert contents(folder) == before
    on_disk = load(shells, tmp_path / "data", in_memory=False)
    monkeypatch.setattr(prepared_files, "MOST_IN_MEMORY", 100)
    unpacked = load(shells, tmp_path / "data")
    for loaded in (first, again):
        assert loaded.values.keys() == plain.values.keys()
        for name, values in plain.values.items():
            np.testing.assert_array_equal(loaded.values[name], values)
        assert loaded.files.reasons == plain.files.reasons
        np.testing.assert_array_equal(loaded.files.digests["image"], plain.files.digests["image"])
    whole = path_source.data_set_of(plain)
    rows = np.array([3, 0, 3])
    for data in (on_disk, unpacked):
        assert not isinstance(data.train["image"], np.ndarray)
        np.testing.assert_array_equal(data.train["image"][rows], whole.train["image"][rows])
    # Another label needs no other images, another size does.
    write_table(shells, [row.replace("whelk", "limpet") for row in read_rows(shells)])
    load_rows(shells, tmp_path / "data")
    assert list((tmp_path / "data" / "shells").iterdir()) == [folder]
    monkeypatch.setattr(prepared_files, "MOST_IN_MEMORY", 2**30)
    [records] = folder.glob("*.array_record*")
    records.write_bytes(records.read_bytes()[:-100])
    with pytest.raises(UserError, match=f"{folder}: .*; remove the folder, and prepare them"):
        load_rows(shells, tmp_path / "data")
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="in folders, not in links"):
        load_rows(shells, tmp_path / "data")


def test_few_images_of_a_large_size_stay_on_disk(shells, tmp_path, monkeypatch):
    whole = load(shells, tmp_path / "data")
    for module in (path_source, prepared_files):
        monkeypatch.setattr(module, "MOST_IN_MEMORY", 100)
    on_disk = load(shells, tmp_path / "data", processes=1)
    assert not isinstance(on_disk.train["image"], np.ndarray)
    rows = np.array([3, 0, 3])
    np.testing.assert_array_equal(on_disk.train["image"][rows], whole.train["image"][rows])


def test_values_of_a_large_table_stay_on_disk(shells, tmp_path, monkeypatch):
    whole = load(shells, tmp_path / "data")
    monkeypatch.setattr(encoding, "_MOST_IN_MEMORY", 100)
    on_disk = load(shells, tmp_path / "data")
    assert not isinstance(on_disk.train["numbers"], np.ndarray)
    assert list((tmp_path / "data").iterdir()) == []  # The files have no names.
    rows = np.array([3, 0, 3])
    for name, values in whole.train.items():
        np.testing.assert_array_equal(on_disk.train[name][rows], values[rows])


def test_texts_end_with_their_mark(tmp_path):
    rows = ["note,x", *(f"{'ab'[: 1 + i % 2]},{i / 8}" for i in range(30)), ",7.5"]
    path = write_table(tmp_path, rows)
    manifest = {
        "note": {"kind": "text", "column": "note"},
        "x": {"kind": "numbers", "columns": ["x"]},
    }
    (tmp_path / "columns.json").write_text(json.dumps(manifest))
    loaded = load_rows(path, tmp_path)
    np.testing.assert_array_equal(loaded.values["note"][:2], [[0, 2], [0, 1]])
    assert not loaded.values["note/observed"][-1]


def test_arrays(tmp_path):
    rows = ["spectrum_file_name,y"]
    for i in range(30):
        np.save(tmp_path / f"{i}.npy", np.full((3, 2), i))
        rows.append(f"{i}.npy,{i / 7}")
    loaded = load_rows(write_table(tmp_path, rows), tmp_path)
    assert loaded.manifest.modalities["spectrum"].shape == (3, 2)
    np.testing.assert_array_equal(loaded.values["spectrum"][:, 1, 1], np.arange(30))


def test_headers_of_arrays_are_parsed_one_at_a_time(tmp_path, monkeypatch):
    # Python 3.11's parser may raise SystemError in one of two threads.
    parse, at_work, together = ast.literal_eval, [], []

    def slowly(text):
        at_work.append(text)
        together.append(len(at_work))
        time.sleep(0.01)
        at_work.pop()
        return parse(text)

    rows = ["spectrum_file_name,y"]
    for i in range(20):
        np.save(tmp_path / f"{i}.npy", np.full((3, 2), i))
        rows.append(f"{i}.npy,{i / 7}")
    monkeypatch.setattr(ast, "literal_eval", slowly)
    monkeypatch.setattr(path_source, "usable_cores", lambda: 4)
    load_rows(write_table(tmp_path, rows), tmp_path)
    assert max(together) == 1 < len(together)


def test_columns_that_a_table_lacks_may_be_empty(shells, tmp_path):
    manifest = load_rows(shells, tmp_path / "data").manifest
    path = write_table(
        tmp_path / "new", ["id,split,length_mm,weight_g", "1,x,12,0.5", "1,y,,", ",,14,"]
    )
    with pytest.raises(ValueError, match="without 'file_name'"):
        load_rows(path, tmp_path / "data", manifest)
    loaded = load_rows(path, tmp_path / "data", manifest, may_lack=True)
    assert loaded.manifest.modalities.keys() == manifest.modalities.keys()
    assert not loaded.values["image/observed"].any()
    assert not loaded.values["species/observed"].any()
    np.testing.assert_array_equal(
        loaded.values["numbers/observed"], [[True, True], [False, False], [True, False]]
    )
