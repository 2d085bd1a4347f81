"""What the report says of networks: errors and coverage on virtual earthquakes, and on the real ones."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.document import Parts
from slipbench.benchmarks.metrics import SNAPSHOT
from slipbench.benchmarks.rapid.network import CURVE_EAST, CURVE_HIGH, CURVE_LOW, CURVE_NORTH
from slipbench.benchmarks.rapid.outcomes import CURVE
from slipbench.benchmarks.rapid.snapshots import EAST, MW, NORTH, SECOND
from slipbench.benchmarks.source.calibration import PREFIX, inside
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.text_table import markdown_table, share

#: Classes of seconds after the origin time.
CLASSES = ((0, 20), (20, 60), (60, 120), (120, 1000))
#: Magnitude from which earthquakes are large: the centroid lies tens of kilometres from the epicentre.
LARGE = 8.0
_CENTROID = (CURVE_EAST, CURVE_NORTH)
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7")


def network_parts(table: pd.DataFrame, folder: Path) -> Parts:
    """Text and figures; nothing where no network was tested.

    Parameters
    ----------
    table : DataFrame
        Results table of a rapid suite.
    folder : Path
        Where the figures go.
    """
    done = table[(table["status"] == "ok") & (table["kind"] != "context")]
    virtual = done[done["label"] == SNAPSHOT]
    real = done[(done["label"] != SNAPSHOT) & (done["kind"] == "network")]
    if len(virtual):
        path = draw_snapshots(virtual, folder / "virtual.png")
        yield f"## Virtual earthquakes\n\n{_errors(virtual)}", path
    if len(real):
        yield f"## Coverage on the earthquakes\n\n{_coverage(real)}", None


def _errors(virtual: pd.DataFrame) -> str:
    """Errors by class of seconds, and those of large earthquakes."""
    head = ["model", "Mw", "seconds", "snapshots", "|ΔMw| median", "ΔMw median", "Mw inside 90 %"]
    head += ["centroid median (km)", "epicentre median (km)", "place inside 90 %"]
    lines = []
    for model, cell in _cells(virtual):
        second, mw = cell[SECOND]["true"], cell[MW]["true"]
        largest = float(np.ceil(10 * mw.max()) / 10)
        for least, (low, high) in [(0.0, c) for c in CLASSES] + [(LARGE, CLASSES[-1])]:
            part = (second > low) & (second <= high) & (mw >= least)
            if not np.isfinite(cell[MW]["pred"][part]).any():
                continue
            size = f"{least:.1f} to {largest:.1f}" if least else "all"
            lines.append([model, size, f"{low + 1} to {int(min(high, second.max()))}", *_line(cell, part)])
    about = (
        "Test snapshots at random seconds, of networks that no training sample had, by seconds after the "
        "origin time. `pgd_snapshot` is the median magnitude of the stations of the same snapshots by peak "
        "displacement, where at least four rise above their noise. Coverage with exact binomial 95 % "
        "intervals, which are too narrow by what the snapshots of one earthquake share. The centroid's error "
        "stands beside that of taking the epicentre for it."
    )
    return f"{about}\n\n{markdown_table(head, lines)}"


def _line(cell: dict[str, dict[str, np.ndarray]], part: np.ndarray) -> list[str]:
    """Errors and coverage of some snapshots."""
    told = part & np.isfinite(cell[MW]["pred"])
    miss = (cell[MW]["pred"] - cell[MW]["true"])[told]
    return [
        f"{told.sum()} of {part.sum()}",
        f"{np.median(np.abs(miss)):.2f}",
        f"{np.median(miss):+.2f}".replace("-", "−"),
        _inside(cell, "mw", part),
        *(f"{np.median(a(cell)[part]):.0f}" if EAST in cell else "–" for a in (_away, _epicentre_away)),
        _inside(cell, "position", part),
    ]


def _inside(cell: dict[str, dict[str, np.ndarray]], name: str, part: np.ndarray) -> str:
    quantity = f"{PREFIX}{name}"
    if quantity not in cell:
        return "–"
    return share(inside(name, cell[quantity]["pred"][part], 0.9), int(part.sum()))


def _away(cell: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    """Distance (km) of the predicted centroid from the true one."""
    return np.hypot(*(cell[q]["pred"] - cell[q]["true"] for q in (EAST, NORTH)))


def _epicentre_away(cell: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    """Distance (km) of the epicentre from the true centroid."""
    return np.hypot(*(cell[q]["true"] for q in (EAST, NORTH)))


def _coverage(real: pd.DataFrame) -> str:
    """Share of the seconds with an estimate at which the interval holds the catalogue's Mw, by earthquake."""
    lines, names = [], []
    for model, rows in real.groupby("model", sort=False):
        by = {q: part.iloc[0] for q, part in rows.groupby("quantity")}
        if CURVE_LOW not in by:
            continue
        event, name = np.asarray(by[CURVE]["sample"]), np.asarray(by[CURVE]["name"])
        true = np.asarray(by[CURVE]["y_true"])
        low, high = (np.asarray(by[q]["y_pred"]) for q in (CURVE_LOW, CURVE_HIGH))
        names = [str(name[event == e][0]) for e in np.unique(event)]
        cells = []
        for e in np.unique(event):
            told = (event == e) & np.isfinite(low)
            holds = (low <= true) & (true <= high)
            if not told.any():
                cells.append("–")
                continue
            last = np.flatnonzero(told)[-1]
            text = f"{holds[told].mean():.0%}; {low[last]:.2f} to {high[last]:.2f}"
            off = [np.asarray(by[q]["y_pred"])[last] - np.asarray(by[q]["y_true"])[last] for q in _CENTROID]
            if np.isfinite(off).all():
                away = np.hypot(*(np.asarray(by[q]["y_true"])[last] for q in _CENTROID))
                text += f"; {np.hypot(*off):.0f} km (epicentre {away:.0f})"
            cells.append(text)
        lines.append([str(model), *cells])
    about = (
        "Share of the seconds at which the interval of 90 % holds the catalogue's Mw; the interval at the "
        "end; the distance of the last centroid, and of the epicentre, from the catalogue's centroid, where "
        "the store knows one. The seconds of one earthquake are nearly one observation."
    )
    return f"{about}\n\n{markdown_table(['model', *names], lines)}"


