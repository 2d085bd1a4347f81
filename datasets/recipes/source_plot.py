"""Pictures of S1 stores, made or real: samples on the map, and series where there are any."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.source_map import StoreMap, change, series
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import read_view, virtual_arrays

_PICKS = (0.1, 0.5, 0.8, 1.0)  # quantiles of the magnitude
_MOST = 4  # events


@dataclass(frozen=True)
class _Panel:
    """One column: values on the map (..., component), stations with data, true place, perhaps series."""

    title: str
    values: np.ndarray
    there: np.ndarray
    star: np.ndarray
    ts: np.ndarray | None


@dataclass(frozen=True)
class _Style:
    """Inches of the figure, column and place of the legend, most ticks of a colour bar (None: any)."""

    size: tuple[float, float]
    legend: tuple[int, str]
    ticks: int | None = None


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
    first, kept = store.shard_rows()[0], [*store.attrs["arrays"], *virtual_arrays(store)]
    rows = slice(first.start, min(first.stop, first.start + 256))
    values, title = change(store, rows)
    target, source = store.read("target", rows), store.read("source", rows)
    tau, present, ts = (read_view(store, n, rows) if n in kept else None for n in ("tau", "present", "ts"))
    order = np.argsort(target[:, 2])
    panels, everywhere = [], np.ones(len(store.read("station_lat")), bool)
    for row in (int(order[round(f * (len(order) - 1))]) for f in _PICKS):
        there = None if present is None else present[row] == 1
        note = _note(source[row], None if tau is None else tau[row], there)
        days = None if ts is None else ts[row]
        there = everywhere if there is None else there
        panels.append(_Panel(f"sample {row}: {note}", values[row], there, target[row], days))
    gone = "" if present is None else ", crosses: missing stations"
    title += f"; dots: stations{gone}, star: true centroid; sea not drawn; east, north positive"
    _draw(store, panels, title, _Style((13, 9 if ts is None else 12), (-1, "center left")), path)


def _note(source: np.ndarray, tau: float | None, present: np.ndarray | None) -> str:
    """Title of a sample: its size and depth, and what its variants drew."""
    lines = [f"Mw {source[3]:.2f}, {source[2] / 1e3:.0f} km deep"]
    if tau is not None:
        lines.append(f"relaxation time {tau:.0f} days")
    if present is not None:
        lines.append(f"{int(present.sum())} of {len(present)} stations")
    return "\n".join(lines)


def plot_real(store: Store, path: Path) -> None:
    """Draw the first row of the (up to four) largest events, east above north, as PNG.

    A store with series has the positions of one station of each event below.

    Parameters
    ----------
    store : Store
        A sealed ``source_real`` store.
    path : Path
        File to write.
    """
    events = sorted(store.attrs["events"], key=lambda e: -e["mw"])[:_MOST]
    has_ts, panels, title = "ts" in store.attrs["arrays"], [], ""
    for event in events:
        row = slice(event["rows"][0], event["rows"][0] + 1)
        (values,), title = change(store, row)
        there = store.read("present", row)[0] == 1
        star = np.array([event["latitude"], event["longitude"]])
        name = f"{event['event']}: Mw {event['mw']:.2f}\n{event['n_stations']} stations"
        panels.append(_Panel(name, values, there, star, store.read("ts", row)[0] if has_ts else None))
    title += ", east and north positive\ndots: stations, crosses: no data, star: true place"
    size = (max(3.3 * len(events) + 1.2, 5.5), 12.3 if has_ts else 9.3)
    _draw(store, panels, title, _Style(size, (0, "best"), ticks=5), path)


def _draw(store: Store, panels: Sequence[_Panel], title: str, style: _Style, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    components, country = store.attrs["component_order"], StoreMap.of(store)
    lines = 2 if panels[0].ts is None else 3
    figure = Figure(figsize=style.size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, len(panels), squeeze=False)
    for column, panel in enumerate(panels):
        limit = max(float(np.nanmax(np.abs(panel.values))), 1e-3)
        for k, component in enumerate(components):
            ax = axes[k, column]
            drawn = country.draw(ax, panel.values[..., k], panel.there, panel.star, limit)
            ax.tick_params(labelbottom=k == 1, labelleft=column == 0)
            if column == 0:
                ax.set_ylabel(f"{component} component\nlatitude (degrees north)")
        axes[0, column].set_title(panel.title, fontsize=10)
        axes[1, column].set_xlabel("longitude (degrees east)")
        bar = figure.colorbar(drawn, ax=axes[:2, column], location="bottom", shrink=0.9, aspect=25)
        if style.ticks:
            bar.locator = MaxNLocator(style.ticks, symmetric=True)
            bar.update_ticks()
        bar.set_label("displacement (mm)")
        if panel.ts is not None:
            series(axes[2, column], panel.ts, store.attrs["event_day"], components)
    if lines == 3:
        axes[2, 0].set_ylabel("position (mm)")
        axes[2, style.legend[0]].legend(loc=style.legend[1])
    figure.suptitle(title)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
