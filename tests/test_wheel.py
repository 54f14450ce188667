"""The wheel holds the whole package, and nothing else, and works without bin/."""

import shutil
import subprocess
import sys
import zipfile

from tests.helpers.paths import ROOT


def test_the_wheel_is_whole_and_is_imported_elsewhere(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(
        ROOT / "jmvae_tf", source / "jmvae_tf", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "saved_models" / "shipped", source / "saved_models" / "shipped")
    for name in ("pyproject.toml", "setup.py", "LICENSE", "NOTICE", "README.md"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--no-build-isolation", "--wheel-dir=out", "."], cwd=source, check=True)
    [wheel] = (source / "out").iterdir()
    files = {x.relative_to(source).as_posix() for x in (source / "jmvae_tf").rglob("*.*")}
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
        names = {x for x in packed.namelist() if ".dist-info/" not in x}
    shipped = source / "saved_models" / "shipped"
    assert names == files | {
        f"jmvae_tf/shipped/{x.relative_to(shipped).as_posix()}"
        for x in shipped.rglob("*")
        if x.is_file()
    }
    assert "jmvae_tf/py.typed" in names
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import jmvae_tf; "
        "from jmvae_tf.programs import train; "
        "from jmvae_tf.export_format.shipped_models import shipped_folder; "
        "print(jmvae_tf.__file__, train.__file__, shipped_folder())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path / "installed")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(x.startswith(str(tmp_path / "installed")) for x in done.stdout.split())
