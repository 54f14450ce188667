"""The wheel holds the whole package and the shipped models, and works without a checkout."""

import email
import os
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import zipfile

import pytest

from jmvae_tf.export_format.shipped_models import SHIPPED_NAMES
from tests.helpers import celeba_source
from tests.helpers.demo_page import started_page
from tests.helpers.foreign_modules import put_foreign_modules
from tests.helpers.paths import ROOT
from tests.helpers.small_runs import TINY

PIP = [sys.executable, "-m", "pip"]
OFFLINE = ["--quiet", "--no-deps", "--no-index"]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what a wheel is built of, as a build leaves folders beside it."""
    folder = tmp_path_factory.mktemp("source")
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("jmvae_tf", "saved_models/shipped"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", "setup.py", "LICENSE", "NOTICE", "README.md"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(source):
    """The file."""
    build = [*PIP, "wheel", *OFFLINE, "--no-build-isolation", "--wheel-dir=out", "."]
    subprocess.run(build, cwd=source, check=True)
    [path] = (source / "out").iterdir()
    return path


def test_the_wheel_is_whole_and_is_imported_elsewhere(source, wheel, tmp_path):
    files = {x.relative_to(source).as_posix() for x in (source / "jmvae_tf").rglob("*.*")}
    shipped = source / "saved_models" / "shipped"
    of_models = {x.relative_to(shipped).as_posix() for x in shipped.rglob("*") if x.is_file()}
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
        names = {x for x in packed.namelist() if ".dist-info/" not in x}
    assert names == files | {f"jmvae_tf/shipped/{name}" for name in of_models}
    assert "jmvae_tf/py.typed" in names
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import jmvae_tf; "
        "from jmvae_tf.programs import train; "
        "from jmvae_tf.export_format.shipped_models import shipped_folder; "
        "print(jmvae_tf.__file__, train.__file__, shipped_folder())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(x.startswith(str(tmp_path / "jmvae_tf")) for x in done.stdout.split())


def test_the_wheel_names_its_command_and_its_extras(wheel):
    with zipfile.ZipFile(wheel) as packed:
        [folder] = {x.partition("/")[0] for x in packed.namelist() if ".dist-info/" in x}
        scripts = packed.read(f"{folder}/entry_points.txt").decode()
        metadata = email.message_from_bytes(packed.read(f"{folder}/METADATA"))
    assert scripts.split("\n")[:2] == ["[console_scripts]", "jmvae-tf = jmvae_tf.__main__:main"]
    assert {"demo", "docs", "gpu", "test"} == set(metadata.get_all("Provides-Extra"))
    assert metadata["License-Expression"] == "Apache-2.0"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder of the commands of a new environment, which has the wheel.

    What the wheel requires comes from the environment of the tests, as they need no network.
    """
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([*PIP, f"--python={python}", "install", *OFFLINE, wheel], check=True)
    variables = {"base": str(folder), "platbase": str(folder)}
    packages = sysconfig.get_path("purelib", vars=variables)
    with open(f"{packages}/required.pth", "w", encoding="utf-8") as paths:
        print(*{sysconfig.get_path(x) for x in ("purelib", "platlib")}, sep="\n", file=paths)
    return folder / "bin"


@pytest.fixture
def clean(monkeypatch):
    """Leaves nothing in the environment that leads to the checkout."""
    for name in ("PYTHONPATH", "PYTHONSAFEPATH", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.slow
@pytest.mark.usefixtures("clean")
def test_an_installed_command_trains_in_the_current_folder(installed, tmp_path):
    train = [installed / "jmvae-tf", "train", *TINY, "--run=runs/small"]
    done = subprocess.run(train, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "saved_models"}
    assert "bin/" not in done.stdout
    assert "jmvae-tf generate --run=runs/small" in done.stdout
    python = [installed / "python", "-m", "jmvae_tf"]
    for command in ([installed / "jmvae-tf"], python):
        export = [*command, "export", "--run=runs/small"]
        done = subprocess.run(export, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, "")
    versions = sorted(os.listdir(tmp_path / "saved_models" / "digits-jmvae_kl"))
    assert [name for name in versions if name.isdigit()] == ["1", "2", "3"]


@pytest.mark.slow
@pytest.mark.usefixtures("clean")
def test_an_installed_command_and_its_processes_import_nothing_of_the_current_folder(
    installed, tmp_path
):
    put_foreign_modules(tmp_path, tmp_path / "mark")
    faces = celeba_source.write(tmp_path / "faces", 20)
    prepare = [installed / "jmvae-tf", "prepare_celeba", f"--source={faces}", "--crop=center"]
    done = subprocess.run(prepare, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "mark").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("clean")
@pytest.mark.parametrize("name", [None, *SHIPPED_NAMES])
def test_an_installed_command_opens_a_shipped_model_in_an_empty_folder(installed, tmp_path, name):
    pytest.importorskip("gradio", reason="the page's requirements are not installed")
    empty, temporary = tmp_path / "empty", tmp_path / "temporary"
    empty.mkdir()
    temporary.mkdir()
    flags = [f"--saved_model={name}"] if name else []
    command = [installed / "jmvae-tf", "demo"]
    with (
        started_page(temporary, *flags, command=command, folder=empty) as (url, _),
        urllib.request.urlopen(url, timeout=30) as answer,
    ):
        assert answer.status == 200
    assert not list(empty.iterdir())
