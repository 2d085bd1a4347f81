"""Picture of a store of virtual snapshots."""

from pathlib import Path

import numpy as np

from slipbench.datasets.preprocess.snapshot import FEATURES, UNIT_M
from slipbench.datasets.store.reader import Store

_PICKS = (0.1, 0.4, 0.7, 0.98)  # quantiles of the magnitude
_NAMES = [name for name, _ in FEATURES]


def plot_snapshots(store: Store, path: Path) -> None:
    """Draw stations with peak so far (colour) and displacement (arrows) at one second of four events."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    target, second = store.read("target"), store.read("second")
    late = np.flatnonzero(second >= np.quantile(second, 0.7))
    order = late[np.argsort(target[late, 2], kind="stable")]
    rows = np.sort(order[[int(q * (len(order) - 1)) for q in _PICKS]])
    snapshot = store.read("snapshot", rows)
    figure = Figure(figsize=(15, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(rows))
    for ax, row, x in zip(axes, rows, snapshot, strict=True):
        east, north, peak = (x[:, _NAMES.index(n)] for n in _PLACES)
        moved = 100 * UNIT_M * np.sinh(x[:, 3:5])
        shown = ax.scatter(east, north, c=10**peak * 100, s=18, cmap="viridis", norm="log")
        size = np.nanmax(np.hypot(*moved.T)) if np.isfinite(moved).any() else 1.0
        arrows = ax.quiver(east, north, *moved.T, angles="xy", width=0.004, color="0.3")
        ax.quiverkey(arrows, 0.8, -0.18, size, f"{size:.2g} cm", labelpos="E")
        ax.plot(0, 0, "*", ms=13, color="tab:red", label="epicentre")
        ax.plot(*target[row, :2], "o", ms=7, mfc="none", color="black", label="centroid")
        ax.set(xlabel="east (km)", ylabel="north (km)", title=f"Mw {target[row, 2]:.2f}, {second[row]} s")
        ax.set_aspect("equal", "datalim")
        figure.colorbar(shown, ax=ax, label="peak displacement so far (cm)", shrink=0.8)
    axes[0].legend(loc="upper left", fontsize=8)
    figure.savefig(path, dpi=110)


_PLACES = ("east of the epicentre", "north of the epicentre", "log10 of the peak displacement so far")
