"""Errors as stations go missing."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.source.panels import canvas, grid_of, save

#: Edges of the classes of missing stations.
SHARES = np.array([0.0, 0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65])


def errors_by_gap(samples: pd.DataFrame) -> pd.DataFrame:
    """Median errors by model and share of missing stations.

    Returns
    -------
    DataFrame
        ``model``, ``missing`` (mean share of the class), ``n``, ``position_error`` (km), ``magnitude_error``.
    """
    group = np.searchsorted(SHARES, samples["missing"], side="right")
    samples = samples.assign(group=group, magnitude_error=samples["residual"].abs())
    found = samples.groupby(["model", "group"], sort=False)
    table = found.agg(
        missing=("missing", "mean"),
        n=("sample", "size"),
        position_error=("position_error", "median"),
        magnitude_error=("magnitude_error", "median"),
    )
    return table.reset_index().sort_values(["model", "missing"]).drop(columns="group")


def draw_gaps(samples: pd.DataFrame, path: Path) -> Path:
    """Median position and magnitude error against the share of missing stations."""
    table = errors_by_gap(samples)
    figure, axes = canvas(1, 2, 4.2, 3.2, share=False)
    errors = (("position_error", "position error, median (km)"), ("magnitude_error", "|ΔMw|, median"))
    for ax, (error, label) in zip(axes[0], errors, strict=True):
        for colour, (model, mine) in zip(COLOURS * 3, table.groupby("model", sort=False), strict=False):
            ax.plot(100 * mine["missing"], mine[error], "o-", ms=4, color=colour, label=model)
        ax.set(xlabel="missing stations (%)", ylabel=label)
        ax.set_ylim(bottom=0)
        grid_of(ax)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=5, fontsize=9, frameon=False)
    return save(figure, path)
