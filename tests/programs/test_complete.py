"""bin/complete and bin/embed as users meet them."""

import pytest

from tests.helpers.programs import mistake, start


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ((), "neither --run nor --saved_model"),
        (("--run=run", "--saved_model=saved"), "--run and --saved_model"),
        (("--run=run",), "--data names a table"),
        (("--run=run", "--data=table.csv", "--out=table.xlsx"), "--out=table.xlsx"),
        (("--run=run", "--data=table.csv", "--out=./table.csv"), "choose another --out"),
        (("--run=run", "--data=table.csv"), "holds a config.json"),
    ],
)
@pytest.mark.parametrize("program", ["complete", "embed"])
def test_mistakes(tmp_path, program, flags, said):
    (tmp_path / "table.csv").write_text("length_mm\n1\n\n")
    assert said in mistake(start(tmp_path, program, *flags))
    assert [x.name for x in tmp_path.iterdir()] == ["table.csv"]


def test_samples_of_draws(tmp_path):
    done = start(tmp_path, "complete", "--draws=2", "--num_samples=3")
    assert "--num_samples=3 with --draws=2" in mistake(done)
