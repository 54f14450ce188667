"""Tables of pages have the numbers of docs/runs/, and that folder what it may have."""

import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from jmvae_tf.settings import settings_of
from jmvae_tf.training.run_folder import RunFolder
from tests.helpers.paths import ROOT

KEPT = ROOT / "docs" / "runs"
PAGES = sorted(x for x in (ROOT / "docs").glob("*.md") if "<!-- docs/runs/" in x.read_text("utf-8"))
ALLOWED = [
    pathlib.PurePath(x)
    for x in ("config.json", "history.csv", "made_by.json", "metrics*.json", "measures/*.json")
]
NUMBER = re.compile(r"−?\d[\d.]*(?:e[-+]?\d+)?")


@pytest.fixture(scope="module")
def tool():
    path = ROOT / "tools" / "keep_runs.py"
    spec = importlib.util.spec_from_file_location("keep_runs", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def marked_tables(page):
    """Yields the folder, the rows and columns, and the cells of each table with a comment."""
    pattern = r"<!-- docs/runs/(\S+)\n(.*?)\n-->\n\n((?:\|[^\n]*\n)+)"
    for folder, spec, table in re.findall(pattern, page, re.DOTALL):
        lines = [[x.strip() for x in line.strip("|").split("|")] for line in table.splitlines()]
        header, _, *rows = lines
        yield folder, json.loads(spec), header[1:], {row[0]: row[1:] for row in rows}


def value_in(folder, run, name):
    """A measure in a file of a run, read without the tool."""
    file, _, key = name.rpartition(":")
    for path in (folder / run).rglob("*.json"):
        values = json.loads(path.read_text())
        values = values.get("measures", values)
        if key in values and file in ("", path.stem):
            return values[key]
    raise AssertionError(f"{name} of {run} is in no file of {folder}")


def check_numbers(page, kept):
    """Compares each number of a page's marked tables with the files; returns how many there are."""
    compared = 0
    for folder, spec, columns, rows in marked_tables(page):
        assert columns == list(spec["columns"])
        assert list(rows) == list(spec["rows"])
        for row, cells in rows.items():
            run = spec["rows"][row]
            for column, cell in zip(columns, cells, strict=True):
                name = spec["columns"][column]
                if isinstance(name, dict):
                    assert cell == name.get(row, "-")
                    continue
                every = [value_in(kept / folder, run, name)]
                every += [
                    value_in(place, run, name)
                    for place in kept.glob(f"{folder}-seed-*")
                    if (place / run).is_dir()
                ]
                means = [x["mean"] if isinstance(x, dict) else x for x in every]
                expected = [means[0]]
                if isinstance(every[0], dict):
                    expected.append(every[0]["standard_error"])
                    if len(every) > 1:
                        expected += [len(every), np.mean(means), np.std(means, ddof=1)]
                found = NUMBER.findall(cell)
                assert len(found) == len(expected), (folder, row, column, cell)
                for text, value in zip(found, expected, strict=True):
                    places = len(text.partition(".")[2])
                    error = abs(float(text.replace("−", "-")) - value)
                    assert error <= 0.5000001 * 10**-places, (folder, row, column, cell)
                    compared += 1
    return compared


def test_every_number_that_comes_from_runs_is_theirs(tool):
    marked = [x for x in PAGES if x.name != "comparison.md"]  # Its comments have no JSON.
    assert set(marked) <= set(tool.PAGES)
    for path in marked:
        page = path.read_text("utf-8")
        number = page.count("<!-- docs/runs/")
        assert len(list(marked_tables(page))) == number, "a comment without its table"
        assert check_numbers(page, KEPT) > 0
        assert tool.written(page, KEPT) == page, "run tools/keep_runs.py"


def check_kept(kept):
    """Checks that a folder has small files of runs alone, each with what made it."""
    for file in kept.rglob("*"):
        assert not file.is_symlink()
        if file.is_file() and file != kept / "README.md":
            inside = pathlib.PurePath(*file.relative_to(kept).parts[2:])
            of_kind = [x for x in ALLOWED if len(x.parts) == len(inside.parts)]
            assert any(inside.match(str(x)) for x in of_kind), file
            assert file.stat().st_size <= 1_000_000, file
    for run in kept.glob("*/*/"):
        made_by = json.loads((run / "made_by.json").read_text())
        assert made_by.keys() == {"command", "commit"}
        assert re.fullmatch("[0-9a-f]{40}", made_by["commit"])
        assert not re.search(r"(^|[\s=])[/~]", made_by["command"]), "a path of a machine"


def test_only_small_files_of_runs_are_kept():
    check_kept(KEPT)


# With a folder that is made up.


def _run(path, epochs=2, joint=-90.123, **more):
    folder = RunFolder(path)
    folder.start(settings_of("jmvae", "digits", {"epochs": 2}))
    folder.write_history([{"epoch": x + 1, "bound": -1.0} for x in range(epochs)])
    (path / "measures").mkdir()
    taken = {"log_p": {"mean": joint, "standard_error": 0.0712}, "number": 3}
    (path / "measures" / "likelihoods.json").write_text(json.dumps({"of": {}, "measures": taken}))
    (path / "metrics.json").write_text(json.dumps({**taken, **more}))
    (path / "checkpoints").mkdir()
    (path / "checkpoints" / "epoch-000002.keras").write_text("weights")
    (path / "figures").mkdir()
    (path / "figures" / "walk.gif").write_text("image")


@pytest.fixture
def kept(tool, tmp_path):
    """Two runs of seed 0 and one of seed 1, kept."""
    _run(tmp_path / "runs" / "reproduce-quick" / "jmvae")
    _run(tmp_path / "runs" / "reproduce-quick" / "jmvae_kl", joint=-88.5, paper=1.5)
    _run(tmp_path / "runs" / "reproduce-quick" / "cvae", epochs=1)
    (tmp_path / "runs" / "reproduce-quick" / "tables").mkdir()
    _run(tmp_path / "runs" / "reproduce-quick-seed-1" / "jmvae", joint=-91.5)
    for name in ("reproduce-quick", "reproduce-quick-seed-1"):
        done, others = tool.keep(
            tmp_path / "runs" / name, tmp_path / "kept", name, "bin/reproduce", "0" * 40
        )
        assert done == (["jmvae", "jmvae_kl"] if name == "reproduce-quick" else ["jmvae"])
        assert others == (["cvae", "tables"] if name == "reproduce-quick" else [])
    return tmp_path / "kept"


SPEC = {
    "rows": {"JMVAE": "jmvae", "JMVAE-kl": "jmvae_kl"},
    "columns": {"paper": {"JMVAE": "−86.96"}, "ours": "log_p", "examples": "metrics:number"},
}


def _page(spec, table="| old |\n"):
    text = spec if isinstance(spec, str) else json.dumps(spec, indent=2, ensure_ascii=False)
    return f"# Results\n\n<!-- docs/runs/reproduce-quick\n{text}\n-->\n\n{table}\nAfter it.\n"


def test_only_what_is_listed_is_kept(kept):
    files = {x.relative_to(kept).as_posix() for x in kept.rglob("*") if x.is_file()}
    of_run = {"config.json", "history.csv", "made_by.json", "metrics.json"}
    of_run |= {"measures/likelihoods.json"}
    places = ("reproduce-quick/jmvae", "reproduce-quick/jmvae_kl", "reproduce-quick-seed-1/jmvae")
    assert files == {f"{place}/{name}" for place in places for name in of_run}
    made_by = json.loads((kept / "reproduce-quick" / "jmvae" / "made_by.json").read_text())
    assert made_by == {"command": "bin/reproduce", "commit": "0" * 40}
    check_kept(kept)
    for name in ("figure.png", "figures/config.json", "model.keras"):
        strange = kept / "reproduce-quick" / "jmvae" / name
        strange.parent.mkdir(exist_ok=True)
        strange.write_text("{}")
        with pytest.raises(AssertionError):
            check_kept(kept)
        strange.unlink()


def test_a_table_is_written_from_the_files_and_has_their_numbers(tool, kept):
    page = tool.written(_page(SPEC), kept)
    assert page == _page(
        SPEC,
        "|  | paper | ours | examples |\n"
        "| -- | -: | -: | -: |\n"
        "| JMVAE | −86.96 | −90.123 ± 0.071 [2 seeds: mean −90.81, sd 0.97] | 3 |\n"
        "| JMVAE-kl | - | −88.500 ± 0.071 | 3 |\n",
    )
    assert tool.written(page, kept) == page
    assert check_numbers(page, kept) == 9
    for drifted in (page.replace("−90.123", "−90.124"), page.replace("0.97", "0.98")):
        with pytest.raises(AssertionError):
            check_numbers(drifted, kept)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("{", "A comment before a table has the JSON of its rows and columns; received '{'"),
        ('{"rows": {"JMVAE": "jmvae"}}', "see docs/runs/README.md"),
        ({**SPEC, "rows": {"JMVAE": "jmvaes"}}, "received log_p of "),
        ({**SPEC, "columns": {"ours": "log_q"}}, "names a measure of each run; received log_q of"),
    ],
)
def test_comments_that_name_nothing(tool, kept, spec, told):
    with pytest.raises(tool.Mistake) as raised:
        tool.written(_page(spec), kept)
    assert told in str(raised.value)


