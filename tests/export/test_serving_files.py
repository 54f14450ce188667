"""The configurations in serving/ and the Dockerfile say what is so."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request

import pytest
import yaml
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from jmvae_tf.export_format.shipped_models import SHIPPED_NAMES, saved_model_folder
from tests.helpers.demo_page import started_page
from tests.helpers.paths import ROOT
from tests.helpers.serving_stand_in import rest_server

SERVING = ROOT / "serving"


@pytest.fixture(scope="module")
def service():
    """The one service of the compose file."""
    [found] = yaml.safe_load((SERVING / "compose.yaml").read_text("utf-8"))["services"].values()
    return found


@pytest.fixture(scope="module")
def mounts(service):
    """Path in the container to path here."""
    parts = [volume.split(":") for volume in service["volumes"]]
    assert all(access == "ro" for _, _, access in parts)
    return {inside: (SERVING / here).resolve() for here, inside, _ in parts}


def _here(path, mounts):
    """The file here that a path in the container is."""
    for inside, here in mounts.items():
        if pathlib.PurePosixPath(path).is_relative_to(inside):
            return here / pathlib.PurePosixPath(path).relative_to(inside)
    raise AssertionError(f"{path} is not mounted")


def test_all_shipped_models_are_served(mounts):
    config = model_server_config_pb2.ModelServerConfig()
    text_format.Parse((SERVING / "models.config").read_text("utf-8"), config)
    served = {x.name: _here(x.base_path, mounts) for x in config.model_config_list.config}
    assert sorted(served) == sorted(SHIPPED_NAMES)
    for name, folder in served.items():
        assert folder == saved_model_folder(name)
        assert (folder / "1" / "saved_model.pb").is_file()
    assert {x.model_platform for x in config.model_config_list.config} == {"tensorflow"}


def test_requests_are_batched_only_if_asked_for(service):
    """Its protocol buffer is in no package, so that its names are compared with its guide's."""
    assert not any("batching" in flag for flag in service["command"])
    [override] = yaml.safe_load((SERVING / "compose.batching.yaml").read_text("utf-8"))[
        "services"
    ].values()
    batching = ["--enable_batching=true", "--batching_parameters_file=/config/batching.config"]
    assert override["command"] == [*service["command"], *batching]
    assert override["volumes"] == ["./batching.config:/config/batching.config:ro"]
    text = re.sub("#.*", "", (SERVING / "batching.config").read_text("utf-8"))
    assert dict(re.findall(r"^(\w+) \{ value: (\w+) \}$", text, re.MULTILINE)) == {
        "max_batch_size": "64",
        "batch_timeout_micros": "2000",
        "max_enqueued_batches": "100",
        "num_batch_threads": "2",
        "enable_large_batch_splitting": "true",  # Requests may be of any size.
    }


def test_the_server_is_given_its_files_and_is_closed_to_others(service, mounts):
    flags = dict(x.removeprefix("--").split("=", 1) for x in service["command"])
    assert _here(flags["model_config_file"], mounts).is_file()
    assert re.fullmatch(r"tensorflow/serving:\d+\.\d+\.\d+", service["image"])
    ports = [port.split(":") for port in service["ports"]]
    assert ports == [["127.0.0.1", port, port] for port in ("8500", "8501")]
    started = dict(x.removeprefix("--").split("=") for x in service["entrypoint"][1:])
    assert started == {"port": "8500", "rest_api_port": "8501"}
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]


def _health(service, port):
    """The exit status of the health check, as compose gives it to the container's bash."""
    kind, *command = service["healthcheck"]["test"]
    assert kind == "CMD"
    script = command[-1].replace("$$", "$").replace("8501", port)
    command[-1] = script.replace("/config/models.config", str(SERVING / "models.config"))
    return subprocess.run(command, capture_output=True, timeout=20).returncode


@pytest.mark.parametrize(
    ("state", "healthy"), [("AVAILABLE", True), ("LOADING", False), ("UNAVAILABLE", False)]
)
def test_health_is_whether_all_models_are_available(service, state, healthy):
    states = dict.fromkeys(SHIPPED_NAMES, "AVAILABLE")
    for name in SHIPPED_NAMES:
        with rest_server({}, {**states, name: state}) as (url, _):
            assert (_health(service, url.rpartition(":")[2]) == 0) == healthy


def test_health_of_a_server_that_is_not_there(service):
    assert _health(service, "9") != 0


