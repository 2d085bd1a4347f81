"""Predicted-against-true figures, drawn from a results table and nothing else."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from slipbench.benchmarks.leaderboard import SECTION, leaderboard, number, sections
from slipbench.benchmarks.results import models_of

#: Colour-blind safe (Okabe and Ito 2008), without black, which is the truth.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
TRUTH = "#222222"
_NAMES = {"mw": "Mw"}


@dataclass(frozen=True)
class Drawing:
    """One written figure and what it shows."""

    path: Path
    section: dict[str, str]
    title: str
    about: str


def draw(table: pd.DataFrame, folder: Path, board: pd.DataFrame | None = None) -> list[Drawing]:
    """Draw one PNG for each section of the leaderboard that has results.

    Parameters
    ----------
    table : DataFrame
        A results table.
    folder : Path
        Where the files go: ``<suite>-<split>-<label>.png``.
    board : DataFrame, optional
        Its leaderboard, if it is there already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawings = []
    for head, part, metrics in sections(leaderboard(table) if board is None else board):
        here = (table[SECTION].astype(str) == [head[k] for k in SECTION]).all(axis=1)
        rows = models_of(table[here & (table["status"] == "ok")])
        rows = rows[
            [bool(np.isfinite(v).any()) for v in rows["y_true"]]
        ]  # quantiles have no truth of their own
        shown = _chosen(part, 6 if head["task"] == "source" else 4)
        if not len(rows) or not shown or not metrics or head["task"] not in _DRAWN:
            continue
        canvas, about = _DRAWN[head["task"]](rows, shown, metrics[0])
        path = folder / ("-".join(head[k] for k in SECTION if head[k] != "-") + ".png")
        canvas.savefig(path, dpi=110, metadata={"Software": None})
        parts = [head["suite"], *(f"{k} {head[k]}" for k in ("split", "label") if head[k] != "-")]
        drawings.append(Drawing(path, head, " · ".join(parts), about))
    return drawings


def _chosen(part: pd.DataFrame, most: int) -> list[Any]:
    """Rows to draw: the best of every kind and modality, in the order of their ranks."""
    ranked = part[part["rank"].notna()]
    best = ranked.drop_duplicates(["kind", "modality"])
    kept = pd.concat([best, ranked[~ranked.index.isin(best.index)]]).head(most)
    return list(kept.sort_values("rank", kind="stable").itertuples())


def _name(row: Any) -> str:
    more = [
        t for t in (row.modality if row.modality != "-" else "", "untrained" if row.untrained else "") if t
    ]
    return f"{row.model} ({', '.join(more)})" if more else str(row.model)


def _first_seed(rows: pd.DataFrame, row: Any) -> pd.DataFrame:
    """Rows of the model's cell with its first finished seed."""
    mine = rows[(rows["model"] == row.model) & (rows["modality"] == row.modality)]
    return mine[mine["seed"] == mine["seed"].iloc[0]]


def _scatter(ax: Axes, true: np.ndarray, pred: np.ndarray, colour: str) -> None:
    """Predicted against true on equal axes with the line of perfect prediction."""
    ends = np.array([min(true.min(), pred.min()), max(true.max(), pred.max())])
    room = 0.04 * (ends[1] - ends[0] or abs(ends[0]) or 1.0)
    ends = ends + np.array([-room, room])
    ax.plot(ends, ends, color="#999999", lw=1, zorder=1)
    size = float(np.clip(2500 / max(len(true), 1), 2, 12))
    ax.scatter(true, pred, s=size, color=colour, alpha=0.5, linewidths=0, zorder=2)
    ax.set(xlim=tuple(ends), ylim=tuple(ends), aspect="equal")
    ax.locator_params(nbins=5)
    ax.ticklabel_format(useOffset=False)


def _label(quantity: str, units: str, factor: float = 1.0) -> str:
    scale = "" if factor == 1.0 else f"10$^{{{round(-np.log10(factor))}}}$ "
    unit = "" if units in ("1", "") else units
    shown = f"{scale}{unit}".strip()
    return f"{_NAMES.get(quantity, quantity)} ({shown})" if shown else _NAMES.get(quantity, quantity)


