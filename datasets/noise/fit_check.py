"""How well fitted noise describes residuals: spectra, and correlation against distance."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from slipbench.datasets.noise.fit import COMPONENTS, NoiseFit
from slipbench.datasets.noise.gaps import Window, Windows
from slipbench.datasets.noise.likelihood import InTime
from slipbench.datasets.noise.parametric import ParametricNoise, space_correlation, time_covariance
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.projection import EARTH_RADIUS_M
from slipbench.datasets.readers.residuals import Residuals

#: Bands in which spectra are compared, by their longest and shortest period in days.
BANDS = ((np.inf, 30.0), (30.0, 5.0), (5.0, 2.0))
DISTANCE_KM = np.array([0, 5, 25, 50, 75, 100, 150, 200, 300, 400, 500, 600, 800, 1000, 1400, 2000.0])
_FEWEST_PAIRS = 10
_INNER = slice(1, -1)  # the highest frequency has no other side where the number of days is even


@dataclass(frozen=True)
class FitCheck:
    """Data and model side by side.

    Parameters
    ----------
    frequency : ndarray, shape (f,)
        Cycles a day, without zero and the highest.
    data_psd, model_psd : ndarray, shape (3, f)
        One-sided, mm^2 day; the model's is what its own series give on average, treated alike.
    ratio : dict
        Data over model, geometric mean in each of `BANDS`, by component; NaN where windows hold none.
    distance_km : ndarray, shape (b,)
        Mean distance of the pairs in each class that has 10 or more.
    data_correlation : ndarray, shape (3, b)
        Mean over pairs.
    model_correlation : ndarray, shape (b,)
        The same mean of the model.
    """

    frequency: np.ndarray
    data_psd: np.ndarray
    model_psd: np.ndarray
    ratio: dict[str, tuple[float, ...]]
    distance_km: np.ndarray
    data_correlation: np.ndarray
    model_correlation: np.ndarray


def check_fit(fit: NoiseFit, residuals: Residuals) -> FitCheck:
    """Compare the fit with the windows that it was made from."""
    frequency, data = spectra(fit.windows)
    model = model_spectra(fit.options, fit.windows.n_days)
    period = 1 / frequency
    ratio = {}
    for c, name in enumerate(COMPONENTS):
        log = np.log(data[c] / model[c])
        in_band = [(period <= longest) & (period > shortest - 1e-9) for longest, shortest in BANDS]
        ratio[name] = tuple(float(np.exp(log[b].mean())) if b.any() else np.nan for b in in_band)
    km, correlation, expected = correlations(fit, residuals)
    return FitCheck(frequency, data, model, ratio, km, correlation, expected)


def spectra(windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Mean one-sided spectra of the series without gaps, Hann taper, mean taken out.

    Returns
    -------
    tuple
        Frequency (f,) in cycles a day, without zero and the highest, and spectra (3, f) in mm^2 day; NaN for
        a component without a whole series.
    """
    taper = np.hanning(windows.n_days)
    frequency = np.fft.rfftfreq(windows.n_days)[_INNER]
    out = np.full((3, len(frequency)), np.nan)
    for c, group in enumerate(windows.components):
        whole = np.concatenate([w.values[:, w.there.all(axis=0)] for w in group], axis=1)
        if whole.shape[1]:
            tapered = (whole - whole.mean(axis=0)) * taper[:, None]
            out[c] = _one_sided((np.abs(np.fft.rfft(tapered, axis=0)) ** 2).mean(axis=1), taper)
    return frequency, out


def model_spectra(options: ParametricNoise, n_days: int) -> np.ndarray:
    """What `spectra` is on average for noise of these parameters, shape (3, f)."""
    taper = np.hanning(n_days)
    keep = np.eye(n_days) - 1 / n_days
    out = []
    for name in COMPONENTS:
        covariance = keep @ time_covariance(getattr(options, name), n_days, options.history_days) @ keep
        turned = np.fft.rfft(taper[:, None] * covariance * taper, axis=0)
        waves = np.exp(2j * np.pi * np.outer(np.fft.rfftfreq(n_days), np.arange(n_days)))
        out.append(_one_sided((turned * waves).sum(axis=1).real, taper))
    return np.stack(out)


def _one_sided(power: np.ndarray, taper: np.ndarray) -> np.ndarray:
    return 2 * power[_INNER] / (taper**2).sum()


def correlations(fit: NoiseFit, residuals: Residuals) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Correlation between stations by distance, with time whitened by the fit as its likelihood has it.

    Only series without a gap enter.

    Returns
    -------
    tuple
        Mean distance in km (b,), data (3, b), model (b,).
    """
    m = len(residuals.lat)
    pair = np.triu_indices(m, 1)
    km = pair_distances(residuals)[pair]
    pairs = np.stack([_pairs(g, t, m)[pair] for g, t in zip(fit.scaled, fit.times, strict=True)])
    model = space_correlation(residuals.lat, residuals.lon, fit.options)[pair]
    rows = []
    for low, high in pairwise(DISTANCE_KM):
        inside = (km >= low) & (km < high) & np.isfinite(pairs).all(axis=0)
        if inside.sum() >= _FEWEST_PAIRS:
            rows.append([km[inside].mean(), *pairs[:, inside].mean(axis=1), model[inside].mean()])
    table = np.array(rows).reshape(-1, 5).T
    return table[0], table[1:4], table[4]


def pair_distances(residuals: Residuals) -> np.ndarray:
    """Distances (m, m) in km; NaN without coordinates."""
    lat, lon = residuals.lat, residuals.lon
    return ground_distance(lat[:, None], lon[:, None], lat, lon) / 1e3


def correlation_at(options: ParametricNoise, km: np.ndarray) -> np.ndarray:
    """The model's correlation of stations at distances (b,) in km, all above zero."""
    lat = np.rad2deg(np.concatenate([[0.0], km]) * 1e3 / EARTH_RADIUS_M)
    return space_correlation(lat, np.zeros(len(lat)), options)[0, 1:]


def _pairs(group: list[Window], time: InTime, m: int) -> np.ndarray:
    """Mean correlation (m, m) over windows; NaN for pairs never seen together."""
    total, count = np.zeros((m, m)), np.zeros((m, m))
    for window in group:
        whole = window.there.all(axis=0)
        x, at = window.values[:, whole], np.ix_(window.stations[whole], window.stations[whole])
        total[at] += x.T @ time.projector @ x / (len(x) - 1)
        count[at] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
