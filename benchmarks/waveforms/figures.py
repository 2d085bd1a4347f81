"""Figures of the comparisons; every function writes one PNG and returns its path."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import colormaps

from slipbench.benchmarks.source.panels import canvas, grid_of, save
from slipbench.benchmarks.waveforms.accelerations import Check
from slipbench.benchmarks.waveforms.scene import (
    DINGRI,
    FASTEST,
    NOISE_OF,
    RATES,
    Scene,
    from_before,
    made,
    thrusts,
    times,
)
from slipbench.benchmarks.waveforms.solutions import TwoSolutions
from slipbench.datasets.noise.high_rate import COMPONENTS
from slipbench.datasets.waveforms.resample import resample
from slipbench.datasets.waveforms.unfold import folded_density

_COLOURS = {1.0: "tab:red", 5.0: "tab:orange", 10.0: "tab:green", 50.0: "0.65"}
#: Mean over median of a periodogram's values.
_MEAN_OVER_MEDIAN = 1 / np.log(2)


def waveforms(scene: Scene, path: Path) -> Path:
    """One large and one small earthquake at every rate, with noise, and the ground's own motion."""
    large = ("Mw 7.1 at 52 km", DINGRI, 52.24)
    small = ("Mw 6.0 at 20 km", thrusts(6.0, 20.0, 10.0, 1, scene.stream(4, 0)), 20.0)
    views = ((large, (0.0, 70.0)), (large, (14.0, 24.0)), (small, (2.0, 12.0)))
    figure, axes = canvas(3, len(views), width=4.6, height=2.3, share=False)
    for column, ((title, shot, km), (start, end)) in zip(axes.T, views, strict=True):
        time = times(km, scene.ground)
        rng = scene.stream(4, round(km))
        clean = np.reshape(made(scene, shot, time, rng), (3, -1))
        noisy = clean + scene.noise_at(1, len(time), FASTEST, rng)[0]
        for ax, name, c in zip(column, COMPONENTS, range(3), strict=True):
            for rate in reversed(RATES):
                when = resample(time, FASTEST, rate)
                seen = (when >= start - 1) & (when <= end + 1)
                moved = 100 * from_before(resample(noisy[c], FASTEST, rate), when)[seen]
                ax.plot(
                    when[seen],
                    moved,
                    ".-",
                    ms={1.0: 6, 5.0: 3.5}.get(rate, 0),
                    lw=0.8 if rate == FASTEST else 1.1,
                    color=_COLOURS[rate],
                    label=f"{rate:g} Hz",
                )
            seen = (time >= start) & (time <= end)
            ax.plot(time[seen], 100 * clean[c, seen], color="black", lw=0.8, label="ground")
            ax.set_xlim(start, end)
            ax.set_ylabel(f"{name} (cm)")
            grid_of(ax)
        column[0].set_title(f"{title}, {start:g}–{end:g} s", fontsize=10)
        column[-1].set_xlabel("time after the origin (s)")
    axes[0, 0].legend(fontsize=7, ncols=2)
    return save(figure, path)


def peaks(frame: pd.DataFrame, path: Path) -> Path:
    """Share of the peak that sampling loses, and what noise does to the magnitude."""
    figure, axes = canvas(1, 3, width=4.6, height=3.6, share=False)
    lost, rate_panel, noisy = axes[0]
    distances = sorted(frame["distance_km"].unique())
    shades = np.linspace(0.1, 0.85, len(distances))
    for km, shade in zip(distances, shades, strict=True):
        part = frame[(frame["rate_hz"] == 1.0) & (frame["distance_km"] == km)]
        colour = colormaps["plasma"](shade)
        lost.plot(part["mw"], 100 * part["lost"], "o-", ms=4, color=colour, label=f"{km:g} km")
        lost.plot(part["mw"], 100 * part["lost_95"], ":", color=colour)
    lost.set_title("1 Hz: mean (line), 95 % quantile (dotted)", fontsize=10)
    for rate in RATES[:-1]:
        part = frame[(frame["rate_hz"] == rate) & (frame["distance_km"] == 50.0)]
        rate_panel.plot(
            part["mw"], 100 * part["lost"], "o-", ms=4, color=_COLOURS[rate], label=f"{rate:g} Hz"
        )
        rate_panel.plot(part["mw"], 100 * part["lost_95"], ":", color=_COLOURS[rate])
    rate_panel.set_title("at 50 km, by rate", fontsize=10)
    for ax in (lost, rate_panel):
        ax.set_yscale("log")
        ax.set_ylim(1e-3, 100)
        ax.set_ylabel("peak displacement lost (%)")
    for rate in RATES:
        part = frame[(frame["rate_hz"] == rate) & (frame["distance_km"] == 100.0)]
        noisy.plot(part["mw"], part["mw_noisy"], "o-", ms=4, color=_COLOURS[rate], label=f"{rate:g} Hz")
    noisy.axhline(0, color="black", lw=0.8)
    noisy.set_yscale("symlog", linthresh=0.1)
    noisy.set_ylim(bottom=-0.05)
    noisy.set_title("at 100 km, with noise: median change", fontsize=10)
    noisy.set_ylabel("Mw from PGD less Mw without noise")
    for ax in (lost, rate_panel, noisy):
        ax.set_xlabel("Mw")
        ax.legend(fontsize=8)
        grid_of(ax)
    return save(figure, path)