@pytest.fixture(scope="module")
def stages():
    """Stage of the Dockerfile to (the stage or image below it, its instructions)."""
    found, text = {}, (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction == "FROM":
            below, _, name = rest.partition(" AS ")
            found[name] = (below, [])
        elif instruction and not instruction.startswith("#"):
            found[name][1].append((instruction, rest.strip()))
    return found


def _all_of(stages, name):
    """The instructions of a stage and of all below it, in their order."""
    if name not in stages:
        return []
    below, instructions = stages[name]
    return _all_of(stages, below) + instructions


TARGETS = ("train", "test", "demo")


@pytest.mark.parametrize("target", TARGETS)
def test_images_are_of_no_root_and_start_a_program(stages, target):
    instructions = _all_of(stages, target)
    last = {instruction: rest for instruction, rest in instructions}
    assert last["USER"] == "jmvae"
    place = [instruction for instruction, _ in instructions].index
    assert place("USER") > max(i for i, (x, _) in enumerate(instructions) if x == "RUN")
    program = re.match(r'\["/app/bin/(\w+)"', last["ENTRYPOINT"])[1]
    assert program == target
    assert (ROOT / "bin" / program).is_file()


def test_images_are_pinned_and_cached_by_requirements(stages):
    for name, (below, instructions) in stages.items():
        assert below in stages or re.fullmatch(r"python:3\.1[1-3]\.\d+-slim-\w+", below)
        for number, (instruction, rest) in enumerate(instructions):
            if instruction == "RUN" and "pip install" in rest:
                assert "-r requirements" in rest
                # Nothing of the package comes before them: its changes install nothing again.
                copied = " ".join(x for i, x in instructions[:number] if i == "COPY")
                assert not re.search(r"jmvae_tf|bin|\. \.", copied), name


@pytest.fixture
def image_of_the_page(stages, tmp_path):
    """The application's folder of the demo image, by the instructions that copy it."""
    for instruction, rest in _all_of(stages, "demo"):
        if instruction == "COPY":
            *sources, target = shlex.split(rest)
            for source in sources:
                to = tmp_path / "app" / (source if target == "./" else target)
                copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
                to.parent.mkdir(parents=True, exist_ok=True)
                copy(ROOT / source, to)
    return tmp_path / "app"


def test_the_page_of_its_image_has_the_shipped_models(image_of_the_page):
    shipped = image_of_the_page / "saved_models" / "shipped"
    assert {path.name for path in shipped.iterdir()} == set(SHIPPED_NAMES)
    code = "from jmvae_tf.export_format.shipped_models import *; print(shipped_folder())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=image_of_the_page, capture_output=True, text=True
    )
    assert done.stdout == f"{shipped}\n"


@pytest.mark.slow
def test_the_page_of_its_image_opens(image_of_the_page, stages, tmp_path):
    pytest.importorskip("gradio", reason="the page's requirements are not installed")
    [entry] = [rest for instruction, rest in stages["demo"][1] if instruction == "ENTRYPOINT"]
    program, *flags = json.loads(entry)
    command = [sys.executable, str(image_of_the_page / program.removeprefix("/app/"))]
    warning = (
        "warning: with --host=0.0.0.0 everybody who reaches this machine can use the page, and "
        "upload to it; there is no password\n"
    )
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        started_page(temporary, *flags, command=command, warns=warning) as (url, _),
        urllib.request.urlopen(url, timeout=30) as answer,
    ):
        assert answer.status == 200


def test_everything_copied_reaches_the_builder(stages):
    """What .dockerignore lets through: all that any stage copies, and neither runs nor data."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    let_through = {line.removeprefix("!").strip("/") for line in lines if line.startswith("!")}
    tops = {path.partition("/")[0] for path in let_through}
    assert "*" in lines
    for _, instructions in stages.values():
        for instruction, rest in instructions:
            if instruction == "COPY":
                sources = [x for x in shlex.split(rest)[:-1] if not x.startswith("--")]
                assert set(sources) <= let_through | {"."}, rest
    assert not {"runs", "data", ".git", ".venv"} & tops
    # Of the models none but those that are shipped: others may be of data that must not be shared.
    models = {path for path in let_through if path.startswith("saved_models")}
    assert models == {"saved_models/README.md", "saved_models/shipped"}
    if (ROOT / ".git").exists():  # Not in an image, which has no repository.
        tracked = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert {path.partition("/")[0] for path in tracked.splitlines()} == tops
