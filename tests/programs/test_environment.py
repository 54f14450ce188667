"""What users and other projects have set up: Keras, folders, names, locks."""

import os
import pathlib
import pwd
import shlex
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from jmvae_tf.layers import notation
from jmvae_tf.programs.common import shared_flags
from jmvae_tf.runtime import keras_configuration
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import ROOT
from tests.helpers.programs import command, mistake, start
from tests.helpers.small_runs import FIGURES, TINY

# Keras, of a library's user.


@pytest.mark.parametrize("backend", ["jax", "torch", "numpy"])
def test_another_backend_is_refused_before_keras_is_imported(monkeypatch, backend):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(ImportError, match=f"TensorFlow.*{backend}.*Set KERAS_BACKEND=tensorflow"):
        keras_configuration.check()
    assert "keras" not in sys.modules


def test_another_backend_is_refused_after_keras_was_imported(monkeypatch):
    monkeypatch.setattr(keras.config, "backend", lambda: "jax")
    with pytest.raises(ImportError, match="Keras with the backend jax"):
        keras_configuration.check()


@pytest.mark.parametrize("floatx", ["float16", "float64"])
def test_another_precision_is_refused(floatx):
    keras_configuration.check()
    keras.config.set_floatx(floatx)
    try:
        with pytest.raises(ImportError, match=f"float32.*{floatx}.*set_floatx"):
            keras_configuration.check()
    finally:
        keras.config.set_floatx("float32")


def test_the_order_of_channels_does_not_matter(rng):
    image, code = rng.random((2, 16, 16, 3), dtype="f"), rng.random((2, 6), dtype="f")
    outputs = []
    for order in ("channels_first", "channels_last"):
        keras.utils.set_random_seed(0)
        keras.config.set_image_data_format(order)
        try:
            encoder = notation.body("C4R-C8BR-D6R", image.shape[1:])
            decoder = notation.body("D32R-DC4R", (6,), image.shape[1:])
        finally:
            keras.config.set_image_data_format("channels_last")
        outputs.append([np.array(encoder(image)), np.array(decoder(code))])
    for first, last in zip(*outputs, strict=True):
        np.testing.assert_array_equal(first, last)


@pytest.mark.parametrize("backend", [None, ""])
def test_tensorflow_is_asked_for_where_nobody_chose(backend):
    environment = {name: x for name, x in os.environ.items() if name != "KERAS_BACKEND"}
    if backend is not None:
        environment["KERAS_BACKEND"] = backend
    code = "import os, jmvae_tf; print(os.environ['KERAS_BACKEND'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "tensorflow\n"


# Paths.


@pytest.mark.parametrize(
    ("path", "expanded"),
    [
        ("~", "{home}"),
        ("~/a b/c.png", "{home}/a b/c.png"),
        ("~root/x", "{root}/x"),
        ("./~/x", "./~/x"),
        ("a~", "a~"),
    ],
)
def test_a_tilde_is_a_home_folder(monkeypatch, tmp_path, path, expanded):
    monkeypatch.setenv("HOME", str(tmp_path))
    root = pwd.getpwnam("root").pw_dir
    assert shared_flags._PathParser().parse(path) == expanded.format(home=tmp_path, root=root)


@pytest.mark.parametrize(
    ("name", "flag"),
    [("generate", "out"), ("train", "export_dir")],
)
def test_a_home_folder_that_is_not_there(tmp_path, name, flag):
    told = mistake(start(tmp_path, name, f"--{flag}=~nobody at all/x.png"))
    assert f"--{flag} has a wrong value: no home folder is known for it;" in told
    assert f"received --{flag}=~nobody at all/x.png;" in told
    assert not list(tmp_path.iterdir())


def test_a_current_folder_that_is_gone(tmp_path):
    (tmp_path / "gone").mkdir()
    train = shlex.join(command("generate", "--run=run"))
    done = subprocess.run(
        ["bash", "-c", f"rmdir ../gone; {train}"],
        cwd=tmp_path / "gone",
        capture_output=True,
        text=True,
    )
    assert "A run folder holds a config.json; received run, which does not" in mistake(done)


# Whole programs.

