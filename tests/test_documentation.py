"""README and the pages of docs/: their code runs, their commands are known, the site is whole."""

import json
import re
import subprocess
import sys

import pytest

import jmvae_tf
from tests.helpers.documentation import PAGES, blocks, commands, python_programs
from tests.helpers.paths import BIN, ROOT
from tests.helpers.programs import start, start_code
from tests.helpers.small_models import small_model

MODALITIES = ("image", "label", "attributes", "photo", "species", "traits", "measures", "note")
"""The modalities of the pages' models, which are flags of some programs."""

EAGER = {"Adam(1e-3))": "Adam(1e-3), run_eagerly=True)", "epochs=20": "epochs=1"}
SHORTER = {
    "README.md": {
        **EAGER,
        "batch_size=100": "batch_size=1000",
        'jmvae_tf.export_saved_model(model, "saved_models/my_digits")': "",
    },
    "docs/library.md": {
        **EAGER,
        ".batch(100)": ".batch(1000)",
        "jmvae_tf.evaluate(model, data, jmvae_tf.Protocol(num_importance_samples=10))": "()",
        'jmvae_tf.export_saved_model(model, "saved_models/my_digits")': "",
    },
}
"""What makes the programs of a page quick: two steps of training, no export, no metrics."""

PARSE = """
import importlib, json, sys
from absl import flags
from absl.testing import flagsaver
from jmvae_tf.programs.common import modality_flags
name, modalities, commands = json.loads(sys.argv[1])
importlib.import_module(f"jmvae_tf.programs.{name}")
for command in commands:
    saved = flagsaver.save_flag_values()
    rest = modality_flags.parse_flags([name, *command])
    assert not rest, rest
    modality_flags.given(modalities)
    flagsaver.restore_flag_values(saved)
"""


def outputs_of(programs, folder):
    """Runs the programs of a page in a folder; returns what each printed."""
    printed = []
    for number, program in enumerate(programs):
        if "jmvae_tf" in program:
            warnings = "import warnings\nwarnings.simplefilter('error', UserWarning)\n"
            done = start_code(folder, warnings + program)
        else:  # It is to work without the package: in a process that does not find it.
            file = folder / f"program_{number}.py"
            file.write_text(program, "utf-8")
            done = subprocess.run(
                [sys.executable, "-W", "error::UserWarning", file.name],
                cwd=folder,
                capture_output=True,
                text=True,
            )
        assert done.returncode == 0, done.stderr[-2000:]
        printed.append(done.stdout)
    return printed


@pytest.mark.slow
@pytest.mark.parametrize("page", SHORTER)
def test_python_runs(page, tmp_path):
    """With a short training and without an export; the slow tests run it as printed."""
    programs = [program for program in python_programs(page) if "jmvae_tf." in program]
    for printed, shorter in SHORTER[page].items():
        assert programs[0].count(printed) == 1
        programs[0] = programs[0].replace(printed, shorter)
    outputs_of(programs, tmp_path)


@pytest.mark.slow
def test_the_python_of_readme_runs_as_printed(tmp_path):
    [program] = python_programs("README.md")
    [printed] = outputs_of(
        [program + "\nprint(*sevens.shape, *np.argmax(read, axis=-1))\n"], tmp_path
    )
    *shape, zero, one, two, three, four = printed.split()[-10:]  # The first digits are 0 to 4.
    assert shape == ["10", "1", "8", "8", "1"]
    assert sum((zero == "0", one == "1", two == "2", three == "3", four == "4")) >= 4


@pytest.mark.slow
def test_the_python_of_the_library_page_runs_as_printed(tmp_path):
    first, second = outputs_of(python_programs("docs/library.md"), tmp_path)
    assert "(5, 16) (10, 5, 8, 8, 1) (5, 10)\n" in first
    assert "label_coherence" in first.split()
    # The digits read off the average images of the labels 0 to 9: an untrained model has them by
    # chance only.
    digits = [int(digit) for digit in re.findall(r"\d+", second)]
    assert sum(label == digit for label, digit in enumerate(digits)) >= 8


@pytest.mark.slow
def test_the_python_of_the_results_runs(tmp_path):
    """With an untrained model in the place of that of `bin/reproduce`."""
    [program] = python_programs("docs/results.md")
    [path] = re.findall(r'"(runs/\S+\.keras)"', program)
    (tmp_path / path).parent.mkdir(parents=True)
    image = jmvae_tf.Modality("image", (4, 4, 1), jmvae_tf.Bernoulli(), kind="image")
    label = jmvae_tf.Modality("label", (10,), jmvae_tf.Categorical(), kind="label")
    small_model("jmvae_kl", {"image": image, "label": label}).save(tmp_path / path)
    [printed] = outputs_of([program], tmp_path)
    assert len(printed.split()) == 3


def test_no_other_page_has_python():
    having = {page for page in PAGES if blocks(page, "python")}
    assert having == {*SHORTER, "docs/results.md"}