def _source(rows: pd.DataFrame, shown: list[Any], metric: Any) -> tuple[Canvas, str]:
    cells = [_first_seed(rows, row).set_index("quantity") for row in shown]
    # some models tell more than the targets, such as a depth
    quantities = [q for q in dict.fromkeys(rows["quantity"]) if all(q in cell.index for cell in cells)]
    canvas = Canvas(figsize=(3.3 * len(quantities), 3.3 * len(shown) + 0.2), layout="constrained")
    grid = canvas.subplots(len(shown), len(quantities), squeeze=False)
    for line, (row, cell) in enumerate(zip(shown, cells, strict=True)):
        for column, quantity in enumerate(quantities):
            ax = grid[line, column]
            true, pred = (np.asarray(cell.loc[quantity, k]) for k in ("y_true", "y_pred"))
            _scatter(ax, true, pred, COLOURS[line])
            window = min(150, max(len(true) // 8, 5))
            order = np.argsort(true)
            rolling = pd.DataFrame({"t": true[order], "p": pred[order]}).rolling(window).median()
            ax.plot(rolling["t"], rolling["p"], color=TRUTH, lw=1.5)
            label = _label(quantity, str(cell.loc[quantity, "units"]))
            ax.set_ylabel(f"predicted {label}")
            if line == len(shown) - 1:
                ax.set_xlabel(f"true {label}")
            if column == 0:
                ax.set_title(
                    f"{_name(row)}: {metric.title} {number(getattr(row, metric.name))} {metric.units}",
                    loc="left",
                    fontsize=10,
                    fontweight="bold",
                )
    about = (
        "Test samples of the first seed. Black: median of the predictions over a sliding window of true "
        "values (150 samples, fewer in small test sets). Grey: perfect prediction."
    )
    return canvas, about


def _nowcast(rows: pd.DataFrame, shown: list[Any], metric: Any) -> tuple[Canvas, str]:
    units = str(rows["units"].iloc[0])
    largest = max(np.abs(v).max() for v in rows["y_true"])
    # tick labels like 0.00021 do not fit under small panels
    factor = 10.0 ** -np.floor(np.log10(largest)) if 0 < largest < 1e-2 else 1.0
    label = _label(str(rows["quantity"].iloc[0]), units, factor)
    canvas = Canvas(figsize=(11, 7.2), layout="constrained")
    halves = np.asarray(canvas.subfigures(2, 1, height_ratios=[1, 1.15]))
    top, bottom = halves[0], halves[1]
    panels = np.atleast_1d(top.subplots(1, len(shown)))
    ax = bottom.subplots()
    mark = "." if rows["leaky"].any() else "-"  # a line would join days that others lie between
    for i, row in enumerate(shown):
        one = _first_seed(rows, row).iloc[0]
        true, pred = (np.asarray(one[k]) * factor for k in ("y_true", "y_pred"))
        _scatter(panels[i], true, pred, COLOURS[i])
        panels[i].set_title(f"{_name(row)}\n{metric.title} {number(getattr(row, metric.name))}", fontsize=10)
        panels[i].set_xlabel(f"true {label}")
        days = np.asarray(one["time"]).astype("datetime64[D]")
        if i == 0:
            panels[i].set_ylabel(f"predicted {label}")
            ax.plot(days, true, mark, color=TRUTH, lw=3, ms=7, label="true", zorder=1)
        ax.plot(days, pred, mark, color=COLOURS[i], lw=1.2, ms=3, label=_name(row))
    seed = int(_first_seed(rows, shown[0])["seed"].iloc[0])
    ax.set(ylabel=label, xlabel=f"day that the label belongs to (test days of seed {seed})")
    ax.grid(alpha=0.25)
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9, frameon=False)
    about = (
        "Best baseline and best decoder of every modality, first seed; the number above a panel is the mean "
        "over the seeds. Above: predicted against true, grey is perfect. Below: the test days in time."
    )
    return canvas, about


#: Tasks that predict values; the others draw their own figures in their reports.
_DRAWN = {"source": _source, "nowcast": _nowcast}