FOREIGN = {
    "HOME": "/nonexistent",
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "1",
    "KERAS_MAX_STEPS_PER_EPOCH": "2",
    "LANG": "C",
    "MPLBACKEND": "tkagg",
    "PYTHONIOENCODING": "ascii",
    "PYTHONOPTIMIZE": "1",
    "PYTHONWARNINGS": "error",
    "TF2_BEHAVIOR": "0",
    "TF_USE_LEGACY_KERAS": "1",
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder in which bin/train has trained among settings of others, and its status."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "matplotlibrc").write_text("text.usetex: True\n")
    train = shlex.join(command("train", *TINY, "--epochs=2", "--warmup_epochs=0"))
    done = subprocess.run(
        ["bash", "-c", f"{train} | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=os.environ | FOREIGN,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return folder, done


@pytest.mark.slow
def test_a_training_among_settings_of_others_whose_reader_leaves(trained):
    folder, done = trained
    assert (done.returncode, done.stderr) == (0, "")
    run = RunFolder(folder / "run")
    assert [row["epoch"] for row in run.read_history()] == [1, 2]
    assert {path.name for path in run.figures.iterdir()} == FIGURES
    assert run.metrics_file.is_file()
    assert (folder / "saved_models" / "digits-jmvae_kl" / "1" / "saved_model.pb").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("redirection", ["| head -1", ">/dev/full", ">&-", "2>&- | true"])
def test_an_evaluation_whose_output_nobody_gets(trained, redirection):
    folder, _ = trained
    evaluate = shlex.join(
        command("evaluate", "--run=run", "--out=few.json", "--num_examples=20", "--num_samples=2")
    )
    done = subprocess.run(
        ["bash", "-c", f"{evaluate} {redirection}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    told = "warning: standard output is incomplete: No space left on device\n"
    assert (done.returncode, done.stderr) == (0, told if "full" in redirection else "")
    assert (folder / "few.json").is_file()
    (folder / "few.json").unlink()


@pytest.mark.slow
@pytest.mark.parametrize("image", ["<(cat '{}')", "/dev/stdin < <(cat '{}')", "'{}'"])
def test_an_image_of_an_odd_name_or_from_a_pipe(trained, tmp_path, image):
    folder, _ = trained
    path = tmp_path / "cost_$5_and_$6^{.png"
    shutil.copy(folder / "run" / "figures" / "images_by_label.png", path)
    for model, generate in {
        "values": command("generate", f"--run={folder / 'run'}"),
        "edit": command("generate", f"--run={folder / 'run'}", "--set=label=3", "--out=~/edit.png"),
    }.items():
        done = subprocess.run(
            ["bash", "-c", f"{shlex.join(generate)} --image={image.format(path)}"],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        # It is the page of a figure.
        told = "warning: the image is dark on light, unlike those in training, so it was inverted\n"
        assert (done.returncode, done.stderr) == (0, told), model
        assert "  7            0." in done.stdout, model
    assert (tmp_path / "edit.png").is_file()


@pytest.mark.slow
def test_a_training_that_is_killed_on_a_file_system_without_flock(tmp_path):
    """A stand-in for one: the call is refused in the program's own process."""
    code = (
        "import errno, fcntl, runpy, sys\n"
        "def flock(*_): raise OSError(errno.ENOLCK, 'No locks available')\n"
        "fcntl.flock = flock\n"
        "sys.argv = sys.argv[1:]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    train = [sys.executable, "-c", code, *command("train", *TINY)[1:]]
    with subprocess.Popen(
        train, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as first:
        while not first.stdout.readline().startswith("epoch 1/"):
            pass
        another = subprocess.run(
            [*train, "--resume"], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        assert another.returncode == 1
        *warned, told = another.stderr.splitlines()
        assert len(warned) == 1
        assert f"where another is at work: process {first.pid} of" in told
        first.kill()
    resume = [*train, "--resume", "--epochs=6"]
    done = subprocess.run(resume, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0
    [warned] = done.stderr.splitlines()
    assert warned.startswith("warning: a file system has no flock")
    left = [path for path in pathlib.Path(tmp_path).rglob("*") if path.name.startswith(".")]
    assert not left
