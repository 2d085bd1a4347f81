"""Picture of a store of real earthquakes: events on the map, and series where there are any."""

from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.source_map import StoreMap, change, series
from slipbench.datasets.store.reader import Store

_MOST = 4


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
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    events = sorted(store.attrs["events"], key=lambda e: -e["mw"])[:_MOST]
    country, components = StoreMap.of(store), store.attrs["component_order"]
    lines = 3 if "ts" in store.attrs["arrays"] else 2
    size = (max(3.3 * len(events) + 1.2, 5.5), 12.3 if lines == 3 else 9.3)
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(lines, len(events), squeeze=False)
    title = ""
    for column, event in enumerate(events):
        row = slice(event["rows"][0], event["rows"][0] + 1)
        (values,), title = change(store, row)
        there = store.read("present", row)[0] == 1
        limit = max(float(np.nanmax(np.abs(values))), 1e-3)
        star = np.array([event["latitude"], event["longitude"]])
        for k, component in enumerate(components):
            drawn = country.draw(axes[k, column], values[..., k], there, star, limit)
            axes[k, column].tick_params(labelbottom=k == 1, labelleft=column == 0)
            if column == 0:
                axes[k, column].set_ylabel(f"{component} component\nlatitude (degrees north)")
        axes[0, column].set_title(
            f"{event['event']}: Mw {event['mw']:.2f}\n{event['n_stations']} stations", fontsize=10
        )
        axes[1, column].set_xlabel("longitude (degrees east)")
        bar = figure.colorbar(drawn, ax=axes[:2, column], location="bottom", shrink=0.9, aspect=25)
        bar.locator = MaxNLocator(5, symmetric=True)
        bar.update_ticks()
        bar.set_label("displacement (mm)")
        if lines == 3:
            series(axes[2, column], store.read("ts", row)[0], store.attrs["event_day"], components)
    if lines == 3:
        axes[2, 0].set_ylabel("position (mm)")
        axes[2, 0].legend(loc="best")
    figure.suptitle(f"{title}, east and north positive\ndots: stations, crosses: no data, star: true place")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
