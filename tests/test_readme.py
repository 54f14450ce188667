"""The README's Python examples, run one after the other as a reader would."""

import re
import subprocess
import sys

from tests.helpers.paths import ROOT


def test_the_examples_run_as_printed(tmp_path):
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)
    assert len(blocks) == 2
    outputs = []
    for number, block in enumerate(blocks):
        script = tmp_path / f"example_{number}.py"
        # Only the first needs the package; the second is to work without it.
        path = f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n" if number == 0 else ""
        script.write_text(path + block, "utf-8")
        done = subprocess.run(
            [sys.executable, "-W", "error::UserWarning", script.name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        outputs.append(done.stdout)
    assert outputs[0].splitlines()[-1] == "(5, 16) (10, 5, 8, 8, 1) (5, 10)"
    # The digits read off the average images of the labels 0 to 9: an untrained model has them by
    # chance only.
    read = [int(digit) for digit in re.findall(r"\d+", outputs[1])]
    assert sum(label == digit for label, digit in enumerate(read)) >= 8