def flags_by_program():
    """Maps each program to the flags of every command that a page shows of it."""
    found = {}
    for page in PAGES:
        for command in commands(page):
            if command[0] == "docker":
                images = [x for x in command if x in ("jmvae_tf:train", "jmvae_tf:demo")]
                if not images or "--entrypoint" in command:
                    continue
                name, arguments = images[0].split(":")[1], command[command.index(images[0]) + 1 :]
            elif command[0] == "jmvae-tf":
                name, arguments = command[1], command[2:]
            elif command[0].startswith("bin/"):
                name, arguments = command[0].removeprefix("bin/"), command[1:]
            else:
                continue
            general = ("--help", "--version", "&")
            found.setdefault(name, []).append([x for x in arguments if x not in general])
    return found


def test_flags_of_the_programs_exist(tmp_path):
    found = flags_by_program()
    assert {"train", "evaluate", "generate", "export", "query", "demo", "complete"} < set(found)
    for name, arguments in found.items():
        assert (BIN / name).is_file() or name.isupper(), name
        if name in ("test", "docs", "NAME"):
            continue
        done = start_code(tmp_path, PARSE, json.dumps([name, MODALITIES, arguments]))
        assert done.returncode == 0, f"{name}: {done.stderr[-600:]}"


@pytest.mark.parametrize("page", PAGES)
def test_flags_of_other_scripts_exist(page):
    for script, *arguments in commands(page):
        if not script.startswith(("benchmarks/", "tools/", "examples/")):
            continue
        source = (ROOT / script).read_text("utf-8")
        for flag in re.findall(r"^--(\w+)", "\n".join(arguments), re.MULTILINE):
            assert re.search(rf'"(--)?{flag}"', source), f"{script} --{flag}"


def pages_with_commands_to_run():
    return [page for page in PAGES if any(block.runs for block in blocks(page, "sh"))]


@pytest.mark.slow
@pytest.mark.parametrize("page", pages_with_commands_to_run())
def test_commands_marked_run_run(page, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    for block in blocks(page, "sh"):
        for line in block.code.splitlines() if block.runs else ():
            program, *arguments = line.split("#")[0].split()
            done = start(tmp_path, program.removeprefix("bin/"), *arguments)
            assert done.returncode == 0, done.stderr


def test_every_page_is_in_the_navigation_and_every_link_leads_somewhere():
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = set(re.findall(r"[\w/]+\.(?:md|ipynb)", text.split("nav:")[1]))
    written = {x.relative_to(ROOT / "docs").as_posix() for x in (ROOT / "docs").rglob("*.md")}
    assert written | {"tutorial.ipynb"} <= listed
    for page in PAGES:
        folder = (ROOT / page).parent
        text = re.sub(r"```.*?```", "", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text):
            assert (folder / link).exists(), f"{page}: {link}"


def test_the_digits_of_readme_and_of_the_results_agree():
    def rows(page, heading):
        section = (ROOT / page).read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
        lines = re.findall(r"^\| `.*", section.replace("**", ""), re.MULTILINE)
        return [re.sub(r" ± [\d.]+", "", line) for line in lines]

    shown = rows("README.md", "Results")
    assert len(shown) == 6
    assert shown == rows("docs/results.md", "MNIST at a glance")


def test_every_public_name_has_a_page():
    pages = "".join(x.read_text("utf-8") for x in (ROOT / "docs" / "api").glob("*.md"))
    shown = re.findall(r"^::: jmvae_tf\.(\w+)$", pages, re.MULTILINE)
    assert sorted(set(jmvae_tf.__all__) - {"__version__"}) == sorted(set(shown) - {"objectives"})


def test_every_metric_is_in_the_glossary():
    glossary = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    missing = set()
    for module in (ROOT / "jmvae_tf" / "evaluation" / "metrics").glob("*.py"):
        names = re.findall(r'f"\{[\w.]+\}_([a-z0-9_]+)"', module.read_text("utf-8"))
        names += re.findall(r'_name\(subject, direction, "(\w+)"\)', module.read_text("utf-8"))
        missing |= {name for name in names if not re.search(rf"[A-Z`]_?{name}[`_]", glossary)}
    assert missing == set()


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    done = subprocess.run(
        [sys.executable, BIN / "docs", f"--site-dir={tmp_path / 'site'}"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        text = page.read_text("utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="?(\S+)', text)
        loaded += re.findall(r'<link[^>]* rel="?(?:stylesheet|preload)[^>]* href="?(\S+)', text)
        assert not [x for x in loaded if x.startswith(("http", "//"))], page
        links = re.findall(r'<a [^>]*href="?([^"#?>\s]+)', text)
        local = [x for x in links if not re.match(r"\w+:|/", x)]
        assert not [x for x in local if not (page.parent / x).exists()], page
    api = "".join(x.read_text("utf-8") for x in (tmp_path / "site" / "api").glob("*.html"))
    for name in jmvae_tf.__all__:
        assert name == "__version__" or f'id="jmvae_tf.{name}"' in api, name


@pytest.mark.slow
def test_the_tutorial_runs(tmp_path, monkeypatch):
    import nbclient  # Part of the requirements of bin/docs, which few tests need.
    import nbformat

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(ROOT / "docs" / "tutorial.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": tmp_path}}).execute()
    printed = "".join(x.get("text", "") for cell in notebook.cells for x in cell.get("outputs", ()))
    assert float(re.findall(r"([\d.]+)% of 397 test digits", printed)[0]) > 90
    assert "read back: 7" in printed
