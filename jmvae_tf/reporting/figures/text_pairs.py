"""Draws generated texts below true ones."""

import difflib
import pathlib
import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure

from jmvae_tf.reporting.figures.png_files import WRONG, save_figure, short_line

_LETTERS = 100  # In a line.
_MOST_LINES = 3  # Of one text.
_LINE_INCHES = 0.16
_LETTER_INCHES = 0.0733  # At this size of a typewriter's font.
_POINTS = 8


def texts_side_by_side(
    path: pathlib.Path,
    given: Sequence[str],
    true: Sequence[str],
    found: Sequence[str],
    sampled: Sequence[str],
    title: str,
) -> None:
    """Draws for each example what is given, its true text and the generated ones below it.

    Letters of generated texts that the true one lacks there are red.

    Args:
      path: path of the PNG file.
      given: words for what the text is generated from; empty strings for none.
      true: the true texts.
      found: those that are generated at the posterior's mean.
      sampled: those that are generated at a sample.
      title: title of the figure.
    """
    lines: list[tuple[str, str, list[bool]]] = []
    for source, *texts in zip(given, true, found, sampled, strict=True):
        text, average, sample = map(_on_one_line, texts)
        if source:
            words = short_line(source, _LETTERS)
            lines.append(("given", words, [False] * len(words)))
        lines += _lines("true", text, [False] * len(text))
        lines += _lines("average", average, _differs(average, text))
        lines += _lines("sample", sample, _differs(sample, text))
        lines.append(("", "", []))
    longest = max((len(text) for _, text, _ in lines), default=1)
    width = max(4.0, 0.9 + _LETTER_INCHES * max(longest, 20))
    height = _LINE_INCHES * len(lines) + 0.5
    figure = Figure(figsize=(width, height))
    for number, (name, text, wrong) in enumerate(lines):
        y = 1 - (0.42 + _LINE_INCHES * number) / height
        figure.text(0.05 / width, y, name, fontsize=_POINTS - 1, color="#616e7c", va="top")
        marked = (
            "".join(x if bad else " " for x, bad in zip(text, wrong, strict=True)) if wrong else ""
        )
        plain = (
            "".join(" " if bad else x for x, bad in zip(text, wrong, strict=True))
            if wrong
            else text
        )
        for words, colour in ((plain, "black"), (marked, WRONG)):
            figure.text(
                0.8 / width,
                y,
                words,
                fontsize=_POINTS,
                family="monospace",
                color=colour,
                va="top",
            )
    figure.suptitle(
        "\n".join(textwrap.wrap(short_line(title, 150), int(width / 0.108))),
        y=1 - 0.06 / height,
        va="top",
    )
    save_figure(figure, path)


def _on_one_line(text: str) -> str:
    """Replaces each character that breaks a line or cannot be seen, and keeps the length."""
    return "".join(x if x.isprintable() else "\N{REPLACEMENT CHARACTER}" for x in text)


def _differs(text: str, other: str) -> list[bool]:
    """Tells which letters of a text another one lacks at their place among the common ones."""
    differs = [True] * len(text)
    for block in difflib.SequenceMatcher(None, text, other, False).get_matching_blocks():
        differs[block.a : block.a + block.size] = [False] * block.size
    return differs


def _lines(name: str, text: str, marks: list[bool]) -> list[tuple[str, str, list[bool]]]:
    """Breaks a text into lines of equal length; what is left out ends in an ellipsis."""
    starts = range(0, max(1, len(text)), _LETTERS)
    lines = [(text[start : start + _LETTERS], marks[start : start + _LETTERS]) for start in starts]
    if len(lines) > _MOST_LINES:
        last, last_marks = lines[_MOST_LINES - 1]
        lines[_MOST_LINES - 1 :] = [(f"{last[:-1]}…", last_marks)]
    return [(name if place == 0 else "", *line) for place, line in enumerate(lines)]