def draw_snapshots(virtual: pd.DataFrame, path: Path) -> Path:
    """Predicted against true magnitude by class of seconds, and histograms of the probability of less."""
    cells = dict(_cells(virtual))
    figure, axes = canvas(len(cells), len(CLASSES) + 1, 2.7, 2.6, share=False)
    for row, (model, cell) in zip(axes, cells.items(), strict=True):
        second, true, pred = cell[SECOND]["true"], cell[MW]["true"], cell[MW]["pred"]
        ends = float(true.min()), float(true.max())
        for ax, (low, high), colour in zip(row[:-1], CLASSES, _COLOURS, strict=True):
            part = (second > low) & (second <= high)
            ax.plot(true[part], pred[part], ".", ms=2, alpha=0.3, color=colour, rasterized=True)
            ax.plot(ends, ends, color="black", lw=0.8)
            ax.set(
                xlim=ends, ylim=ends, xlabel="true Mw", title=f"{low + 1} to {min(high, int(second.max()))} s"
            )
            grid_of(ax)
        row[0].set_ylabel(f"{model}: Mw")
        _draw_calibration(row[-1], cell)
    return save(figure, path)


def _draw_calibration(ax, cell: dict[str, dict[str, np.ndarray]]) -> None:  # type: ignore[no-untyped-def]
    if f"{PREFIX}mw" not in cell:
        ax.set_axis_off()
        return
    second = cell[SECOND]["true"]
    for (low, high), colour in zip(CLASSES, _COLOURS, strict=True):
        values = cell[f"{PREFIX}mw"]["pred"][(second > low) & (second <= high)]
        ax.hist(values, bins=10, range=(0, 1), density=True, histtype="step", lw=1.4, color=colour)
    ax.axhline(1, color="#333333", lw=0.8)
    ax.set(xlim=(0, 1), ylim=(0, None), xlabel="probability of less Mw", title="density, flat if right")
    grid_of(ax)


def _cells(rows: pd.DataFrame) -> Iterator[tuple[str, dict[str, dict[str, np.ndarray]]]]:
    """Models with their quantities' true and predicted values; of several seeds the first."""
    for model, part in rows.groupby("model", sort=False):
        first = part[part["cell"] == part["cell"].iloc[0]]
        yield (
            str(model),
            {
                str(row.quantity): {"true": np.asarray(row.y_true), "pred": np.asarray(row.y_pred)}
                for row in first.itertuples()
            },
        )