def test_a_folder_that_is_not_kept(tool, tmp_path):
    with pytest.raises(tool.Mistake, match="received reproduce-quick, which is not there; keep"):
        tool.written(_page(SPEC), tmp_path)


def test_a_measure_that_differs_among_files_needs_the_name_of_one(tool, kept):
    file = kept / "reproduce-quick" / "jmvae_kl" / "metrics.json"
    file.write_text(json.dumps({"log_p": 3.5, "number": 3}))
    with pytest.raises(tool.Mistake, match="differs among likelihoods, metrics; write FILE:log_p"):
        tool.written(_page(SPEC), kept)
    columns = {"ours": "likelihoods:log_p"}
    assert "| JMVAE-kl | −88.500 ± 0.071 |" in tool.written(
        _page({**SPEC, "columns": columns}), kept
    )


def test_what_is_too_large_or_unfinished_is_refused_and_nothing_is_written(tool, tmp_path):
    runs, kept = tmp_path / "runs", tmp_path / "kept"
    _run(runs / "jmvae")
    _run(runs / "unfinished", epochs=1)
    (runs / "jmvae" / "metrics-all.json").write_text(json.dumps("x" * 1_000_000))
    with pytest.raises(tool.Mistake, match=r"1,000,000 bytes; received .*metrics-all\.json"):
        tool.keep(runs, kept, "runs", "bin/train", "0" * 40)
    (runs / "jmvae" / "metrics-all.json").unlink()
    (runs / "jmvae" / "metrics-all.json").symlink_to(runs / "unfinished" / "metrics.json")
    with pytest.raises(tool.Mistake, match="Only files are kept"):
        tool.keep(runs, kept, "runs", "bin/train", "0" * 40)
    with pytest.raises(tool.Mistake, match="without any; train them first"):
        tool.keep(runs, kept, "runs", "bin/train", "0" * 40, ["unfinished"])
    assert not kept.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["runs"], "FOLDER needs --command"),
        (["runs", "--command=bin/train --data_dir=/data"], "has no paths of a machine; write DIR"),
        (["--command=bin/train"], "--command, --commit, --name and --only need FOLDER"),
    ],
)
def test_flags_that_do_not_go_together(tmp_path, arguments, told):
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "keep_runs.py", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert told in done.stderr
