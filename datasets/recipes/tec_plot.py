"""The picture on the card of made ionosphere maps."""

from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from slipbench.datasets.store.reader import Store

_DAYS = 12


def plot_tec(store: Store, path: Path) -> None:
    """Draw four maps of the day of the largest anomaly, the site's node over days around it, and the indices.

    Parameters
    ----------
    store : Store
        Sealed store of ``tec_simulated``.
    path : Path
        PNG file to write.
    """
    size, start = store.read("anomaly_size"), store.read("anomaly_start")
    most = int(np.argmax(np.abs(size)))
    day, lat, lon = store.read("time"), store.read("lat"), store.read("lon")
    row = int(np.searchsorted(day, np.floor(start[most])))
    site = int(store.read("event_site")[most])
    place = store.read("site_lat")[site], store.read("site_lon")[site]
    figure = Figure(figsize=(13, 10), layout="constrained")
    FigureCanvasAgg(figure)
    top, bottom = cast(np.ndarray, figure.subfigures(2, 1, height_ratios=(1.4, 1)))
    tec = store.read("tec", slice(row, row + 1))[0]
    picks = np.linspace(0, len(tec), 4, endpoint=False).astype(int)
    axes = top.subplots(2, 2, sharex=True, sharey=True).ravel()
    for ax, k in zip(axes, picks, strict=True):
        drawn = ax.pcolormesh(lon, lat, tec[k], vmin=0, vmax=float(tec.max()), shading="nearest")
        ax.plot(place[1], place[0], "r*", ms=9)
        ax.set_title(f"{np.datetime64(int(day[row]), 'D')} {24 * k // len(tec):02} h UTC", fontsize=10)
    top.colorbar(drawn, ax=axes.tolist(), label="TECU", shrink=0.8)
    top.supxlabel("longitude (degrees east); star: site of the largest anomaly", fontsize=10)
    top.supylabel("latitude (degrees north)", fontsize=10)
    left, right = bottom.subplots(1, 2)
    _series(left, store, row, site, most)
    for name, label in (("f107", "F10.7"), ("ap", "Ap (nT)"), ("sunspots", "sunspot number")):
        right.plot(day.astype("datetime64[D]"), store.read(name), lw=1, label=label)
    right.set_title("indices that the maps follow", fontsize=10)
    right.tick_params(axis="x", rotation=30)
    right.legend(fontsize=8)
    options = store.attrs["options"]
    figure.suptitle(
        f"{options['name']}: {len(store)} days of {len(tec)} maps, {int((size != 0).sum())} planted anomalies"
    )
    figure.savefig(path, dpi=100, metadata={"Software": None})


def _series(ax: Axes, store: Store, row: int, site: int, event: int) -> None:
    lat, lon = store.read("lat"), store.read("lon")
    i = int(np.argmin(np.abs(lat - store.read("site_lat")[site])))
    j = int(np.argmin(np.abs(lon - store.read("site_lon")[site])))
    rows = slice(max(row - _DAYS, 0), min(row + _DAYS, len(store)))
    tec = store.read("tec", rows)[:, :, i, j]
    hours = (store.read("time", rows)[:, None] + np.arange(tec.shape[1]) / tec.shape[1]) * 24
    ax.plot(hours.ravel().astype("datetime64[h]"), tec.ravel(), "k-", lw=0.8)
    start, hours_on = store.read("anomaly_start")[event] * 24, store.read("anomaly_hours")[event]
    ends = np.array([start, start + hours_on]).astype("datetime64[h]")
    size = store.read("anomaly_size")[event]
    ax.axvspan(*ends, color="tab:red", alpha=0.4, label=f"planted: {size:+.1f} TECU")
    ax.set_title(f"nearest node ({lat[i]:g}°, {lon[j]:g}°)", fontsize=10)
    ax.set_ylabel("TECU")
    ax.tick_params(axis="x", rotation=30)
    ax.legend(fontsize=8)
