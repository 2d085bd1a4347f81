"""High-rate noise fitted to the quiet part of real records before their earthquakes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise, PowerLaw

#: Fewest samples of a window; the taper leaves no slow variation in shorter ones.
SHORTEST = 32
#: Frequencies next to 0 that a Hann taper mixes with the mean.
_SMEARED = 2
#: Mean over median of a periodogram's values, which are exponential (chi-square with 2 degrees of freedom).
MEAN_OVER_MEDIAN = 1 / np.log(2)


@dataclass(frozen=True)
class Spectra:
    """Periodograms of one network before one earthquake.

    Parameters
    ----------
    name : str
        Of the record.
    frequency : ndarray, shape (f,)
        Hz, above 0.
    power : ndarray, shape (m, 3, f)
        One-sided periodograms of the usable stations, m^2 / Hz.
    common : ndarray, shape (3,)
        Mean correlation between two stations.
    samples : int
        Length of the window.
    """

    name: str
    frequency: np.ndarray
    power: np.ndarray
    common: np.ndarray
    samples: int


@dataclass(frozen=True)
class HighRateFit:
    """Fitted noise and what it was fitted to.

    Parameters
    ----------
    noise : HighRateNoise
        The estimates.
    spectra : list of Spectra
        One for each record used.
    ratio : dict
        By component, spectrum of data over model in three bands: below 0.03 Hz, to 0.1 Hz, above.
    left_out : dict
        Record and the reason why it was not used.
    """

    noise: HighRateNoise
    spectra: list[Spectra]
    ratio: dict[str, tuple[float, ...]]
    left_out: dict[str, str]


def window_spectra(name: str, enu_m: np.ndarray, step_s: float) -> Spectra | None:
    """Periodograms of a quiet window; None where it is too short or has too few complete stations.

    Parameters
    ----------
    name : str
        Of the record.
    enu_m : ndarray, shape (m, 3, t)
        East, north, up, m; NaN where missing. Stations with any missing sample are left out, and those whose
        scatter is more than 10 times the median.
    step_s : float
        Seconds between samples.
    """
    whole = enu_m[np.isfinite(enu_m).all(axis=(1, 2))].astype(np.float64)
    length = whole.shape[-1]
    if length < SHORTEST or len(whole) < 5:
        return None
    centred = whole - whole.mean(axis=-1, keepdims=True)
    scatter = centred.std(axis=-1)
    good = ((scatter > 0) & (scatter < 10 * np.median(scatter, axis=0))).all(axis=1)
    centred, scatter = centred[good], scatter[good]
    taper = np.hanning(length + 2)[1:-1]
    power = np.abs(np.fft.rfft(centred * taper, axis=-1)) ** 2 * 2 * step_s / (taper**2).sum()
    frequency = np.fft.rfftfreq(length, step_s)
    keep = slice(_SMEARED, -1)
    units = centred / scatter[..., None]
    m = len(units)
    pairs = (units.sum(axis=0) ** 2).mean(axis=-1) - m
    return Spectra(name, frequency[keep], power[..., keep], pairs / (m * (m - 1)), length)


def fit_high_rate(windows: Mapping[str, tuple[np.ndarray, float]]) -> HighRateFit:
    """Spectral shape, spread of levels and common mode of quiet windows.

    The spectrum of a record is the median over its stations; every record counts alike, whatever the number
    of its stations. The shape is the one most likely to give these medians (Whittle 1953), after records
    are brought to one level, whose spread is `network_spread`.

    Parameters
    ----------
    windows : mapping of (ndarray, float)
        By record: east, north, up (m, 3, t) in m, and seconds between samples.

    Raises
    ------
    InputError
        When no window is long enough.
    """
    found: list[Spectra] = []
    left_out = {}
    for name, (enu, step_s) in windows.items():
        spectra = window_spectra(name, enu, step_s)
        if spectra is None:
            left_out[name] = f"fewer than {SHORTEST} samples or 5 complete stations before the earthquake"
        else:
            found.append(spectra)
    if not found:
        raise InputError(
            "high-rate records",
            "no usable window before an earthquake",
            f"{SHORTEST} samples",
            "add one",
        )
    shapes: dict[str, PowerLaw] = {}
    levels = []
    for c, component in enumerate(COMPONENTS):
        medians = [np.median(s.power[:, c], axis=0) * MEAN_OVER_MEDIAN for s in found]
        shapes[component], level = _fit_shape([s.frequency for s in found], medians)
        levels.append(level)
    within = [
        np.log((s.power[:, c] / shapes[name].density(s.frequency)).mean(axis=-1)) / 2
        for s in found
        for c, name in enumerate(COMPONENTS)
    ]
    noise = HighRateNoise(
        **{k: _rounded(v) for k, v in shapes.items()},
        station_spread=_four(np.sqrt(np.mean([_robust_variance(v) for v in within]))),
        network_spread=_four(np.mean(levels, axis=0).std(ddof=1)) if len(found) > 1 else 0.0,
        common_mode=_four(np.clip(np.mean([s.common for s in found]), 0, 1)),
    )
    return HighRateFit(noise, found, _ratios(found, noise, np.stack(levels)), left_out)


def _fit_shape(frequency: list[np.ndarray], power: list[np.ndarray]) -> tuple[PowerLaw, np.ndarray]:
    """Shape of the spectra and the logarithm of each record's amplitude relative to it."""

    def levels(shape: np.ndarray) -> list[float]:
        return [float((p / _form(f, shape)).mean()) for f, p in zip(frequency, power, strict=True)]

    def cost(shape: np.ndarray) -> float:
        parts = [
            (np.log(size * _form(f, shape)) + p / (size * _form(f, shape))).mean()
            for f, p, size in zip(frequency, power, levels(shape), strict=True)
        ]
        return float(np.mean(parts))

    best = minimize(cost, (np.log(0.05), 1.5), method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-9}).x
    size = 0.5 * np.log(levels(best))
    white = float(np.exp(size.mean()) * 1e3 / np.sqrt(2))
    return PowerLaw(
        white_mm=white, corner_hz=float(np.exp(best[0])), index=float(np.clip(best[1], 0, 3))
    ), size


def _form(frequency: np.ndarray, shape: np.ndarray) -> np.ndarray:
    return 1 + (np.exp(shape[0]) / frequency) ** np.clip(shape[1], 0, 3)


def _robust_variance(x: np.ndarray) -> float:
    return float((1.4826 * np.median(np.abs(x - np.median(x)))) ** 2)


def _ratios(found: list[Spectra], noise: HighRateNoise, levels: np.ndarray) -> dict[str, tuple[float, ...]]:
    """Spectra of records over the model brought to each record's level (component, record)."""
    out = {}
    for c, name in enumerate(COMPONENTS):
        law: PowerLaw = getattr(noise, name)
        bands: list[list[float]] = [[], [], []]
        for s, level in zip(found, levels[c] - levels[c].mean(), strict=True):
            model = law.density(s.frequency) * np.exp(2 * level)
            ratio = np.median(s.power[:, c], axis=0) * MEAN_OVER_MEDIAN / model
            band = np.digitize(s.frequency, (0.03, 0.1))
            for k in np.unique(band):
                bands[k].append(float(np.log(ratio[band == k]).mean()))
        out[name] = tuple(_four(np.exp(np.mean(b))) for b in bands)
    return out


def _rounded(law: PowerLaw) -> PowerLaw:
    return PowerLaw(**{k: _four(v) for k, v in law.model_dump().items()})


def _four(x: float) -> float:
    return float(f"{x:.4g}")
