"""Picture of an S1 store: samples of different magnitude on the map."""

from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.recipes.source_options import FRAMES
from slipbench.datasets.store.reader import Store


def _change(store: Store, rows: slice) -> tuple[np.ndarray, bool, str]:
    """Change from the day before to the day after: values, whether they are images, and their title."""
    kept, day = store.attrs["arrays"], store.attrs["event_day"]
    if "img" in kept:
        return store.read("img", rows), True, "img"
    if "its" in kept:
        its = store.read("its", rows)
        return its[:, FRAMES // 2 + 1] - its[:, FRAMES // 2 - 1], True, "its: day +1 minus day -1"
    if "ts" in kept:
        ts = store.read("ts", rows)
        return ts[:, :, day + 1] - ts[:, :, day - 1], False, "ts: day +1 minus day -1"
    return store.read("offset", rows), False, "offset (no noise)"


def plot_sources(store: Store, path: Path) -> None:
    """Draw four samples of the first shard, from small to large, east above north, as PNG.

    Parameters
    ----------
    store : Store
        A sealed ``source_synthetic`` store.
    path : Path
        File to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first = store.shard_rows()[0]
    rows = slice(first.start, min(first.stop, first.start + 256))
    values, gridded, title = _change(store, rows)
    target = store.read("target", rows)
    order = np.argsort(target[:, 2])
    picks = [int(order[round(f * (len(order) - 1))]) for f in (0.1, 0.5, 0.8, 1.0)]
    depth = store.read("source", rows)[:, 2]
    lat, lon = store.read("grid_lat"), store.read("grid_lon")
    station = store.read("station_lat"), store.read("station_lon")
    sea = store.read("land") == 0
    figure = Figure(figsize=(13, 8.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(picks), sharex=True, sharey=True)
    for column, row in enumerate(picks):
        limit = max(float(np.abs(values[row]).max()), 1e-3)
        for k, component in enumerate(store.attrs["component_order"]):
            ax = axes[k, column]
            style: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
            if gridded:
                field = np.ma.masked_array(values[row, :, :, k], sea)
                drawn = ax.pcolormesh(lon, lat, field, shading="nearest", rasterized=True, **style)
                ax.plot(station[1], station[0], ".", color="black", markersize=1.2)
            else:
                drawn = ax.scatter(station[1], station[0], c=values[row, :, k], s=8, **style)
            ax.plot(target[row, 1], target[row, 0], "*", color="gold", markeredgecolor="black", markersize=14)
            ax.set_aspect(1 / np.cos(np.deg2rad(lat.mean())))
            ax.grid(alpha=0.3)
            if k == 0:
                ax.set_title(
                    f"sample {row}: Mw {target[row, 2]:.2f}, {depth[row] / 1e3:.0f} km deep", fontsize=10
                )
            else:
                ax.set_xlabel("longitude (degrees east)")
            if column == 0:
                ax.set_ylabel(f"{component} component\nlatitude (degrees north)")
        figure.colorbar(drawn, ax=axes[:, column], location="bottom", shrink=0.9, aspect=25).set_label(
            "displacement (mm), east / north positive"
        )
    region = store.attrs["region"]
    axes[0, 0].set_xlim(
        min(lon[0], region["source_longitude"][0]) - 0.2, max(lon[-1], region["source_longitude"][1]) + 0.2
    )
    axes[0, 0].set_ylim(
        min(lat[0], region["source_latitude"][0]) - 0.2, max(lat[-1], region["source_latitude"][1]) + 0.2
    )
    figure.suptitle(f"{title}; dots: stations, star: true epicentre; sea not drawn")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
