"""A model's position error against magnitude, by depth and distance (figure 8 of Costantino et al. 2023)."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.source.panels import canvas, grid_of, running_median, save
from slipbench.benchmarks.source.thresholds import DEPTHS, DISTANCES, LIMIT_KM, Threshold, in_class

_WINDOW = 15


def draw_depth(samples: pd.DataFrame, found: list[Threshold], path: Path) -> Path:
    """Samples, their running median over 15, and the threshold of every class.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples` of one model.
    found : list of Threshold
        Its `thresholds.thresholds`.
    """
    figure, axes = canvas(len(DISTANCES), len(DEPTHS), 3.2, 2.5)
    known = {(t.distance, t.depth): t for t in found}
    for row, near in enumerate(DISTANCES):
        for column, deep in enumerate(DEPTHS):
            ax, limit = axes[row, column], known[near, deep]
            inside = in_class(samples["ground_distance"], DISTANCES, near)
            some = samples[inside & in_class(samples["depth"], DEPTHS, deep)]
            mw, error = some["mw"].to_numpy(), some["position_error"].to_numpy()
            ax.scatter(mw, error, s=4, color="#0072B2", alpha=0.35, linewidths=0)
            ax.plot(*running_median(mw, error, _WINDOW), color="#E69F00", lw=1.6)
            ax.axhline(LIMIT_KM, color="#666666", lw=0.8, ls=":")
            if np.isfinite(limit.mw):
                ax.axvline(limit.mw, color="#009E73", lw=1.4)
                ax.text(limit.mw, 0.97, f" {limit.mw:.1f}", transform=ax.get_xaxis_transform(), va="top",
                        color="#009E73")  # fmt: skip
            ax.axvline(limit.published, color="#CC79A7", lw=1.2, ls="--")
            ax.set_ylim(0, max(float(samples["position_error"].quantile(0.99)), 1.5 * LIMIT_KM))
            grid_of(ax)
            if row == 0:
                ax.set_title(deep, fontsize=10)
            if column == 0:
                ax.set_ylabel(f"{near}\nposition error (km)")
            if row == len(DISTANCES) - 1:
                ax.set_xlabel("true Mw")
    figure.suptitle(
        f"{samples['model'].iloc[0]}: median of 15 (orange), our threshold (green), published (dashed), "
        f"{LIMIT_KM:g} km (dotted)",
        fontsize=10,
    )
    return save(figure, path)
