"""Velocity, its sliding spectrum and the statistics of all detectors on one record."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm

from slipbench.benchmarks.anomaly.frame import context_rows
from slipbench.benchmarks.anomaly.records import COMPONENTS
from slipbench.benchmarks.anomaly.roc import named
from slipbench.benchmarks.figures import COLOURS
from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.datasets.anomaly.spectrum import WINDOW, sliding_spectrum

#: Seconds before the origin that are shown, as in the document, and after the S wave.
_BEFORE, _AFTER_S = 20.0, 70.0


def draw_record(
    table: pd.DataFrame,
    which: str,
    detectors: Mapping[str, pd.DataFrame],
    thresholds: Mapping[str, float],
    path: Path,
) -> Path | None:
    """Draw the record ``large`` or ``small`` (see `context.examples`); None where the table has none."""
    rows = context_rows(table)
    if f"{which}_{COMPONENTS[0]}" not in rows.index:
        return None
    first = rows.loc[f"{which}_{COMPONENTS[0]}"]
    seconds, number = np.asarray(first["y_true"]), int(first["sample"][0])
    velocity = np.array([rows.loc[f"{which}_{c}", "y_pred"] for c in COMPONENTS])
    place = next(iter(detectors.values())).iloc[number]
    shown = (seconds >= -_BEFORE) & (seconds <= max(80.0, place["s"] + _AFTER_S))
    figure, axes = canvas(6, 1, 9.5, 1.7, share=False)
    for ax in axes[:, 0]:
        ax.set_xlim(seconds[shown][0], seconds[shown][-1])
    _velocities(axes[0, 0], seconds[shown], velocity[:, shown])
    _alarms(axes[1, 0], detectors, number)
    amplitude, frequency = sliding_spectrum(velocity, WINDOW, float(seconds[1] - seconds[0]))
    for ax, component, values in zip(axes[2:5, 0], COMPONENTS, amplitude[:, shown], strict=True):
        _map(figure, ax, seconds[shown], frequency, values, component)
    _statistics(axes[5, 0], table, which, thresholds, seconds, shown)
    for k, ax in enumerate(axes[:, 0]):
        for time, style in ((0.0, "-"), (place["p"], "--"), (place["s"], ":")):
            ax.axvline(time, color="white" if 2 <= k < 5 else "#222222", lw=1, ls=style)
    figure.suptitle(
        f"{named(place.to_frame().T)}, {place['hypocentral_km']:.0f} km from the hypocentre",
        fontsize=11,
        fontweight="bold",
    )
    return save(figure, path)


def _alarms(ax: Any, detectors: Mapping[str, pd.DataFrame], number: int) -> None:
    """A row for each detector: its first alarm at both thresholds."""
    for k, (colour, frame) in enumerate(zip(COLOURS, detectors.values(), strict=False)):
        for quantity, marker in (("detection", "v"), ("detection_at_rate", "*")):
            time = frame.iloc[number][quantity]
            if np.isfinite(time):
                ax.plot(time, k, marker, color=colour, ms=9, mec="black", mew=0.5)
    ax.set_yticks(range(len(detectors)), list(detectors), fontsize=8)
    ax.set_ylim(len(detectors) - 0.5, -0.5)
    ax.set_ylabel("first alarm")
    grid_of(ax)


def _velocities(ax: Any, seconds: np.ndarray, velocity: np.ndarray) -> None:
    for name, c, v in zip(COMPONENTS, ("#666666", "#000000", "#BBBBBB"), velocity, strict=True):
        ax.plot(seconds, v, lw=1, color=c, label=name)
    ax.legend(fontsize=8, loc="lower left", ncols=3)
    ax.set_ylabel("velocity\n(mm/s)")
    grid_of(ax)


def _map(figure: Any, ax: Any, seconds: np.ndarray, hz: np.ndarray, amplitude: np.ndarray, name: str) -> None:
    """Amplitudes at the last epoch of their window, without frequency 0."""
    values = amplitude[:, 1:].T
    low, high = np.nanquantile(values, [0.05, 0.999])
    mesh = ax.pcolormesh(seconds, hz[1:], values, norm=LogNorm(low, high), cmap="magma", shading="nearest")
    ax.set_ylabel(f"{name}\n(Hz)")
    figure.colorbar(mesh, ax=ax, pad=0.01, label="mm/s")


def _statistics(
    ax: Any,
    table: pd.DataFrame,
    which: str,
    thresholds: Mapping[str, float],
    seconds: np.ndarray,
    shown: np.ndarray,
) -> None:
    rows = table[table["quantity"] == f"{which}_statistic"].set_index("model")
    for colour, (model, threshold) in zip(COLOURS, thresholds.items(), strict=False):
        if model in rows.index:
            ratio = np.asarray(rows.loc[model, "y_pred"], float) / threshold
            ax.plot(seconds[shown], np.maximum(ratio[shown], 1e-3), color=colour, lw=1.2, label=model)
    ax.axhline(1.0, color="#222222", lw=0.8)
    ax.set(yscale="log", ylim=(0.1, None), ylabel="statistic /\nthreshold")
    ax.set_xlabel("seconds from the origin time")
    ax.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.38), ncols=len(thresholds))
    grid_of(ax)
