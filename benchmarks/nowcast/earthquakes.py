"""The largest earthquakes: labels and predictions around them, and where the year before was active."""

from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.metrics import Samples
from slipbench.benchmarks.nowcast.section import Section, name_of
from slipbench.benchmarks.source.panels import canvas, grid_of, save

#: Least magnitude of the published view; where none is as large, the largest event is shown.
LEAST = 7.0
#: Days before and after an event, and events shown at most.
AROUND, MOST = 180, 6
_YEAR = 365.25


def large(events: pd.DataFrame, first: float, last: float) -> pd.DataFrame:
    """Events of `LEAST` or more between two days, the largest `MOST` in the order of time.

    Of events within 30 days of each other (foreshocks, aftershocks) only the largest one is kept. Where no
    event is as large, the largest of all is given.
    """
    inside = events[(events["time"] >= first) & (events["time"] <= last)]
    chosen = inside[inside["magnitude"] >= LEAST]
    if not len(chosen):
        return inside.nlargest(1, "magnitude")
    kept: list[int] = []
    for i, event in chosen.sort_values("magnitude", ascending=False, kind="stable").iterrows():
        if len(kept) < MOST and all(abs(event["time"] - chosen.loc[k, "time"]) > 30 for k in kept):
            kept.append(i)
    return chosen.loc[kept].sort_values("time")


def title_of(event: pd.Series) -> str:
    """Magnitude and day of an event."""
    return f"M {event['magnitude']:.1f}, {np.datetime64(int(event['time']), 'D')}"


def around(section: Section, row: dict, day: float) -> tuple[np.ndarray, Samples] | None:
    """Test days within `AROUND` of a day and their samples, of the seed with most of them; None without."""
    best = None
    for cell, samples in section.cells(row):
        days = np.asarray(cell.iloc[0]["time"])
        near = np.flatnonzero(np.abs(days - day) <= AROUND)
        if len(near) and (best is None or len(near) > len(best[0])):
            best = days[near], samples.take(near)
    return best


def shown_models(section: Section) -> list[dict]:
    """The best decoder of every modality, and persistence."""
    found = [section.row(kind="decoder", modality=m) for m in ("both", "gnss", "ab")]
    return [row for row in [*found, section.row(model="persistence")] if row is not None]


def draw_series(section: Section, events: pd.DataFrame, path: Path) -> Path | None:
    """Label and predictions around the large events among the test days; None where there is none."""
    days = section.test_days()
    chosen = [e for _, e in large(events, days[0], days[-1]).iterrows()]
    models = shown_models(section)
    chosen = [e for e in chosen if any(around(section, row, e["time"]) for row in models)]
    if not chosen:
        return None
    columns = min(3, len(chosen))
    rows = -(-len(chosen) // columns)
    figure, axes = canvas(rows, columns, 4.2 if columns > 1 else 7.5, 3.0, share=False)
    for ax in axes.flat[len(chosen) :]:
        ax.set_visible(False)
    for ax, event in zip(axes.flat, chosen, strict=False):
        known = False
        for colour, row in zip(COLOURS, models, strict=False):
            found = around(section, row, event["time"])
            if found is None:
                continue
            lag, samples = found[0] - event["time"], found[1]
            if not known:
                ax.plot(lag, next(iter(samples.true.values())), ".", ms=4, color="#222222", label="label")
                known = True
            ax.plot(lag, next(iter(samples.pred.values())), ".", ms=2.5, color=colour, label=name_of(row))
            if samples.quantiles is not None:
                ax.fill_between(
                    lag, samples.quantiles[:, 0], samples.quantiles[:, -1], color=colour, alpha=0.15, lw=0
                )
        ax.axvline(0, color="#666666", lw=1, ls="--")
        ax.set_title(title_of(event), fontsize=10)
        ax.set(xlim=(-AROUND, AROUND), xlabel="days from the event")
        ax.ticklabel_format(axis="y", scilimits=(-3, 4))
        grid_of(ax)
    unit = str(section.table["units"].iloc[0])
    for ax in axes[:, 0]:
        ax.set_ylabel(f"label ({unit})" if unit != "1" else "label (events)")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=5, markerscale=3, frameon=False, fontsize=9
    )
    return save(figure, path)


def draw_maps(events: pd.DataFrame, first: float, last: float, path: Path, cell: float = 0.5) -> Path | None:
    """Events of the year before each large one on cells of `cell` degrees; None without a whole year.

    The star is the event to come; the scale of colours is logarithmic and common to all maps.
    """
    chosen = large(events, max(first, float(events["time"].min()) + _YEAR), last)
    if not len(chosen):
        return None
    lon, lat = (
        np.arange(np.floor(events[k].min()), np.ceil(events[k].max()) + cell, cell)
        for k in ("longitude", "latitude")
    )
    counts = []
    for _, event in chosen.iterrows():
        before = events[(events["time"] < event["time"]) & (events["time"] >= event["time"] - _YEAR)]
        counts.append(np.histogram2d(before["latitude"], before["longitude"], (lat, lon))[0])
    top = np.log10(max(c.max() for c in counts) + 1)
    columns = min(3, len(counts))
    rows = -(-len(counts) // columns)
    figure, axes = canvas(rows, columns, 3.6, 3.4, share=False, layout="compressed")
    for ax in axes.flat[len(counts) :]:
        ax.set_visible(False)
    for ax, count, (_, event) in zip(axes.flat, counts, chosen.iterrows(), strict=False):
        seen = np.ma.masked_equal(np.log10(count + 1), 0)
        image = ax.pcolormesh(lon, lat, seen, cmap="viridis", vmin=0, vmax=top, rasterized=True)
        ax.plot(event["longitude"], event["latitude"], "*", ms=15, color="#D55E00", mec="white", mew=1)
        ax.set_title(f"{title_of(event)}\n{int(count.sum())} events in the year before", fontsize=10)
        ax.set_aspect(1 / np.cos(np.deg2rad(float(lat.mean()))))
        ax.set(xlabel="longitude (°E)", ylabel="latitude (°N)")
    ticks = [t for t in (1, 3, 10, 30, 100, 300, 1000, 3000) if np.log10(t + 1) <= top]
    bar = figure.colorbar(image, ax=axes, ticks=np.log10(np.array(ticks) + 1), shrink=0.8)
    bar.set_ticklabels([str(t) for t in ticks])
    bar.set_label(f"events in a year on {cell:g}° × {cell:g}°")
    return save(figure, path)
