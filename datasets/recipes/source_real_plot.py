"""Picture of a store of real earthquakes: events on the map."""

from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.recipes.source_options import FRAMES
from slipbench.datasets.store.reader import Store

_MOST = 4


def _change(store: Store, row: int) -> tuple[np.ndarray, str]:
    """Change from the day before to the day after of one row: an image or station values, and a title."""
    kept, day, rows = store.attrs["arrays"], store.attrs["event_day"], slice(row, row + 1)
    if "img" in kept:
        return store.read("img", rows)[0], "img"
    if "its" in kept:
        its = store.read("its", rows)[0]
        return its[FRAMES // 2 + 1] - its[FRAMES // 2 - 1], "its: day +1 minus day -1"
    if "ts" in kept:
        ts = store.read("ts", rows)[0]
        return ts[:, day + 1] - ts[:, day - 1], "ts: day +1 minus day -1"
    return store.read("offset", rows)[0], "offset"


def plot_real(store: Store, path: Path) -> None:
    """Draw the first row of the (up to four) largest events, east above north, as PNG.

    Parameters
    ----------
    store : Store
        A sealed ``source_real`` store.
    path : Path
        File to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    events = sorted(store.attrs["events"], key=lambda e: -e["mw"])[:_MOST]
    lat, lon = store.read("grid_lat"), store.read("grid_lon")
    place = store.read("station_lat"), store.read("station_lon")
    sea = store.read("land") == 0
    region = store.attrs["region"]
    figure = Figure(figsize=(max(3.3 * len(events) + 1.2, 5.5), 9.3), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(events), squeeze=False)
    title = ""
    for column, event in enumerate(events):
        row = event["rows"][0]
        values, title = _change(store, row)
        there = store.read("present", slice(row, row + 1))[0] == 1
        limit = max(float(np.nanmax(np.abs(values))), 1e-3)
        for k, component in enumerate(store.attrs["component_order"]):
            ax = axes[k, column]
            style: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            if values.ndim == 3:
                field = np.ma.masked_array(values[..., k], sea)
                drawn = ax.pcolormesh(lon, lat, field, shading="nearest", rasterized=True, **style)
                ax.plot(place[1][there], place[0][there], ".", color="black", markersize=1.5)
            else:
                drawn = ax.scatter(place[1], place[0], c=values[:, k], s=9, edgecolors="0.6", lw=0.2, **style)
            ax.plot(place[1][~there], place[0][~there], "x", color="0.4", markersize=4)
            ax.plot(
                event["longitude"],
                event["latitude"],
                "*",
                color="gold",
                markeredgecolor="black",
                markersize=14,
            )
            ax.set_aspect(1 / np.cos(np.deg2rad(lat.mean())))
            ax.grid(alpha=0.3)
            for limits, axis, nodes in ((ax.set_xlim, "longitude", lon), (ax.set_ylim, "latitude", lat)):
                low, high = region[f"source_{axis}"]
                limits(min(nodes[0], low) - 0.2, max(nodes[-1], high) + 0.2)
            if k == 0:
                ax.set_title(
                    f"{event['event']}: Mw {event['mw']:.2f}\n{event['n_stations']} stations", fontsize=10
                )
            else:
                ax.set_xlabel("longitude (degrees east)")
            if column == 0:
                ax.set_ylabel(f"{component} component\nlatitude (degrees north)")
        bar = figure.colorbar(drawn, ax=axes[:, column], location="bottom", shrink=0.9, aspect=25)
        bar.locator = MaxNLocator(5, symmetric=True)
        bar.update_ticks()
        bar.set_label("displacement (mm)")
    figure.suptitle(f"{title}, east and north positive\ndots: stations, crosses: no data, star: true place")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
