"""Picture of an S1 store: samples of different magnitude on the map, and series where there are any."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.datasets.recipes.source_options import FRAMES
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import read_view, virtual_arrays

_PICKS = (0.1, 0.5, 0.8, 1.0)  # quantiles of the magnitude


def _change(store: Store, rows: slice) -> tuple[np.ndarray, str]:
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
    return read_view(store, "offset", rows), "offset (no noise)"


def _note(source: np.ndarray, tau: float | None, present: np.ndarray | None) -> str:
    """Title of a sample: its size and depth, and what its variants drew."""
    lines = [f"Mw {source[3]:.2f}, {source[2] / 1e3:.0f} km deep"]
    if tau is not None:
        lines.append(f"relaxation time {tau:.0f} days")
    if present is not None:
        lines.append(f"{int(present.sum())} of {len(present)} stations")
    return "\n".join(lines)


def _series(ax: Any, ts: np.ndarray, day: int, components: list[str]) -> None:
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
class _Map:
    """What all maps of a store share: grid, stations and frame."""

    lat: np.ndarray
    lon: np.ndarray
    sea: np.ndarray
    station: tuple[np.ndarray, np.ndarray]
    region: dict[str, list[float]]

    @classmethod
    def of(cls, store: Store) -> "_Map":
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


def plot_sources(store: Store, path: Path) -> None:
    """Draw four samples of the first shard, from small to large, east above north, as PNG.

    A store with series has the positions of one station of each sample below.

    Parameters
    ----------
    store : Store
        A sealed ``source_synthetic`` store.
    path : Path
        File to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    first, kept = store.shard_rows()[0], [*store.attrs["arrays"], *virtual_arrays(store)]
    rows = slice(first.start, min(first.stop, first.start + 256))
    values, title = _change(store, rows)
    target, source = store.read("target", rows), store.read("source", rows)
    tau, present, ts = (read_view(store, n, rows) if n in kept else None for n in ("tau", "present", "ts"))
    order = np.argsort(target[:, 2])
    picks = [int(order[round(f * (len(order) - 1))]) for f in _PICKS]
    components, country = store.attrs["component_order"], _Map.of(store)
    figure = Figure(figsize=(13, 9 if ts is None else 12), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 if ts is None else 3, len(picks))
    for column, row in enumerate(picks):
        there = np.ones(len(country.station[0]), bool) if present is None else present[row] == 1
        limit = max(float(np.nanmax(np.abs(values[row]))), 1e-3)
        for k, component in enumerate(components):
            ax = axes[k, column]
            drawn = country.draw(ax, values[row, ..., k], there, target[row], limit)
            ax.tick_params(labelbottom=k == 1, labelleft=column == 0)
            if column == 0:
                ax.set_ylabel(f"{component} component\nlatitude (degrees north)")
        note = _note(source[row], None if tau is None else tau[row], None if present is None else there)
        axes[0, column].set_title(f"sample {row}: {note}", fontsize=10)
        axes[1, column].set_xlabel("longitude (degrees east)")
        bar = figure.colorbar(drawn, ax=axes[:2, column], location="bottom", shrink=0.9, aspect=25)
        bar.set_label("displacement (mm)")
        if ts is not None:
            _series(axes[2, column], ts[row], store.attrs["event_day"], components)
    if ts is not None:
        axes[2, 0].set_ylabel("position (mm)")
        axes[2, -1].legend(loc="center left")
    gone = "" if present is None else ", crosses: missing stations"
    figure.suptitle(
        f"{title}; dots: stations{gone}, star: true epicentre; sea not drawn; east, north positive"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
