"""The workflow of GitHub checks what this repository supports, by commands that it has."""

import importlib.util
import re
import shlex

import yaml

from tests.helpers.paths import ROOT


def _workflow():
    text = (ROOT / ".github" / "workflows" / "checks.yml").read_text("utf-8")
    return yaml.load(text, yaml.BaseLoader)  # Where "on" is no truth value.


def _launcher():
    path = ROOT / "bin" / "lib" / "launch.py"
    spec = importlib.util.spec_from_file_location("launch_of_this_checkout", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _commands(job):
    return [step["run"] for step in _workflow()["jobs"][job]["steps"] if "run" in step]


def test_every_supported_python_is_tested():
    launch = _launcher()
    (major, oldest), (_, newest) = launch.OLDEST_PYTHON, launch.NEWEST_PYTHON
    versions = [f"{major}.{minor}" for minor in range(oldest, newest + 1)]
    jobs = _workflow()["jobs"]
    assert jobs["test"]["strategy"]["matrix"] == {"python": versions}
    chosen = [
        step["with"]["python-version"]
        for job in jobs.values()
        for step in job["steps"]
        if "python-version" in step.get("with", {})
    ]
    assert set(chosen) <= {*versions, "${{ matrix.python }}"}
    assert _commands("test") == ["bin/test"]


def test_wheel_and_documentation_are_built_and_kept():
    assert _commands("docs") == ["bin/docs"]
    assert (ROOT / "bin" / "docs").is_file()
    build, use = _commands("wheel")
    assert "--wheel-dir=dist" in shlex.split(build)
    assert re.findall(r'/jmvae-tf" (\S+)', use) == ["--version", "train", "demo"]
    kept = [
        step["with"]["path"]
        for job in _workflow()["jobs"].values()
        for step in job["steps"]
        if "upload-artifact" in step.get("uses", "")
    ]
    assert sorted(kept) == ["dist/", "site/"]


def test_it_can_write_nothing_and_runs_on_changes():
    workflow = _workflow()
    assert workflow["permissions"] == {"contents": "read"}
    assert set(workflow["on"]) == {"push", "pull_request"}
    assert all("timeout-minutes" in job for job in workflow["jobs"].values())
