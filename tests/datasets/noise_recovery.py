"""Fit noise of known parameters many times: ``python -m tests.datasets.noise_recovery --fits 40``.

Prints bias, scatter and coverage of the standard errors for windows without gaps and for windows with gaps.
"""

import argparse
import time
from dataclasses import dataclass

import numpy as np

from slipbench.datasets.noise.fit import COMPONENTS, NoiseFit, fit_noise
from slipbench.datasets.noise.parametric import Amplitudes, ParametricNoise, parametric_sampler
from slipbench.datasets.readers.residuals import Residuals

TRUTH = ParametricNoise(
    east=Amplitudes(white_mm=0.7, flicker_mm=3.0, random_walk_mm=3.0),
    north=Amplitudes(white_mm=1.2, flicker_mm=5.0, random_walk_mm=0.0),
    up=Amplitudes(white_mm=3.0, flicker_mm=12.0, random_walk_mm=0.0),
    common_mode=0.15,
    local=0.5,
    correlation_km=200.0,
    history_days=100,
)


def simulated(
    truth: ParametricNoise, rng: np.random.Generator, *, m: int, windows: int, n_days: int, missing: float
) -> Residuals:
    """Independent windows of noise one after another, on stations over some 800 km, with gaps in runs."""
    lat, lon = rng.uniform(42, 49, m), rng.uniform(-125, -120, m)
    sampler = parametric_sampler(lat, lon, n_days, range(n_days), COMPONENTS, truth)
    values = sampler.draw(windows, rng).transpose(2, 3, 0, 1).reshape(m, 3, -1)
    values += rng.normal(0, 20, (m, 3, 1))  # where a series is zero means nothing
    punch(values, missing, rng)
    year = 2005 + np.arange(values.shape[2]) / 365.25
    return Residuals(values.astype(np.float32), year, tuple(f"S{k}" for k in range(m)), lat, lon)


def punch(values: np.ndarray, missing: float, rng: np.random.Generator) -> None:
    """Take days out in runs, most of one or two days and a few of months, as in the Cascadia residuals."""
    t = values.shape[2]
    for series in values:
        while np.isnan(series[0]).mean() < missing:
            first, length = rng.integers(t), int(np.ceil(rng.lognormal(0.8, 2.4)))
            series[:, first : first + length] = np.nan


def flat(options: ParametricNoise) -> dict[str, float]:
    """Parameters by dotted name."""
    out = {f"{c}.{k}": v for c in COMPONENTS for k, v in getattr(options, c).model_dump().items()}
    return out | {k: getattr(options, k) for k in ("common_mode", "local", "correlation_km")}


@dataclass
class Recovery:
    """Fits of the same truth: estimates less truth, standard errors, seconds."""

    off: dict[str, np.ndarray]
    errors: dict[str, np.ndarray]
    seconds: float

    def share_within(self, sigmas: float) -> float:
        """Share of all estimates whose truth is within that many standard errors."""
        z = np.concatenate([self.off[k] / self.errors[k] for k in self.off])
        return float((np.abs(z[np.isfinite(z)]) <= sigmas).mean())


def recover(fits: list[NoiseFit], truth: ParametricNoise, seconds: float) -> Recovery:
    """Gather fits of one truth."""
    want = flat(truth)
    off = {k: np.array([flat(f.options)[k] - want[k] for f in fits]) for k in want}
    return Recovery(off, {k: np.array([f.errors[k] for f in fits]) for k in want}, seconds)


def main() -> None:
    """Compare both ways on the same series."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fits", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    shape = {"m": 40, "windows": 20, "n_days": 128}
    made = [simulated(TRUTH, rng, **shape, missing=0.2) for _ in range(arguments.fits)]
    ways = {"without gaps": 1.0, "with gaps": 0.9}
    found = {}
    for name, coverage in ways.items():
        start = time.perf_counter()
        fits = [fit_noise(r, 128, coverage, TRUTH.history_days) for r in made]
        found[name] = recover(fits, TRUTH, (time.perf_counter() - start) / len(fits))
        series, inside = fits[0].windows.series, found[name].share_within(1.96)
        print(f"{name}: {found[name].seconds:.1f} s a fit, {series} series, {inside:.0%} within 1.96 errors")
    heads = [f"{name}: bias ± its error | scatter | mean error" for name in found]
    print("| parameter | truth | " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * (1 + 3 * len(found)))
    for k, want in flat(TRUTH).items():
        cells = []
        for r in found.values():
            off, sd = r.off[k], r.off[k].std(ddof=1)
            mean = np.nanmean(r.errors[k]) if np.isfinite(r.errors[k]).any() else np.nan
            cells.append(f"{off.mean():+.3g} ± {sd / np.sqrt(len(off)):.2g} | {sd:.3g} | {mean:.3g}")
        print(f"| {k} | {want:g} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
