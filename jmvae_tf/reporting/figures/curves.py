"""Draws numbers as lines: the terms of a training by epoch, and values with errors."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jmvae_tf.models.objective_names import BOUND, OBJECTIVE
from jmvae_tf.reporting.figures.png_files import WIDTH, save_figure, set_title, short_line

_COLUMNS = 3  # Panels in a row.
_IN_A_LINE = 5  # Entries of a legend.
_SHORT = {"validation": "valid."}


class Milestones(NamedTuple):
    """Epochs of a training that its curves mark; 0 for none.

    Attributes:
      warmup_epochs: the length of the warm-up.
      best: the epoch of the highest bound on the validation set.
      adversary_after: the last epoch without the discriminator, if its stage comes later.
    """

    warmup_epochs: int = 0
    best: int = 0
    adversary_after: int = 0


_NONE = Milestones()


def loss_terms(
    path: pathlib.Path,
    history: Sequence[Mapping[str, float]],
    milestones: Milestones = _NONE,
) -> None:
    """Draws the bound, each of its terms and any other loss, by epoch.

    Args:
      path: path of the PNG file.
      history: rows with an "epoch" and columns "<part>_<term>", as in `history.csv`; a row may lack
        columns.
      milestones: the epochs to mark.
    """
    parts = ("train", "validation", "test")
    columns = dict.fromkeys(column for row in history for column in row)
    terms = [column[len("train_") :] for column in columns if column.startswith("train_")]
    # In the order of the equations, since Keras sorts by name; other terms come last.
    terms.sort(key=lambda term: (_place(term), term.endswith("_loss")))
    name = OBJECTIVE if OBJECTIVE in terms else BOUND
    num_rows = max(1, -(-len(terms) // _COLUMNS))
    figure = Figure(figsize=(WIDTH, 2.35 * num_rows + 0.8), layout="constrained")
    grid = figure.subplots(num_rows, _COLUMNS, squeeze=False)
    epochs = [row["epoch"] for row in history]
    handles: dict[str, Artist] = {}
    for place, (axes, term) in enumerate(zip(grid.flat, terms, strict=False)):
        last, shown = [], [np.empty(0)]
        for number, part in enumerate(parts):
            if (column := f"{part}_{term}") not in columns:
                continue
            values = np.array([row.get(column, np.nan) for row in history])
            known, color = np.flatnonzero(~np.isnan(values)), f"C{number}"
            [handles[part]] = axes.plot(
                np.take(epochs, known), values[known], label=part, lw=1.2, color=color
            )
            end = known[-1:]
            axes.plot(np.take(epochs, end), values[end], "o", ms=3.5, color=color)
            last += [f"{_SHORT.get(part, part)} {_short(value)}" for value in values[end]]
            shown.append(values[_first_shown(len(history)) :])
        handles |= _mark(axes, milestones, epochs, name)
        axes.set_title(f"{_in_words(term)}\n", loc="left", fontweight="bold")
        axes.annotate(
            "  ".join(last), (0, 1), (0, 4), "axes fraction", "offset points", fontsize=7
        ).set_in_layout(False)
        _limit(axes, np.concatenate(shown))
        if place + _COLUMNS >= len(terms):
            axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        if place % _COLUMNS == 0 or _unit(term) != _unit(terms[place - 1]):
            axes.set_ylabel(_unit(term))
        axes.grid()
    for axes in grid.flat[len(terms) :]:
        axes.axis("off")
    columns_of_legend = len(handles) if len(handles) <= _IN_A_LINE else 3
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=columns_of_legend or 1
    )
    set_title(figure, f"Training: the {name} and its terms, epoch by epoch, and their last values")
    save_figure(figure, path)


def _mark(
    axes: Axes, milestones: Milestones, epochs: Sequence[float], name: str
) -> dict[str, Artist]:
    """Marks the milestones that the epochs reach; returns their words for the legend."""
    last = max(epochs, default=0)
    marks: dict[str, Artist] = {}
    if milestones.warmup_epochs and last:
        end = min(milestones.warmup_epochs, last)
        marks["warm-up"] = axes.axvspan(min(epochs), end, color="#e4e7eb", alpha=0.8, lw=0)
    if 0 < milestones.best <= last:
        words = f"highest validation {name}: epoch {milestones.best}"
        marks[words] = axes.axvline(milestones.best, color="#3e4c59", ls="--", lw=1)
    if 0 < milestones.adversary_after < last:
        words = f"decoder against discriminator: after epoch {milestones.adversary_after}"
        marks[words] = axes.axvline(milestones.adversary_after, color="#832db6", ls=":", lw=1.5)
    return marks


def _first_shown(number: int) -> int:
    """Returns how many epochs may leave the panel, since they are far from all later ones."""
    return number // 50


def _limit(axes: Axes, values: np.ndarray) -> None:
    """Lets a panel show all of some values."""
    if np.isfinite(values).any():
        low, high = np.nanmin(values), np.nanmax(values)
        margin = 0.06 * (high - low) or 0.05 * max(abs(low), 1e-6)
        axes.set_ylim(low - margin, high + margin)


def _short(value: float) -> str:
    """Writes a number in a few digits."""
    digits = 0 if abs(value) >= 1000 else 1
    in_full = 100 <= abs(value) < 1e6
    return (f"{value:.{digits}f}" if in_full else f"{value:.3g}").replace("-", "−")


_TERMS = (BOUND, OBJECTIVE, "kl_prior", "log_p_", "kl_")


def _place(term: str) -> int:
    """Ranks a column among the terms of the bounds; other columns come after them."""
    starts = (place for place, start in enumerate(_TERMS) if term.startswith(start))
    return next(starts, len(_TERMS))


def _in_words(term: str) -> str:
    """Writes the name of a column as a title."""
    if term.startswith("log_p_"):
        return f"log p({term.removeprefix('log_p_')} | z)"
    if term.startswith("kl_") and term != "kl_prior":
        return f"divergence of {term.removeprefix('kl_')}"
    words = {"kl_prior": "divergence from the prior"}.get(term)
    return short_line(words or term.replace("_", " "), 30)


def _unit(term: str) -> str:
    if _place(term) < len(_TERMS):
        return "nats per example"
    return "loss, nats per example" if term.endswith("_loss") else ""


def error_bars(
    path: pathlib.Path,
    panels: Mapping[str, Mapping[str, tuple[np.ndarray, np.ndarray]]],
    x: Sequence[float],
    x_label: str,
    y_label: str,
    title: str,
) -> None:
    """Draws lines with error bars, in panels side by side.

    Args:
      path: path of the PNG file.
      panels: name of each panel to name of each line to its values and their standard errors,
        [points] each; a single point becomes a horizontal line. All panels have lines of the same
        names.
      x: x coordinates of the points, [points].
      x_label: text below the panels.
      y_label: text left of the panels.
      title: title of the figure.
    """
    figure = Figure(figsize=(max(WIDTH, 3.2 * len(panels) + 1.5), 3.8), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)
    handles = {}
    for axes, (panel, lines) in zip(grid[0], panels.items(), strict=True):
        for number, (name, (values, errors)) in enumerate(lines.items()):
            style = {"color": f"C{number}", "lw": 1.4}
            if len(values) == 1:
                handles[name] = axes.axhline(values[0], ls="--", **style)
                band = (values[0] - errors[0], values[0] + errors[0])
                axes.axhspan(*band, color=style["color"], alpha=0.2, lw=0)
            else:
                style["marker"] = "os^vD"[number % 5]
                handles[name] = axes.errorbar(x, values, errors, ms=4, **style)
        axes.set_title(panel)
        axes.set_xlabel(x_label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid()
    grid[0, 0].set_ylabel(y_label)
    figure.legend(handles.values(), handles.keys(), loc="outside right center")
    set_title(figure, title)
    save_figure(figure, path)
