import json

import pytest

from jmvae_tf.data.own.path_source import load
from tests.helpers.own_data import read_rows, write_image, write_shells, write_table


@pytest.fixture
def shells(tmp_path):
    return write_shells(tmp_path / "shells")


def _said(path, data_dir):
    said = []
    load(path, data_dir, say=said.append)
    return "\n".join(said)


def test_what_columns_are_taken_for_fits_a_screen(shells, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    said = _said(shells, tmp_path / "data")
    assert "shells: 40 rows, " in said
    assert "rows are divided by a hash of file_name" in said
    assert "image of 20x12 pixels, 3 channels; Gaussian; files of 20x12, colour" in said
    assert "label of 3 classes: cockle, limpet, whelk; Categorical" in said
    assert "length_mm, weight_g" in said
    assert 'column note: not used: 40 different texts; "kind": "text"' in said
    assert len(said.splitlines()) < 20


def test_a_narrow_screen_has_all_of_it_in_more_lines(shells, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    said = _said(shells, tmp_path / "data")
    lines = [line for line in said.splitlines() if not line.startswith(("column ", "note: "))]
    assert max(map(len, lines)) <= 80
    assert len(said.splitlines()) < 24
    for words in ("image of 20x12 pixels", "cockle,", "limpet,", "whelk;", "Categorical"):
        assert words in said


def test_numbers_that_may_stand_for_missing_ones(tmp_path):
    rows = ["age,y", *(f"{-999 if i % 9 == 0 else i},{i % 7 / 3}" for i in range(40))]
    said = _said(write_table(tmp_path, rows), tmp_path)
    assert "age is -999 in 5 rows and 1 to 39 in all others; if -999 means missing" in said


def test_images_in_no_folder_of_a_class_are_named(tmp_path):
    for i in range(40):
        write_image(tmp_path / "pets" / ("cat", "dog")[i % 2] / f"{i}.png", seed=i)
    for name in ("1.png", "_other/2.png", "__MACOSX/3.png", ".hidden/4.png"):
        write_image(tmp_path / "pets" / name)
    (tmp_path / "pets" / "cow").symlink_to(tmp_path)
    (tmp_path / "pets" / "cat" / "x.png").mkdir()
    said = _said(tmp_path / "pets", tmp_path / "data")
    assert "pets: 40 rows" in said
    assert "note: not used: 1.png (3 in all), in no folder of a class" in said


def test_a_wide_table_fits_a_screen_too(tmp_path):
    rows = [",".join(f"c{i}" for i in range(300))]
    rows += [",".join(f"{(i * r * 7919) % 1009 / 8}" for i in range(300)) for r in range(40)]
    said = _said(write_table(tmp_path, rows), tmp_path)
    assert len(said.splitlines()) < 24
    assert all(len(line) <= 400 for line in said.splitlines())


def test_faults_of_files_and_classes_are_named(shells, tmp_path):
    rows = read_rows(shells)
    rows[1:] = [row.replace("limpet", "cockle") for row in rows[1:]]
    rows[5] = rows[5].replace("whelk", "limpet").replace("cockle", "limpet")
    write_table(shells, rows)
    for i in range(20, 40):
        (shells / "photos" / f"{i}.png").write_bytes((shells / "photos" / "0.png").read_bytes())
    (shells / "photos" / "7.png").write_bytes(b"broken")
    said = _said(shells, tmp_path / "data")
    assert "image: not used photos/7.png (neither a JPEG nor a PNG) (1 in all)" in said
    assert "image: equal files in two parts, such as photos/" in said
    assert "few training examples have species limpet (1)" in said or "has species limpet" in said
    assert "of species are cockle; --balance=species" in said


def test_numbers_that_float32_cannot_tell_apart(tmp_path):
    rows = ["time,y", *(f"{1700000000 + i},{i % 7 / 3}" for i in range(40))]
    rows[3] = rows[3].replace("1700000002", "1700000022")
    said = _said(write_table(tmp_path, rows), tmp_path)
    assert "time goes from 1700000000 to 1700000039, where float32 has steps of 1.3e+02" in said
    assert "subtract a constant" in said


def test_the_terminal_is_safe_from_names_in_the_data(tmp_path):
    for i in range(40):
        write_image(tmp_path / "pets" / ("a\u202eb", "dog")[i % 2] / f"{i}.png", seed=i)
    (tmp_path / "pets" / "a\u202eb").rename(tmp_path / "pets" / "x")
    rows = ["b,y", *(f"{'x' * 300 if i % 2 else 'short'},{i / 7}" for i in range(40))]
    manifest = {"y": {"kind": "numbers", "columns": ["y"]}}
    (tmp_path / "columns.json").write_text(json.dumps(manifest))
    said = _said(write_table(tmp_path, rows), tmp_path)
    assert said.isprintable() or "\n" in said
    assert all(line.isprintable() for line in said.splitlines())


def test_names_that_most_models_cannot_have_are_said(tmp_path):
    shells = write_shells(tmp_path / "shells")
    columns = {"a": "species", "b": "striped", "a_b": "weight_g", "c": "length_mm"}
    manifest = {x: {"kind": "label", "column": y} for x, y in columns.items()}
    (shells / "columns.json").write_text(json.dumps(manifest))
    said = _said(shells, tmp_path / "data")
    assert "note: most models would have two signatures called 'a_b_to_c': one generates c" in said
    assert "rename one of a, b, a_b, c in columns.json" in said


def test_a_hash_that_divides_few_rows_unevenly_is_said(tmp_path):
    rows = [f"{x},{x % 7}.5,{'ab'[x % 2]}" for x in range(300)]

    def said(number, head="id,x,y", about_all=None):
        path = write_table(tmp_path / f"{number}{head}", [head, *rows[:number]])
        if about_all:
            (path.parent / "columns.json").write_text(json.dumps({"": about_all}))
        return _said(path, tmp_path / "data")

    assert "where a tenth each is meant" not in said(300)
    assert "note: of 60 rows, the hash gives " in said(60)
    assert "a column split of train, validation and test divides rows otherwise" in said(60)
    uneven = said(300, "id,x,beach", {"group": "beach"})
    assert "note: of 300 rows, the hash gives " in uneven