def spectra(scene: Scene, two: TwoSolutions, path: Path) -> Path:
    """Real noise with its model at 1 Hz and before sampling; two made solutions and their difference."""
    figure, axes = canvas(2, 3, width=4.4, height=3.4, share=False)
    measured = scene.fit.spectra[0]
    wide = np.geomspace(0.01, FASTEST / 2, 300)
    for c, (name, ax) in enumerate(zip(COMPONENTS, axes[0], strict=True)):
        level = np.median(measured.power[:, c], axis=0) * _MEAN_OVER_MEDIAN
        law = getattr(scene.noise, name)
        f = measured.frequency
        ax.loglog(f, level, ".", ms=4, color="tab:blue", label=f"{NOISE_OF}, 1 Hz, before the event")
        ax.loglog(f, folded_density(law, f), color="black", lw=1, label="model, sampled at 1 Hz")
        ax.loglog(wide, law.density(wide), color="tab:red", lw=1, label="model before sampling")
        ax.axvline(law.corner_hz, color="tab:red", lw=0.8, ls=":")
        ax.set_ylim(1e-8, 3e-3)
        ax.set_title(f"{name}: real noise", fontsize=10)
    for c, (name, ax) in enumerate(zip(COMPONENTS, axes[1], strict=True)):
        one, other, apart = two.spectra
        lines = (
            (one, "tab:blue", "-", "solution 1"),
            (other, "tab:orange", "--", "solution 2"),
            (apart, "tab:red", "-", "difference"),
            (two.clean, "black", "-", "ground"),
        )
        for spectrum, colour, style, label in lines:
            inner = slice(1, -1)  # a one-sided spectrum has half the power at its last frequency
            x, y = spectrum.frequency_hz[inner], spectrum.density[c, inner]
            ax.loglog(x, y, style, color=colour, lw=1, label=label)
        ax.set_title(f"{name}: made, Mw 7.1 at 52 km, 50 Hz", fontsize=10)
        ax.set_ylim(1e-10, 0.1)
    for ax in axes.flat:
        ax.set_xlabel("frequency (Hz)")
        ax.set_ylabel("power spectral density (m²/Hz)")
        grid_of(ax)
    for ax in axes[:, 0]:
        ax.legend(fontsize=7)
    return save(figure, path)


def accelerations(check: Check, path: Path) -> Path:
    """The ground, GNSS at 1 Hz and integrated accelerations."""
    figure, axes = canvas(1, 3, width=4.6, height=3.2, share=False)
    lines = (
        ("truth", "black", "ground"),
        ("gnss", "tab:red", "GNSS, 1 Hz"),
        ("causal", "tab:green", "acceleration, causal"),
        ("acausal", "tab:blue", "acceleration, acausal"),
    )
    for c, (name, ax) in enumerate(zip(COMPONENTS, axes[0], strict=True)):
        for way, colour, label in lines:
            ax.plot(check.time_s, 100 * check.moved[way][c], color=colour, lw=1, label=label)
        ax.set_xlim(0, check.time_s[-1])
        ax.set_title(name, fontsize=10)
        ax.set_xlabel("time after the origin (s)")
        ax.set_ylabel("displacement (cm)")
        grid_of(ax)
    axes[0, 0].legend(fontsize=7)
    return save(figure, path)
