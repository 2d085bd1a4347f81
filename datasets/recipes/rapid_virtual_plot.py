"""Picture of a store of virtual snapshots: four networks at one second, and all peaks beside the relation."""

from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd
from slipbench.datasets.preprocess.snapshot import FEATURES, UNIT_M
from slipbench.datasets.store.reader import Store

_PICKS = (0.1, 0.4, 0.7, 0.98)  # quantiles of the magnitude
_NAMES = [name for name, _ in FEATURES]
_EAST, _NORTH, _PEAK, _SCATTER, _DISTANCE = (
    _NAMES.index(name)
    for name in (
        "east of the epicentre",
        "north of the epicentre",
        "log10 of the peak displacement so far",
        "log10 of the scatter before the earthquake",
        "log10 of the hypocentral distance",
    )
)
#: Snapshots whose peaks are drawn at most; a peak counts from so many times the scatter before.
_MOST, _LEAST_RATIO = 2000, 5.0


def plot_snapshots(store: Store, path: Path) -> None:
    """Draw stations with peak so far (colour) and displacement (arrows); peaks over the published ones."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    target, second = store.read("target"), store.read("second")
    late = np.flatnonzero(second >= np.quantile(second, 0.7))
    order = late[np.argsort(target[late, 2], kind="stable")]
    rows = np.sort(order[[int(q * (len(order) - 1)) for q in _PICKS]])
    figure = Figure(figsize=(15, 8.4), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(2, 4)
    for k, (row, x) in enumerate(zip(rows, store.read("snapshot", rows), strict=True)):
        ax = figure.add_subplot(grid[0, k])
        _draw_network(figure, ax, x, target[row])
        ax.set_title(f"Mw {target[row, 2]:.2f}, {second[row]} s")
        if k == 0:
            ax.legend(loc="upper left", fontsize=8)
    last = late[:: max(1, len(late) // _MOST)]
    _draw_peaks(figure, grid, store.read("snapshot", last), target[last, 2], store)
    figure.savefig(path, dpi=110)


def _draw_network(figure: Any, ax: Any, x: np.ndarray, target: np.ndarray) -> None:
    from matplotlib.ticker import LogFormatter

    moved = 100 * UNIT_M * np.sinh(x[:, 3:5])
    shown = ax.scatter(x[:, _EAST], x[:, _NORTH], c=10 ** x[:, _PEAK] * 100, s=18, cmap="viridis", norm="log")
    length = np.hypot(*moved.T)
    # longer arrows are cut: a broken station may be metres off
    longest = np.nanquantile(length, 0.9) if np.isfinite(length).any() else 1.0
    moved = moved * np.minimum(1, longest / length)[:, None]
    arrows = ax.quiver(x[:, _EAST], x[:, _NORTH], *moved.T, width=0.006, scale=5 * longest, color="0.3")
    ax.quiverkey(
        arrows,
        0.55,
        0.05,
        longest,
        f"{longest:.2g} cm" if longest < 10 else f"{longest:.0f} cm",
        labelpos="E",
    )
    ax.plot(0, 0, "*", ms=13, color="tab:red", label="epicentre")
    ax.plot(*target[:2], "o", ms=7, mfc="none", color="black", label="centroid")
    ax.set(xlabel="east (km)", ylabel="north (km)")
    ax.set_aspect("equal", "datalim")
    ax.margins(0.15)
    bar = figure.colorbar(shown, ax=ax, label="peak displacement so far (cm)", shrink=0.8)
    bar.ax.yaxis.set_major_formatter("{x:g}")
    bar.ax.yaxis.set_minor_formatter(LogFormatter(labelOnlyBase=False, minor_thresholds=(1, 0.5)))


def _draw_peaks(figure: Any, grid: Any, x: np.ndarray, mw: np.ndarray, store: Store) -> None:
    """Logarithm of late over published peaks, of stations that rise above their noise."""
    scaling = SCALINGS[store.attrs["scaling"]]
    counts = x[..., _PEAK] >= x[..., _SCATTER] + np.log10(_LEAST_RATIO)
    km, size = 10 ** x[..., _DISTANCE][counts], np.broadcast_to(mw[:, None], counts.shape)[counts]
    ratio = x[..., _PEAK][counts] - np.log10(expected_pgd(size, km, scaling))
    ax = figure.add_subplot(grid[1, :3])
    shown = ax.scatter(km, ratio, c=size, s=3, alpha=0.4, cmap="viridis", rasterized=True)
    ax.axhline(0, color="black", lw=0.8)
    ax.set(xscale="log", ylim=(-1.5, 1.5), xlabel="hypocentral distance (km)")
    ax.set_ylabel(f"log10 of peak over {scaling.reference}")
    ax.set_title(f"peaks so far at {_LEAST_RATIO:g} times the noise and more, {len(mw)} late snapshots")
    figure.colorbar(shown, ax=ax, label="Mw")
    side = figure.add_subplot(grid[1, 3])
    if len(ratio):
        side.hist(ratio, bins=60, range=(-1.5, 1.5), color="#0072B2", alpha=0.7)
        side.set_title(f"median {np.median(ratio):+.2f}, scatter {ratio.std():.2f}".replace("-", "−"))
    side.set(xlabel="log10 of peak over the relation", ylabel="stations")
