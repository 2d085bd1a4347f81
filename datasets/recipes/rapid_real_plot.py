"""Picture of a store of high-rate records: displacement of every event against time and distance."""

from pathlib import Path

import numpy as np

from slipbench.datasets.store.reader import Store

_COLUMNS = 3
_MOST = 6  # events
_TRACES = 14


def plot_rapid(store: Store, path: Path) -> None:
    """Draw length of displacement against time at up to 14 stations of the six largest events, as PNG.

    The colour is the hypocentral distance.

    Parameters
    ----------
    store : Store
        A sealed ``rapid_real`` store.
    path : Path
        File to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    events = sorted(store.attrs["events"], key=lambda e: -e["mw"])[:_MOST]
    rows, time = -(-len(events) // _COLUMNS), store.read("time")
    columns = min(_COLUMNS, len(events))
    figure = Figure(figsize=(4.6 * columns + 1.0, 3.4 * rows + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    colours = LogNorm(10, 2000)
    for ax, event in zip(axes.flat, events, strict=False):
        row = np.array([event["row"]])
        (enu,), (km,) = store.read("displacement", row), store.read("hypocentral_km", row)
        (quality,) = store.read("quality", row)
        good = np.flatnonzero(quality == 1)
        good = good[np.argsort(km[good], kind="stable")]
        # spread over the logarithm of the distance: the near ones tell most, the far ones come in hundreds
        level = np.geomspace(km[good[0]], km[good[-1]], min(_TRACES, len(good)))
        for k in np.unique(good[np.searchsorted(km[good], level).clip(max=len(good) - 1)])[::-1]:
            size = np.linalg.norm(enu[k].astype(np.float64), axis=-1)
            ax.plot(time, size, lw=0.8, color=_colour(colours(km[k])))
        ax.axvline(0, color="0.4", lw=0.8, ls="--")
        ax.set_xlim(max(time[0], event["record_s"][0]), min(time[-1], event["record_s"][1]))
        ax.set_title(
            f"{event['event']}: Mw {event['mw']:.1f}\n{event['n_stations']} stations, "
            f"{event['n_rejected']} rejected",
            fontsize=10,
        )
        ax.grid(alpha=0.25, lw=0.6)
    for ax in axes.flat[len(events) :]:
        ax.set_visible(False)
    for ax in axes[:, 0]:
        ax.set_ylabel("length of displacement (m)")
    for k in range(columns):
        axes[max(r for r in range(rows) if r * columns + k < len(events)), k].set_xlabel(
            "time from origin (s)"
        )
    from matplotlib.cm import ScalarMappable

    figure.colorbar(ScalarMappable(colours, "viridis"), ax=axes, label="hypocentral distance (km)")
    figure.suptitle(f"{store.attrs['options']['name']}: length of east, north, up from the position before")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _colour(share: float) -> tuple[float, ...]:
    from matplotlib import colormaps

    return colormaps["viridis"](float(np.clip(share, 0, 1)))
