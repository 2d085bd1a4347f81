"""Where errors are large and which way they point, by magnitude (figure 6 of Costantino et al. 2023)."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from scipy.stats import binned_statistic_2d

from slipbench.benchmarks.source.panels import canvas, save, titles
from slipbench.benchmarks.source.samples import magnitude_classes

#: Side of a patch, degrees.
PATCH = 1.0
_FEWEST = 3
COLOURS, SCALE = "cividis", Normalize(0, 300)


def draw_maps(samples: pd.DataFrame, stations: tuple[np.ndarray, np.ndarray], path: Path) -> Path:
    """Median position error on patches of 1 x 1 degree, with the mean error as an arrow from its centre.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples` of the models to draw.
    stations : tuple of ndarray
        Latitudes and longitudes of the network, degrees.
    """
    models = list(dict.fromkeys(samples["model"]))
    used = [c for c in magnitude_classes() if ((samples["mw"] >= c[0]) & (samples["mw"] < c[1])).any()]
    figure, axes = canvas(len(used), len(models), 2.6, 2.7, layout="compressed")
    low = np.floor(samples[["longitude", "latitude"]].min().to_numpy())
    high = np.ceil(samples[["longitude", "latitude"]].max().to_numpy())
    edges = [np.arange(a, b + PATCH / 2, PATCH) for a, b in zip(low, high, strict=True)]
    for row, (first, end, label) in enumerate(used):
        for column, model in enumerate(models):
            ax = axes[row, column]
            some = samples[(samples["model"] == model) & (samples["mw"] >= first) & (samples["mw"] < end)]
            _panel(ax, some, edges)
            ax.plot(stations[1], stations[0], ".", ms=1.2, color="#D6009A", zorder=3)
            middle = np.mean([edges[1][0], edges[1][-1]])
            ax.set(xlim=_seen(edges[0], stations[1]), ylim=_seen(edges[1], stations[0]))
            ax.set_aspect(1 / np.cos(np.deg2rad(middle)))
            if column == 0:
                ax.set_ylabel(f"{label}\nlatitude (°)")
            if row == len(used) - 1:
                ax.set_xlabel("longitude (°)")
    titles(axes, models)
    figure.colorbar(
        ScalarMappable(SCALE, COLOURS),
        ax=axes,
        label="median position error (km)",
        shrink=0.5,
        aspect=30,
        extend="max",
        location="right",
    )
    return save(figure, path)


def _seen(edges: np.ndarray, stations: np.ndarray) -> tuple[float, float]:
    return min(edges[0], stations.min() - 0.2), max(edges[-1], stations.max() + 0.2)


def _panel(ax: Axes, some: pd.DataFrame, edges: list[np.ndarray]) -> None:
    place = some["longitude"], some["latitude"]
    count = binned_statistic_2d(*place, None, "count", edges).statistic
    error = binned_statistic_2d(*place, some["position_error"], "median", edges).statistic
    error = np.where(count >= _FEWEST, error, np.nan)
    ax.pcolormesh(*edges, error.T, cmap=COLOURS, norm=SCALE, zorder=1)
    x, y = np.meshgrid(*((e[:-1] + e[1:]) / 2 for e in edges), indexing="ij")
    arrows = [
        np.where(count >= _FEWEST, binned_statistic_2d(*place, some[k], "mean", edges).statistic, np.nan)
        for k in ("east_error", "north_error")
    ]
    # in degrees of the map at true scale: an arrow ends where the mean prediction lies, shortened threefold
    degrees = arrows[0] / 111.195 / np.cos(np.deg2rad(y)) / 3, arrows[1] / 111.195 / 3
    ax.quiver(x, y, *degrees, angles="xy", scale_units="xy", scale=1, color="white", width=0.008, zorder=2)
