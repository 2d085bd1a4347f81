"""Errors against the distance to the nearest station (figure 7 of Costantino et al. 2023)."""

from pathlib import Path

import pandas as pd
from matplotlib.cm import ScalarMappable

from slipbench.benchmarks.source.panels import (
    MAGNITUDE_COLOURS,
    canvas,
    class_colours,
    grid_of,
    magnitude_scale,
    running_median,
    save,
    titles,
)
from slipbench.benchmarks.source.samples import magnitude_classes
from slipbench.benchmarks.source.thresholds import DISTANCES

_WINDOW = 41


def draw_distance(samples: pd.DataFrame, path: Path) -> Path:
    """Position and magnitude error of every sample, coloured by magnitude, with medians of the classes."""
    models = list(dict.fromkeys(samples["model"]))
    figure, axes = canvas(2, len(models), 3.3, 2.9)
    scale = magnitude_scale(samples)
    classes = magnitude_classes()
    errors = (
        ("position_error", "position error (km)"),
        ("magnitude_error", "|ΔMw|"),
    )
    samples = samples.assign(magnitude_error=samples["residual"].abs())
    for column, model in enumerate(models):
        mine = samples[samples["model"] == model]
        for row, (error, label) in enumerate(errors):
            ax = axes[row, column]
            ax.scatter(
                mine["distance"],
                mine[error],
                c=mine["mw"],
                norm=scale,
                cmap=MAGNITUDE_COLOURS,
                s=2,
                alpha=0.35,
            )
            for (low, high, name), colour in zip(classes, class_colours(len(classes)), strict=True):
                some = mine[(mine["mw"] >= low) & (mine["mw"] < high)]
                x, y = running_median(some["distance"].to_numpy(), some[error].to_numpy(), _WINDOW)
                ax.plot(x, y, color="white", lw=3)
                ax.plot(x, y, color=colour, lw=1.6, label=name)
            for edge in list(DISTANCES.values())[:-1]:
                ax.axvline(edge, color="#666666", ls="--", lw=0.8)
            ax.set_ylim(0, float(samples[error].quantile(0.99)))
            grid_of(ax)
            if column == 0:
                ax.set_ylabel(label)
            if row == 1:
                ax.set_xlabel("distance to the nearest station (°)")
    titles(axes, models)
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=6, fontsize=8, frameon=False)
    figure.colorbar(ScalarMappable(scale, MAGNITUDE_COLOURS), ax=axes, label="true Mw", shrink=0.6)
    return save(figure, path)
