"""Maps and series of S1 stores, made or real: what their pictures have in common."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from slipbench.datasets.recipes.source_options import FRAMES
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import read_view, virtual_arrays


def change(store: Store, rows: slice) -> tuple[np.ndarray, str]:
    """Change from the day before to the day after, images or station values, and its title."""
    kept, day = [*store.attrs["arrays"], *virtual_arrays(store)], store.attrs["event_day"]
    if "img" in kept:
        return read_view(store, "img", rows), "img"
    if "its" in kept:
        its = read_view(store, "its", rows)
        return its[:, FRAMES // 2 + 1] - its[:, FRAMES // 2 - 1], "its: day +1 minus day -1"
    if "ts" in kept:
        ts = read_view(store, "ts", rows)
        return ts[:, :, day + 1] - ts[:, :, day - 1], "ts: day +1 minus day -1"
    return read_view(store, "offset", rows), "offset"


def series(ax: Any, ts: np.ndarray, day: int, components: list[str]) -> None:
    """Positions (station, day, component) at the station that moved most in ten days."""
    before, after = (np.nan_to_num(ts[:, first : first + 10]).mean(axis=1) for first in (day - 10, day))
    moved = np.hypot(*(after - before).T)
    moved[np.isnan(ts[..., 0]).mean(axis=1) > 0.5] = -1  # half a series shows little
    station = int(moved.argmax())
    for k, component in enumerate(components):
        ax.plot(np.arange(ts.shape[1]) - day, ts[station, :, k], ".-", ms=3, lw=0.8, label=component)
    ax.axvline(-0.5, color="black", lw=0.8, ls=":")
    ax.set_xlabel("days since the earthquake")
    ax.set_title("station that moved most", fontsize=9)
    ax.grid(alpha=0.3)


@dataclass(frozen=True)
class StoreMap:
    """What all maps of a store share: grid, stations and frame."""

    lat: np.ndarray
    lon: np.ndarray
    sea: np.ndarray
    station: tuple[np.ndarray, np.ndarray]
    region: dict[str, list[float]]

    @classmethod
    def of(cls, store: Store) -> "StoreMap":
        """What the maps of `store` need."""
        place = store.read("station_lat"), store.read("station_lon")
        sea = store.read("land") == 0
        return cls(store.read("grid_lat"), store.read("grid_lon"), sea, place, store.attrs["region"])

    def draw(self, ax: Any, values: np.ndarray, there: np.ndarray, star: np.ndarray, limit: float) -> Any:
        """Draw an image, or values at the stations; gives what a colour bar needs."""
        style: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        lat, lon = self.station
        if values.ndim == 2:
            field = np.ma.masked_array(values, self.sea)
            drawn = ax.pcolormesh(self.lon, self.lat, field, shading="nearest", rasterized=True, **style)
            ax.plot(lon[there], lat[there], ".", color="black", markersize=1.2)
        else:
            drawn = ax.scatter(lon, lat, c=values, s=8, edgecolors="0.6", lw=0.2, **style)
        ax.plot(lon[~there], lat[~there], "x", color="0.45", markersize=2.5, mew=0.5)
        ax.plot(star[1], star[0], "*", color="gold", markeredgecolor="black", markersize=14)
        ax.set_aspect(1 / np.cos(np.deg2rad(self.lat.mean())))
        for limits, grid, axis in ((ax.set_xlim, self.lon, "longitude"), (ax.set_ylim, self.lat, "latitude")):
            low, high = self.region[f"source_{axis}"]
            limits(min(grid[0], low) - 0.2, max(grid[-1], high) + 0.2)
        ax.grid(alpha=0.3)
        return drawn
