"""The value of `--data`: known names, paths, data sets of TFDS, functions; what mistakes say."""

import os
import subprocess
import sys

import pytest

from jmvae_tf.data.own.data_source import data_source_of
from jmvae_tf.data.registry import DATA_SETS
from jmvae_tf.runtime.errors import UserError


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder: shells/, Größen 2/, mnist/, table.csv, Table.TSV, note.txt, load.py."""
    monkeypatch.chdir(tmp_path)
    for name in ("shells", "Größen 2", "mnist"):
        (tmp_path / name).mkdir()
    for name in ("table.csv", "Table.TSV", "note.txt", "load.py"):
        (tmp_path / name).write_text("")
    return tmp_path


@pytest.mark.parametrize("name", DATA_SETS)
def test_known_names_win_over_folders(here, name):
    (here / name).mkdir(exist_ok=True)
    source = data_source_of(name)
    assert (source.kind, source.name, source.path) == ("known", name, None)
    source = data_source_of(f"./{name}")
    assert (source.kind, source.name) == ("path", name)
    assert source.path.samefile(here / name)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("shells", "shells"),
        ("shells/", "shells"),
        ("./shells/.", "shells"),
        ("shells/../table.csv", "table.csv"),
        ("Größen 2", "Gr__en_2"),
        ("table.csv", "table.csv"),
        ("Table.TSV", "Table.TSV"),
        ("/", "data"),
    ],
)
def test_a_path_names_the_run(here, given, name):
    source = data_source_of(given)
    assert (source.kind, source.name, source.given) == ("path", name, given)
    assert source.path.exists()


def test_the_current_folder_names_the_run(here, monkeypatch):
    monkeypatch.chdir(here / "shells")
    assert data_source_of(".").name == "shells"


def test_a_path_in_the_home_folder(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    assert data_source_of("~/shells").path == here / "shells"


@pytest.mark.parametrize(
    ("given", "builder", "name"),
    [
        ("tfds:cifar10", "cifar10", "tfds_cifar10"),
        ("tfds:emnist/letters", "emnist/letters", "tfds_emnist_letters"),
        ("tfds:celeb_a:2.1.0", "celeb_a:2.1.0", "tfds_celeb_a_2.1.0"),
        ("tfds:d4rl/v0-x.y:1.0.0", "d4rl/v0-x.y:1.0.0", "tfds_d4rl_v0-x.y_1.0.0"),
    ],
)
def test_data_sets_of_tfds(given, builder, name):
    source = data_source_of(given)
    assert (source.kind, source.builder, source.name) == ("tfds", builder, name)


@pytest.mark.parametrize(
    "given", ["tfds:", "tfds:../x", "tfds:a/b/c", "tfds:a:1", "tfds:a:1.*.*", "tfds:a b", "tfds:A"]
)
def test_other_names_of_tfds_are_refused(given):
    with pytest.raises(UserError, match=r"written tfds:NAME\[/CONFIG\]\[:VERSION\]"):
        data_source_of(given)


def test_a_function_of_a_file(here):
    source = data_source_of("./load.py:shells")
    assert (source.kind, source.function, source.name) == ("function", "shells", "load.py_shells")
    assert source.path.samefile(here / "load.py")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("", "must be one of mnist, .* a folder, a table .* FILE.py:FUNCTION; received --data=;"),
        ("\x1b[2J", "choose one of them"),
        ("digts", "where there is nothing; did you mean --data=digits"),
        ("cifar10", "there is nothing; check the path, or write tfds:cifar10"),
        ("shels", "did you mean shells"),
        ("./tabel.csv", "did you mean table.csv"),
        ("nowhere/at/all", "nothing; . is there, but not nowhere in it"),
        ("shells/at/all", "nothing; shells is there, but not at in it"),
        ("note.txt", r"ends in .csv, .tsv, .parquet, .jsonl; .* CSV UTF-8"),
        ("load.py", "FUNCTION; received --data=load.py; name a function .* --data=load.py:load"),
        ("load.py:", "written FILE.py:FUNCTION; received --data=load.py:; name a function"),
        ("load.py:a b", "name a function"),
        ("laod.py:shells", "must exist; .* did you mean load.py"),
        ("shells" * 1000, "choose one of them"),
        ("shells" * 100, "must be readable; received --data=shells.*: File name too long"),
    ],
)
def test_mistakes_say_what_was_meant(here, given, message):
    with pytest.raises(UserError, match=message):
        data_source_of(given)


def test_it_needs_no_tensorflow():
    program = (
        "import sys; from jmvae_tf.data.own.data_source import data_source_of; "
        "data_source_of('digits'); "
        "assert not {'tensorflow', 'keras', 'pandas', 'tensorflow_datasets'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ})
