"""Picture of an S1 store: samples of different magnitude on the map, and series where there are any."""

from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.source_map import StoreMap, change, series
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import read_view, virtual_arrays

_PICKS = (0.1, 0.5, 0.8, 1.0)  # quantiles of the magnitude


def _note(source: np.ndarray, tau: float | None, present: np.ndarray | None) -> str:
    """Title of a sample: its size and depth, and what its variants drew."""
    lines = [f"Mw {source[3]:.2f}, {source[2] / 1e3:.0f} km deep"]
    if tau is not None:
        lines.append(f"relaxation time {tau:.0f} days")
    if present is not None:
        lines.append(f"{int(present.sum())} of {len(present)} stations")
    return "\n".join(lines)


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
    values, title = change(store, rows)
    target, source = store.read("target", rows), store.read("source", rows)
    tau, present, ts = (read_view(store, n, rows) if n in kept else None for n in ("tau", "present", "ts"))
    order = np.argsort(target[:, 2])
    picks = [int(order[round(f * (len(order) - 1))]) for f in _PICKS]
    components, country = store.attrs["component_order"], StoreMap.of(store)
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
            series(axes[2, column], ts[row], store.attrs["event_day"], components)
    if ts is not None:
        axes[2, 0].set_ylabel("position (mm)")
        axes[2, -1].legend(loc="center left")
    gone = "" if present is None else ", crosses: missing stations"
    figure.suptitle(
        f"{title}; dots: stations{gone}, star: true centroid; sea not drawn; east, north positive"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
