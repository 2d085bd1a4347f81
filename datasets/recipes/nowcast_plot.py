"""The picture on the nowcast dataset's card."""

from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import DateFormatter, YearLocator
from matplotlib.figure import Figure

from slipbench.datasets.gridding.local_linear import ground_distance
from slipbench.datasets.store.reader import Store

COMPONENTS = ("east", "north", "up")


def plot_nowcast(store: Store, path: Path) -> None:
    """Draw the day of largest and a day of typical displacement, a and b, and both labels.

    Parameters
    ----------
    store : Store
        Sealed nowcast store.
    path : Path
        PNG file to write.
    """
    a = store.attrs
    time = store.read("time").astype("datetime64[D]")
    label_time = store.read("label_time").astype("datetime64[D]")
    figure = Figure(figsize=(13, 12), layout="constrained")
    FigureCanvasAgg(figure)
    made = "simulated data" if a["source"] == "simulated" else "measured data"
    figure.suptitle(
        f"{a['options']['name']}: {len(store):,} days, {len(a['stations'])} stations, "
        f"M ≥ {a['mc']:g}, {made}",
        fontsize=14,
    )
    images, series = cast(np.ndarray, figure.subfigures(2, 1, height_ratios=(1.5, 1)))
    _images(images, store, time)
    left, right = series.subplots(1, 2)
    ab = store.read("ab")
    train_end = label_time[store.read("split") == 0].max()
    left.plot(time, ab[:, 1], color="tab:blue", lw=1)
    left.set_ylabel("b-value", color="tab:blue")
    left.set_title(f"a and b of the {a['feature_window_days']} days that end with each day")
    twin = left.twinx()
    twin.plot(time, ab[:, 0], color="tab:orange", lw=1)
    twin.set_ylabel("a-value", color="tab:orange")
    right.plot(
        label_time, store.read("label_two_sided"), color="black", lw=1.2, label="two-sided (as published)"
    )
    right.plot(label_time, store.read("label_causal"), color="tab:green", lw=1, label="causal")
    units = {"probability": "probability per day", "events_per_day": "events per day"}
    right.set_ylabel(units.get(a["label_scale"], "training mean = 1"))
    right.set_title(
        f"labels: kernels of {a['bandwidth_days']:.0f} (two-sided) and {a['causal_bandwidth_days']:.0f} days"
    )
    for axis in (left, right):
        axis.axvspan(train_end, label_time[-1], color="0.93", zorder=0, label="test part")
        axis.set_xlabel("date (UTC)")
        axis.xaxis.set_major_locator(YearLocator())
        axis.xaxis.set_major_formatter(DateFormatter("%Y"))
    right.legend(loc="best", fontsize=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)


def _images(figure: Figure, store: Store, time: np.ndarray) -> None:
    """Two rows of three maps; a row's horizontal components share a colour scale, up has its own."""
    size = np.concatenate([np.abs(image).mean(axis=(1, 2, 3)) for _, (image,) in store.shards("image")])
    order = np.argsort(size)
    lat, lon = store.read("node_lat"), store.read("node_lon")
    station_lat, station_lon = store.read("station_lat"), store.read("station_lon")
    nearest = ground_distance(lat[:, None, None], lon[:, None], station_lat, station_lon).min(axis=-1) / 1e3
    sigma = store.attrs["grid"]["sigma_km"]
    inside = nearest <= max(sigma, nearest.min())
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    for row, (day, text) in enumerate(((order[-1], "largest"), (order[len(order) // 2], "typical"))):
        image = store.read("image", slice(int(day), int(day) + 1))[0]
        for components in ((0, 1), (2,)):
            # The scale belongs to the network; what is extrapolated far beyond it may leave the scale.
            limit = float(np.percentile(np.abs(image[inside][:, components]), 98)) or 1.0
            for i in components:
                axis = axes[row, i]
                mesh = axis.pcolormesh(
                    lon, lat, image[..., i], cmap="RdBu_r", vmin=-limit, vmax=limit, shading="nearest"
                )
                axis.contour(
                    lon, lat, nearest, levels=[sigma], colors="0.2", linestyles="dashed", linewidths=1
                )
                axis.plot(station_lon, station_lat, "k^", ms=4)
                axis.set_aspect(1 / np.cos(np.deg2rad(lat.mean())))
                axis.set_title(f"{COMPONENTS[i]}, {time[day]} ({text} day)", fontsize=11)
            figure.colorbar(
                mesh, ax=axes[row, list(components)], label="mm in 2 days", extend="both", aspect=30
            )
    figure.supxlabel(
        f"longitude, °E     (triangles: stations; outside the dashed line, {sigma:.0f} km from the nearest "
        "station, values are extrapolated)",
        fontsize=10,
    )
    for axis in axes[:, 0]:
        axis.set_ylabel("latitude, °N")
