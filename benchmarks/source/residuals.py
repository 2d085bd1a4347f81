"""Cumulative histograms of magnitude residuals, by distance (figure 9 of Costantino et al. 2023)."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.source.panels import canvas, class_colours, grid_of, save, titles
from slipbench.benchmarks.source.samples import magnitude_classes
from slipbench.benchmarks.source.thresholds import DISTANCES, in_class

_FEWEST = 10


def draw_residuals(samples: pd.DataFrame, path: Path) -> Path:
    """Share of samples whose true minus predicted Mw is at most x; models are columns, distances rows."""
    models = list(dict.fromkeys(samples["model"]))
    figure, axes = canvas(len(DISTANCES), len(models), 3.1, 2.4)
    classes = magnitude_classes()
    edge = float(samples["residual"].abs().quantile(0.99))
    for column, model in enumerate(models):
        mine = samples[samples["model"] == model]
        for row, near in enumerate(DISTANCES):
            ax, here = axes[row, column], mine[in_class(mine["ground_distance"], DISTANCES, near)]
            for (low, high, name), colour in zip(classes, class_colours(len(classes)), strict=True):
                residual = np.sort(here.loc[(here["mw"] >= low) & (here["mw"] < high), "residual"])
                if len(residual) >= _FEWEST:
                    share = np.arange(1, len(residual) + 1) / len(residual)
                    ax.step(residual, share, where="post", color=colour, lw=1.4, label=name)
            ax.axvline(0, color="#666666", lw=0.8)
            ax.axhline(0.5, color="#666666", lw=0.5, ls=":")
            ax.set(xlim=(-edge, edge), ylim=(0, 1))
            grid_of(ax)
            if column == 0:
                ax.set_ylabel(f"{near}\nshare of samples")
            if row == len(DISTANCES) - 1:
                ax.set_xlabel("true − predicted Mw")
    titles(axes, models)
    known = {
        name: line for ax in axes.flat for line, name in zip(*ax.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        known.values(), known.keys(), loc="outside upper center", ncols=6, fontsize=8, frameon=False
    )
    return save(figure, path)
