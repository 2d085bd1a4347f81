"""ROC of the detectors, and AUC by earthquake and distance."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.intervals import interval, weights
from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.scores import SEED
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.text_table import markdown_table
from slipbench.benchmarks.weighted import auc

#: Hypocentral distances that the tables and figures are divided at, km.
EDGES = (0.0, 150.0, 250.0, 400.0, 600.0, 900.0, np.inf)
#: Fewer shaken records say nothing.
FEWEST = 8


def classes(frame: pd.DataFrame) -> pd.Series:
    """Number of each record's class of distance."""
    return pd.cut(frame["hypocentral_km"], EDGES, labels=False)


def title(k: int) -> str:
    """A class of distance in words."""
    low, high = EDGES[k], EDGES[k + 1]
    return f"{low:.0f}–{high:.0f} km" if np.isfinite(high) else f"≥ {low:.0f} km"


def auc_of(frame: pd.DataFrame) -> tuple[float, float, float]:
    """AUC of some records with its interval from single stations; NaN for too few."""
    shaken, quiet = frame["shaken"].to_numpy(), frame["quiet"].to_numpy()
    n = len(frame)
    if min(np.isfinite(shaken).sum(), np.isfinite(quiet).sum()) < FEWEST:
        return np.nan, np.nan, np.nan
    return float(auc(shaken, quiet, np.ones(n))), *interval(auc(shaken, quiet, weights(n, 1, SEED)))


def auc_table(detectors: Mapping[str, pd.DataFrame]) -> str:
    """AUC of every earthquake and class of distance."""
    first = next(iter(detectors.values()))
    rows = []
    for event in dict.fromkeys(first["event"]):
        for k in (*range(len(EDGES) - 1), None):
            line = []
            for frame in detectors.values():
                part = frame[frame["event"] == event]
                part = part if k is None else part[classes(part) == k]
                line.append(auc_of(part))
            if np.isfinite(line[0][0]):
                shaken = int(part["shaken"].notna().sum())
                head = [event, f"{part['mw'].iloc[0]:.1f}", "all" if k is None else title(k), str(shaken)]
                rows.append([*head, *(f"{number(v)} [{number(a)}, {number(b)}]" for v, a, b in line)])
    return markdown_table(["earthquake", "Mw", "distance", "shaken records", *detectors], rows, left=(0, 2))


def both(detectors: Mapping[str, pd.DataFrame]) -> list[str]:
    """Earthquakes with enough windows of both kinds, the largest first."""
    first = next(iter(detectors.values()))
    events = [
        (-float(part["mw"].iloc[0]), str(event))
        for event, part in first.groupby("event", sort=False)
        if min(part["shaken"].notna().sum(), part["quiet"].notna().sum()) >= FEWEST
    ]
    return [event for _, event in sorted(events)]


def named(frame: pd.DataFrame) -> str:
    """An earthquake and its magnitude in words."""
    return f"{frame['event'].iloc[0]}, Mw {frame['mw'].iloc[0]:.1f}"


def draw_roc(detectors: Mapping[str, pd.DataFrame], thresholds: Mapping[str, float], path: Path) -> Path:
    """A panel for all, and for each earthquake: share of shaken against share of quiet windows."""
    events = [None, *both(detectors)]
    figure, axes = canvas(1, len(events), 3.1, 3.4)
    for ax, event in zip(axes[0], events, strict=True):
        for colour, (model, frame) in zip(COLOURS, detectors.items(), strict=False):
            part = frame if event is None else frame[frame["event"] == event]
            quiet, shaken = (np.sort(part[q].dropna()) for q in ("quiet", "shaken"))
            levels = np.unique(np.concatenate([quiet, shaken]))
            x, y = (1 - np.searchsorted(v, levels, "right") / len(v) for v in (quiet, shaken))
            ax.plot([1, *x], [1, *y], color=colour, lw=1.5, label=model)
            at = np.float32(thresholds[model])
            ax.plot(np.mean(quiet > at), np.mean(shaken > at), "o", color=colour, ms=6, mec="white", zorder=3)
        ax.plot([0, 1], [0, 1], color="#999999", lw=0.8, zorder=0)
        ax.set(title="all" if event is None else named(part), xlabel="quiet windows with an anomaly",
               aspect="equal", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))  # fmt: skip
        grid_of(ax)
    axes[0, 0].set_ylabel("shaken windows with an anomaly")
    axes[0, 0].legend(fontsize=8, loc="lower right")
    return save(figure, path)
