"""Figures of the rapid report: curves as the waves arrive, stations against distance."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from slipbench.benchmarks.rapid.frame import Frames
from slipbench.benchmarks.source.panels import canvas, grid_of, running_median, save
from slipbench.datasets.physics.pgd import Scaling, pgd_magnitude
from slipbench.datasets.physics.pgd_stations import NOISE_PEAK

#: Stations in a running median of noise: at least, and of so many a part.
_WINDOW, _PART = 5, 30
_COLUMNS = 3
_COLOURS = colormaps["tab10"].colors  # type: ignore[attr-defined]


def _panels(found: Frames, width: float, height: float) -> tuple[Figure, np.ndarray, list[int]]:
    """Axes for every earthquake, large ones first, and the earthquakes in that order."""
    order = found.events.sort_values("mw", ascending=False, kind="stable").index.tolist()
    columns = min(_COLUMNS, len(order))
    rows = -(-len(order) // columns)
    figure, axes = canvas(rows, columns, width, height, share=False)
    for ax in axes.flat[len(order) :]:
        ax.set_visible(False)
    for ax, event in zip(axes.flat, order, strict=False):
        grid_of(ax)
        about = found.events.loc[event]
        ax.set_title(f"{about['name']}, Mw {about['mw']:.1f}", fontsize=11)
    return figure, axes, order


def draw_curves(found: Frames, models: list[str], within: float, path: Path) -> Path:
    """Estimates against time, a panel for each earthquake, with the catalogue's Mw and a band around it."""
    figure, axes, order = _panels(found, 4.3, 3.2)
    colours = dict(zip(models, _COLOURS, strict=False))
    for ax, event in zip(axes.flat, order, strict=False):
        about = found.events.loc[event]
        ax.axhspan(about["mw"] - within, about["mw"] + within, color="0.88", zorder=0)
        ax.axhline(about["mw"], color="black", lw=1.0, zorder=1)
        for model in models:
            one = found.curves[(found.curves["model"] == model) & (found.curves["event"] == event)]
            learnt = found.kinds[model] == "network"
            colour = colours[model]
            ax.plot(one["second"], one["mw"], color=colour, lw=1.8 if learnt else 1.2, label=model)
            if learnt:
                spread = 1.645 * one["sigma"]
                ax.fill_between(
                    one["second"], one["mw"] - spread, one["mw"] + spread, color=colour, alpha=0.15, lw=0
                )
        ax.set_xlim(0, min(about["last_s"], found.curves["second"].max()))
        ax.set_ylim(about["mw"] - 2.2, about["mw"] + 1.3)
    _axis_names(axes, order, "time from origin (s)", "Mw")
    _legend_below(figure, axes)
    figure.suptitle(f"Estimated Mw as the record grows; line and band: catalogue ± {within:g}")
    return save(figure, path)


def draw_stations(found: Frames, model: str, scaling: Scaling, path: Path) -> Path:
    """Magnitudes of single stations against distance, and what a peak of noise alone would say.

    The dotted line is the Mw of a peak of `NOISE_PEAK` times the noise before the origin, its running median
    over distance: stations near it cannot be told from noise.
    """
    figure, axes, order = _panels(found, 4.3, 3.3)
    mine = found.station_mw[found.station_mw["model"] == model]
    joined = mine.merge(found.stations, on=["event", "station"])
    finals = found.finals[found.finals["model"] == model].set_index("event")["mw"]
    colours = LogNorm(1, 100)
    for ax, event in zip(axes.flat, order, strict=False):
        about, some = found.events.loc[event], joined[joined["event"] == event]
        every = found.stations[found.stations["event"] == event].dropna()
        km, floor = _noise_floor(every["km"].to_numpy(), every["noise"].to_numpy(), scaling)
        ax.scatter(
            some["km"], some["mw"], s=10, c=1e3 * some["noise"], cmap="viridis", norm=colours, linewidths=0
        )
        ax.axhline(about["mw"], color="black", lw=1.0, label="catalogue")
        ax.axhline(finals[event], color="tab:red", lw=1.2, ls="--", label="all stations")
        ax.plot(km, floor, color="tab:orange", lw=1.5, ls=":", label="peak of noise")
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_ylim(about["mw"] - 2.2, about["mw"] + 1.3)
        ax.set_title(f"{about['name']}, Mw {about['mw']:.1f}: {len(some)} stations", fontsize=11)
    _axis_names(axes, order, "hypocentral distance (km)", "Mw")
    _legend_below(figure, axes)
    figure.colorbar(ScalarMappable(colours, "viridis"), ax=axes, label="noise before the origin (mm)")
    figure.suptitle(f"{model}: magnitudes of single stations at the end of the record")
    return save(figure, path)


def _noise_floor(km: np.ndarray, noise_m: np.ndarray, scaling: Scaling) -> tuple[np.ndarray, np.ndarray]:
    """Distances and the Mw that a peak of noise gives there."""
    order = np.argsort(km, kind="stable")
    km, mw = km[order], pgd_magnitude(NOISE_PEAK * noise_m[order], km[order], scaling)
    return running_median(km, mw, max(_WINDOW, len(km) // _PART))


def _legend_below(figure: Figure, axes: np.ndarray) -> None:
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=9)


def _axis_names(axes: np.ndarray, order: list[int], x: str, y: str) -> None:
    """Names at the left and below the last panel of each column."""
    for k in range(axes.shape[1]):
        last = max(r for r in range(axes.shape[0]) if r * axes.shape[1] + k < len(order))
        axes[last, k].set_xlabel(x)
    for ax in axes[:, 0]:
        ax.set_ylabel(y)
