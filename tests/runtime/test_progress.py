"""Long work shows a bar on a terminal, elsewhere lines."""

import io
import os
import pty
import sys

from jmvae_tf.runtime import progress
from jmvae_tf.runtime.progress import with_progress


class Terminal(io.StringIO):
    """A standard error that is a terminal."""

    def isatty(self):
        return True


def test_short_work_is_silent_without_a_terminal(capsys):
    assert list(with_progress(range(100), "counting")) == list(range(100))
    assert capsys.readouterr() == ("", "")


def test_a_line_now_and_then_without_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    assert list(with_progress(range(4), "counting")) == [0, 1, 2, 3]
    out, err = capsys.readouterr()
    assert "counting: 50% after 00:00, about 00:00 left\n" in out
    assert err == ""


def test_lines_on_a_terminal_without_columns(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LINES", 0.0)
    ends = pty.openpty()  # Both have no size as yet.
    with os.fdopen(ends[0]), os.fdopen(ends[1], "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        assert list(with_progress(range(4), "counting")) == [0, 1, 2, 3]
        monkeypatch.undo()
    assert "counting: 50%" in capsys.readouterr().out


def test_a_bar_on_a_terminal_is_cleared_at_the_end(capsys, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(progress, "_SECONDS_BEFORE_A_BAR", 0.0)
    monkeypatch.setattr(sys, "stderr", terminal)
    assert list(with_progress([1, 2], "counting")) == [1, 2]
    assert capsys.readouterr().out == ""
    assert terminal.getvalue().startswith("\rcounting   0%|")
    assert terminal.getvalue().endswith("\r")


def test_minutes_and_hours():
    words = [progress.time_in_words(x) for x in (1, 430, 7000, 20_000)]
    assert words == ["1 min", "7 min", "117 min", "5.6 h"]
