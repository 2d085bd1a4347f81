"""What a sampling rate costs: peak displacement and magnitude, with and without noise."""

from itertools import product

import numpy as np
import pandas as pd

from slipbench.benchmarks.waveforms.scene import (
    FASTEST,
    RATES,
    Scene,
    from_before,
    made,
    thrusts,
    times,
)
from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd, pgd_magnitude
from slipbench.datasets.physics.source import moment
from slipbench.datasets.waveforms.brune import corner_frequency, source_radius
from slipbench.datasets.waveforms.resample import resample

MAGNITUDES = (5.5, 6.0, 6.5, 7.0, 7.5, 8.0)
DISTANCES_KM = (20.0, 50.0, 100.0, 200.0, 400.0)
DEPTH_KM = 10.0
SCALING = SCALINGS["ruhl2019"]
#: Phases of the sampling that are tried where every one would take long.
PHASES = 5


def study(scene: Scene, realisations: int) -> pd.DataFrame:
    """One row per magnitude, distance and rate.

    Columns: ``lost`` and ``lost_95`` (mean and 95 % quantile over earthquakes and the sampling's phase of the
    share of the peak that sampling misses), ``lost_filtered`` (mean, with an anti-alias filter),
    ``distorted`` (root mean square error of the samples joined by lines, over the peak), ``mw_lost`` (mean
    change of the magnitude by sampling), ``mw_noisy`` and ``mw_noisy_spread`` (median and 1.4826 MAD of
    the change by noise and sampling, against the peak without either), ``pgd`` (median peak, m),
    ``relation`` (peak of `SCALING`, m), ``inside`` (the station is nearer than the source's radius).
    """
    rows = []
    for i, (mw, km) in enumerate(product(MAGNITUDES, DISTANCES_KM)):
        rng = scene.stream(1, i)
        time = times(km, scene.ground)
        clean = made(scene, thrusts(mw, km, DEPTH_KM, realisations, rng), time, rng)
        noisy = clean + scene.noise_at(realisations, len(time), FASTEST, rng)
        m0 = moment(np.array(mw))
        corner = corner_frequency(m0, scene.ground.stress_drop_pa, scene.ground.beta_m_s)
        about = {
            "mw": mw,
            "distance_km": km,
            "relation": float(expected_pgd(np.array(mw), np.array(km), SCALING)),
            "inside": bool(km * 1e3 < source_radius(corner, scene.ground.beta_m_s)),
        }
        rows += [{**about, "rate_hz": rate, **_cost(clean, noisy, time, km, rate)} for rate in RATES]
    return pd.DataFrame(rows)


def peak(moved: np.ndarray) -> np.ndarray:
    """Largest three-dimensional displacement of (..., 3, time)."""
    return np.sqrt((moved**2).sum(axis=-2)).max(axis=-1)


def _cost(clean: np.ndarray, noisy: np.ndarray, time: np.ndarray, km: float, rate: float) -> dict[str, float]:
    true = peak(clean)
    every = round(FASTEST / rate)
    picked = np.stack([peak(resample(clean, FASTEST, rate, first=k)) for k in range(every)])
    kept = picked / true
    slope = SCALING.b + SCALING.c * np.log10(km)
    starts = range(0, every, max(1, every // PHASES))
    filtered = np.stack([peak(resample(clean[..., k:], FASTEST, rate, "zero_phase")) for k in starts]) / true
    measured = np.stack([_measured(noisy, time, rate, k) for k in starts])
    found, right = (pgd_magnitude(x, np.array(km), SCALING) for x in (measured, true))
    off = found - right
    return {
        "lost": float(1 - kept.mean()),
        "lost_95": float(np.quantile(1 - kept, 0.95)),
        "lost_filtered": float(1 - filtered.mean()),
        "distorted": distortion(clean, rate),
        "mw_lost": float(np.log10(kept).mean() / slope),
        "mw_noisy": float(np.median(off)),
        "mw_noisy_spread": float(1.4826 * np.median(np.abs(off - np.median(off)))),
        "pgd": float(np.median(true)),
    }


def _measured(noisy: np.ndarray, time: np.ndarray, rate: float, first: int) -> np.ndarray:
    slow, when = (resample(x, FASTEST, rate, first=first) for x in (noisy, time))
    return peak(from_before(slow, when)[..., when >= 0])


def distortion(clean: np.ndarray, rate: float) -> float:
    """Error of samples joined by straight lines over the peak: root mean square over strong shaking, mean.

    Strong shaking reaches from the first to the last sample with a tenth of the largest velocity.
    """
    every = round(FASTEST / rate)
    n = (clean.shape[-1] - 1) // every * every + 1
    at, share = np.divmod(np.arange(n), every)
    slow = resample(clean[..., :n], FASTEST, rate)
    after = np.minimum(at + 1, slow.shape[-1] - 1)
    joined = slow[..., at] + (share / every) * (slow[..., after] - slow[..., at])
    moving = np.abs(np.gradient(clean[..., :n], axis=-1)).max(axis=-2)
    strong = moving > 0.1 * moving.max(axis=-1, keepdims=True)
    first = np.maximum.accumulate(strong, axis=-1)
    last = np.maximum.accumulate(strong[..., ::-1], axis=-1)[..., ::-1]
    shaking = first & last
    square = ((joined - clean[..., :n]) ** 2).sum(axis=-2)
    error = np.sqrt((square * shaking).sum(axis=-1) / shaking.sum(axis=-1))
    return float((error / peak(clean)).mean())
