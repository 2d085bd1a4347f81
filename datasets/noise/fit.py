"""Parameters of the parametric noise from real residuals, by maximum likelihood on windows with gaps.

The model is `parametric`'s: covariance in time times correlation in space. It is fitted in two steps:

1. Amplitudes, per component: the restricted likelihood of every station's window by itself (a composite
   likelihood: stations depend on each other, which leaves the estimates consistent and enters their errors).
2. Correlation: the restricted likelihood of whole windows, all stations together, under the covariance in
   time of step 1. Every station is first scaled by its own size, so that noisy stations do not outweigh.

Fitting everything in one likelihood would let a misfit of the correlation pull the amplitudes away from what
single stations show. Standard errors have windows as independent groups, so they hold for dependent stations
and a model that is only nearly true. After Langbein (2004), Williams et al. (2004) and Bos et al. (2013), who
fit single stations.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.noise.estimate import Estimate, most_likely
from slipbench.datasets.noise.gaps import Window, Windows, cut_windows
from slipbench.datasets.noise.likelihood import InTime, space_cost, station_scales, time_cost
from slipbench.datasets.noise.parametric import (
    Amplitudes,
    ParametricNoise,
    space_correlation,
    time_covariance,
)
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.readers.residuals import Residuals

COMPONENTS = ("east", "north", "up")
AMPLITUDES = ("white_mm", "flicker_mm", "random_walk_mm")
CORRELATION = ("common_mode", "local", "correlation_km")
_SHORTEST_KM = 2.0
_STEPS = 4
_DIFFERENCE = 1e-5

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class NoiseFit:
    """Fitted noise.

    Parameters
    ----------
    options : ParametricNoise
        The estimates.
    errors : dict
        Standard error by dotted name (``east.white_mm``, ``local``); NaN where the estimate is at a bound.
    log_likelihood : dict
        Restricted log-likelihood up to a constant: ``east``, ``north``, ``up`` (stations taken as
        independent), ``correlation`` (all components).
    spread : dict
        10 %, 50 % and 90 % quantile of the sizes of single series relative to the model, by component.
    windows : Windows
        What was fitted to.
    scaled : tuple of three lists of Window
        The same with every series scaled to the covariance in time.
    times : tuple of InTime
        That covariance, by component.
    """

    options: ParametricNoise
    errors: dict[str, float]
    log_likelihood: dict[str, float]
    spread: dict[str, tuple[float, ...]]
    windows: Windows
    scaled: tuple[list[Window], ...]
    times: tuple[InTime, ...]


def fit_noise(
    residuals: Residuals,
    n_days: int = 128,
    coverage: float = 0.9,
    history_days: int = 365,
    progress: Progress = lambda detail, done, total: None,
) -> NoiseFit:
    """Fit amplitudes and correlations.

    The amplitudes are those of the mean variance over stations. Series whose variance is more than 16 times
    the median of their window are left out.

    Parameters
    ----------
    residuals : Residuals
        Real or simulated residuals in mm, with gaps.
    n_days : int
        Length of the windows. Flicker and random walk differ at the longest periods only.
    coverage : float
        Least share of its days that a station has in a window.
    history_days : int
        Days of flicker and random walk before a window, as in `ParametricNoise`; not fitted.
    progress : callable
        Told (what is done now, steps done, steps in all) before every evaluation of a likelihood.

    Raises
    ------
    InputError
        When too little is left for a fit.
    """
    windows = cut_windows(residuals, n_days, coverage)
    found: dict[str, object] = {"history_days": history_days}
    errors: dict[str, float] = {}
    likelihood: dict[str, float] = {}
    spread: dict[str, tuple[float, ...]] = {}
    scaled: list[list[Window]] = []
    times: list[InTime] = []

    def seen(step: int, name: str) -> Callable[[int], None]:
        return lambda n: progress(f"{name}, evaluation {n}", step, _STEPS)

    with one_blas_thread():
        parts = time_parts(n_days, history_days)
        for step, (name, group) in enumerate(zip(COMPONENTS, windows.components, strict=True)):
            best = _fit_time(parts, group, seen(step, name))
            amplitude = np.sqrt(best.values)
            error = best.errors / (2 * np.maximum(amplitude, 1e-12))  # of the root of a variance
            found[name] = Amplitudes(**dict(zip(AMPLITUDES, amplitude.tolist(), strict=True)))
            errors |= {f"{name}.{k}": float(e) for k, e in zip(AMPLITUDES, error, strict=True)}
            likelihood[name] = best.log_likelihood
            time = InTime.of(np.einsum("k,kij->ij", best.values, parts))
            sizes = [station_scales(w, time) for w in group]
            spread[name] = tuple(np.quantile(np.concatenate(sizes), [0.1, 0.5, 0.9]).tolist())
            scaled.append([replace(w, values=w.values / s) for w, s in zip(group, sizes, strict=True)])
            times.append(time)
        best = _fit_space(residuals, scaled, times, seen(3, "correlation"))
    progress("", _STEPS, _STEPS)
    length = np.exp(best.values[2])
    found |= dict(zip(CORRELATION, [*best.values[:2].tolist(), float(length)], strict=True))
    errors |= {k: float(e) for k, e in zip(CORRELATION, best.errors * [1, 1, length], strict=True)}
    likelihood["correlation"] = best.log_likelihood
    options = ParametricNoise.model_validate(found)
    return NoiseFit(options, errors, likelihood, spread, windows, tuple(scaled), tuple(times))


def time_parts(n_days: int, history_days: int) -> np.ndarray:
    """Covariance in time (3, d, d) of white noise, flicker and random walk of amplitude 1."""
    units = [{k: float(k == name) for k in AMPLITUDES} for name in AMPLITUDES]
    return np.stack([time_covariance(Amplitudes(**unit), n_days, history_days) for unit in units])


def _fit_time(parts: np.ndarray, windows: list[Window], seen: Callable[[int], None]) -> Estimate:
    """Variances of the parts of one component."""
    d = parts.shape[1]
    about_mean = np.einsum("kij,ij->k", parts, np.eye(d) - 1 / d) / d
    level = sum((w.values**2).sum() for w in windows) / sum(w.there.sum() for w in windows)
    unit = level / about_mean  # of each part, to explain all by itself

    def costs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cost, slope = time_cost(parts, x * unit, windows)
        return cost, slope * unit

    # a little white noise keeps the covariance regular
    best = most_likely(costs, np.full(3, 1 / 3), [(1e-6, None), (0, None), (0, None)], seen)
    return Estimate(best.values * unit, best.errors * unit, best.log_likelihood)


def _fit_space(
    residuals: Residuals, scaled: list[list[Window]], times: list[InTime], seen: Callable[[int], None]
) -> Estimate:
    """Common mode, local share and logarithm of the length in km, from all components together."""

    def correlation(x: np.ndarray) -> np.ndarray:
        options = ParametricNoise(common_mode=x[0], local=x[1], correlation_km=float(np.exp(x[2])))
        return space_correlation(residuals.lat, residuals.lon, options)

    def costs(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        slopes = []
        for k in range(3):  # differences of the one model, one-sided where a share ends
            low, high = x.copy(), x.copy()
            low[k] -= _DIFFERENCE if k == 2 or x[k] > _DIFFERENCE else 0
            high[k] += _DIFFERENCE if k == 2 or x[k] < 1 - _DIFFERENCE else 0
            slopes.append((correlation(high) - correlation(low)) / (high[k] - low[k]))
        here, bent = correlation(x), np.stack(slopes)
        each = [space_cost(here, bent, group, time) for group, time in zip(scaled, times, strict=True)]
        return np.sum([c for c, _ in each], axis=0), np.sum([s for _, s in each], axis=0)

    used = np.unique(np.concatenate([w.stations for group in scaled for w in group]))
    lat, lon = residuals.lat[used], residuals.lon[used]
    extent = float(ground_distance(lat[:, None], lon[:, None], lat, lon).max()) / 1e3
    # what decays over more than half of the network looks like a common mode, and is called one
    longest = np.log(max(extent / 2, 2 * _SHORTEST_KM))
    # inside of these the correlation is regular
    bounds = [(0.0, 0.95), (1e-3, 1.0), (np.log(_SHORTEST_KM), longest)]
    return most_likely(costs, np.array([0.2, 0.4, min(np.log(200.0), longest)]), bounds, seen)
