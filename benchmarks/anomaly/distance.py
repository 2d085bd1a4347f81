"""AUC and share noticed against distance and magnitude."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from slipbench.benchmarks.anomaly.protocol import RATE
from slipbench.benchmarks.anomaly.roc import FEWEST, auc_of, both, classes, named
from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.source.panels import canvas, grid_of, save

#: Hypocentral distance up to which magnitudes are compared, km.
NEAR_KM = 400.0


def draw_distance(detectors: Mapping[str, pd.DataFrame], path: Path) -> Path:
    """A column for each earthquake, one point for each class of distance; the last one against magnitude."""
    events = both(detectors)
    figure, axes = canvas(2, len(events) + 1, 3.0, 2.6, share=False)
    for k, (colour, (model, frame)) in enumerate(zip(COLOURS, detectors.items(), strict=False)):
        style: dict[str, Any] = {"color": colour, "ms": 4, "marker": "o", "label": model}
        near = []
        for column, event in enumerate(events):
            part = frame[frame["event"] == event]
            groups = [g for _, g in part.groupby(classes(part)) if _enough(g)] or [part]
            _points(axes[:, column], groups, "hypocentral_km", 0.0, style | {"lw": 1.3})
            axes[0, column].set_title(named(part))
            close = part[part["hypocentral_km"] <= NEAR_KM]
            near += [close] if _enough(close) else []
        beside = 0.08 * (k - (len(detectors) - 1) / 2)
        _points(axes[:, -1], near, "mw", beside, style | {"ls": "none"})
    axes[0, -1].set_title(f"within {NEAR_KM:g} km")
    axes[1, -1].set_xlabel("Mw (moved apart)")
    axes[0, 0].set_ylabel("AUC")
    axes[1, 0].set_ylabel(f"noticed at {RATE:g} false alarm/h")
    axes[1, -1].legend(fontsize=8)
    for ax in axes[:, :-1].flat:
        ax.set_xlim(0, 1300)
    for ax in axes[1, :-1]:
        ax.set_xlabel("hypocentral distance (km)")
    for top, bottom in axes.T:
        top.axhline(0.5, color="#999999", lw=0.8)
        top.set_ylim(0.3, 1.03)
        bottom.set_ylim(-0.03, 1.03)
        grid_of(top)
        grid_of(bottom)
    return save(figure, path)


def _enough(frame: pd.DataFrame) -> bool:
    return bool(min(frame["shaken"].notna().sum(), frame["quiet"].notna().sum()) >= FEWEST)


def _points(
    axes: np.ndarray, groups: list[pd.DataFrame], against: str, beside: float, style: dict[str, Any]
) -> None:
    """AUC with its interval above, share noticed below."""
    x = np.array([float(g[against].median()) for g in groups]) + beside
    found = np.array([auc_of(g) for g in groups]).reshape(-1, 3)
    noticed = [g["detection_at_rate"].dropna() for g in groups]
    share = [float(np.isfinite(v).mean()) if len(v) else np.nan for v in noticed]
    axes[0].errorbar(x, found[:, 0], np.abs(found[:, 1:] - found[:, :1]).T, **style)
    axes[1].plot(x, share, **style)
