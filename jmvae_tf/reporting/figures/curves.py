"""Draws numbers as lines: the terms of a training by epoch, and values with errors."""

import pathlib
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from jmvae_tf.reporting.figures.png_files import save_figure


def loss_terms(path: pathlib.Path, history: Sequence[Mapping[str, float]]) -> None:
    """Draws the bound, each of its terms and any other loss, by epoch.

    Args:
      path: path of the PNG file.
      history: rows with an "epoch" and columns "<part>_<term>", as in `history.csv`; a row may lack
        columns.
    """
    parts = ("train", "validation", "test")
    columns = dict.fromkeys(column for row in history for column in row)
    terms = [column[len("train_") :] for column in columns if column.startswith("train_")]
    # In the order of the equations, since Keras sorts by name; other terms come last.
    terms.sort(key=lambda term: (_place(term), term.endswith("_loss")))
    num_rows = max(1, -(-len(terms) // 3))
    figure = Figure(figsize=(12, 3 * num_rows), layout="constrained")
    grid = figure.subplots(num_rows, 3, squeeze=False)
    epochs = [row["epoch"] for row in history]
    handles = {}
    for axes, term in zip(grid.flat, terms, strict=False):
        for number, part in enumerate(parts):
            if (column := f"{part}_{term}") not in columns:
                continue
            values = [row.get(column, np.nan) for row in history]
            [handles[part]] = axes.plot(epochs, values, label=part, lw=1.2, color=f"C{number}")
        axes.set_title(term.replace("_", " ") if _place(term) == len(_TERMS) else term, fontsize=10)
        axes.set_xlabel("epoch", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_ylabel(_unit(term), fontsize=8)
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    for axes in grid.flat[len(terms) :]:
        axes.axis("off")
    grid[0, 0].legend(handles=list(handles.values()), fontsize=8)
    figure.suptitle(
        "Terms of the objective (train: with the warm-up's weight in the bound; else full weight)",
        fontsize=10,
    )
    save_figure(figure, path)


_TERMS = ("bound", "kl_prior", "log_p_", "kl_")


def _place(term: str) -> int:
    """Ranks a column among the terms of the bounds; other columns come after them."""
    starts = (place for place, start in enumerate(_TERMS) if term.startswith(start))
    return next(starts, len(_TERMS))


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
    figure = Figure(figsize=(4.8 * len(panels) + 1.0, 3.8), layout="constrained")
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
        axes.set_title(panel, fontsize=10)
        axes.set_xlabel(x_label, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
    grid[0, 0].set_ylabel(y_label, fontsize=9)
    figure.legend(handles.values(), handles.keys(), loc="outside right center", fontsize=9)
    figure.suptitle(title, fontsize=11)
    save_figure(figure, path)
