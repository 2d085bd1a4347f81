"""Time-ordered tasks: the smoothed rate of a self-exciting catalogue, with what stations and catalogues tell.

The catalogue is an epidemic-type aftershock sequence (Ogata 1988) in steps of one day. Its features imitate
the nowcast's: a- and b-like summaries of a trailing window, the day, and components of daily images, which
are autocorrelated, drift, and in part follow the seismicity.
"""

from dataclasses import dataclass

import numpy as np

#: Days before the first row, in which the process settles.
SETTLING = 120
_B, _M_MAX = 1.0, 4.0
#: Omori's law with p about 1.1 as a sum of exponentials: mean delays (days) and weights that sum to 1.
_DELAYS = np.array([0.5, 3.0, 18.0, 110.0])
_WEIGHTS = np.array([0.45, 0.27, 0.17, 0.11])
_MOST_A_DAY = 60


@dataclass(frozen=True)
class Sequences:
    """Daily catalogues of several tasks; all arrays have the shape (tasks, days).

    Parameters
    ----------
    rate : array
        Expected events of the day given the days before.
    counts : array
        Events of the day above the completeness magnitude.
    excess : array
        Sum over the day's events of magnitude minus completeness.
    """

    rate: np.ndarray
    counts: np.ndarray
    excess: np.ndarray


def simulate(n_tasks: int, n_days: int, rng: np.random.Generator) -> Sequences:
    """Self-exciting counts: every event adds ``10**(alpha m)`` to the days after it, m above completeness.

    The mean number of direct aftershocks of an event is drawn in 0.3 ... 0.9, the background in
    0.1 ... 3 events a day, alpha in 0.5 ... 0.9 (b = 1). A day has at most 60 events.
    """
    background = 10 ** rng.uniform(-1, 0.5, n_tasks)
    alpha = rng.uniform(0.5, 0.9, n_tasks)
    # mean of 10**(alpha m) over the truncated Gutenberg-Richter law
    mean = _B / (_B - alpha) * -np.expm1((alpha - _B) * _M_MAX * np.log(10))
    productivity = rng.uniform(0.3, 0.9, n_tasks) / mean
    decay = np.exp(-1 / _DELAYS)
    state = np.zeros((n_tasks, len(_DELAYS)))
    rate, counts, excess = np.empty((3, n_tasks, n_days))
    for day in range(n_days):
        rate[:, day] = background + state.sum(1)
        n = np.minimum(rng.poisson(np.minimum(rate[:, day], _MOST_A_DAY)), _MOST_A_DAY)
        happened = np.arange(_MOST_A_DAY) < n[:, None]
        m = -np.log10(1 - rng.random((n_tasks, _MOST_A_DAY)) * (1 - 10 ** (-_B * _M_MAX))) / _B
        offspring = (productivity[:, None] * 10 ** (alpha[:, None] * m) * happened).sum(1)
        state = state * decay + offspring[:, None] * _WEIGHTS * (1 - decay)
        counts[:, day], excess[:, day] = n, (m * happened).sum(1)
    return Sequences(rate, counts, excess)


def seismic_tasks(
    n_tasks: int, n_rows: int, n_features: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw tasks; rows are consecutive days in time order.

    The target is the two-sided or one-sided (causal) kernel estimate of the daily count, or the count of the
    next days, in half of the tasks in logarithms. Columns are shuffled, so a table may lack any of them.

    Returns
    -------
    x : (n_tasks, n_rows, n_features) float64 array
        NaN where a day's images are missing.
    y : (n_tasks, n_rows) float64 array
    """
    ahead = 30
    catalogue = simulate(n_tasks, SETTLING + n_rows + ahead, rng)
    rows = slice(SETTLING, SETTLING + n_rows)
    y = _targets(catalogue.counts, rng)[:, rows]
    columns = [*_summaries(catalogue, rows, rng), np.broadcast_to(np.arange(n_rows) / 100, y.shape)]
    images = _components(catalogue, rows, max(1, n_features - 1), rng)
    known = np.stack(columns, axis=2)
    # the summaries come first in half of the tasks, so that narrow tables hold them too
    first = rng.random((n_tasks, 1)) < 0.5
    x = np.concatenate([known, images], axis=2)
    key = rng.random((n_tasks, x.shape[2])) - (first & (np.arange(x.shape[2]) < known.shape[2]))
    order = np.argsort(key, axis=1)[:, :n_features]
    shuffle = np.argsort(rng.random(order.shape), axis=1)
    order = np.take_along_axis(order, shuffle, axis=1)
    return np.take_along_axis(x, order[:, None, :], axis=2), y


def _targets(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Smoothed rates (events a day) of whole catalogues; see `seismic_tasks`."""
    n_tasks, n_days = counts.shape
    lag = np.arange(n_days) - np.arange(n_days)[:, None]  # of the event's day (rows) behind the label's
    out = np.empty(counts.shape)
    for task in range(n_tasks):
        kind, width = rng.integers(0, 3), 10 ** rng.uniform(0.5, 1.3)
        if kind == 2:
            kernel = (lag < 0) & (lag >= -round(width))
        else:
            kernel = np.exp(-0.5 * (lag / width) ** 2) * ((lag >= 0) | (kind == 0))
        out[task] = counts[task] @ kernel / kernel[n_days // 2].sum()
    logged = rng.random((n_tasks, 1)) < 0.5
    return np.where(logged, np.log10(out + 0.05), out)


def _trailing(values: np.ndarray, days: int) -> np.ndarray:
    """Sums over the last `days` days, the own day included."""
    total = np.cumsum(values, axis=1)
    return total - np.pad(total, ((0, 0), (days, 0)))[:, : values.shape[1]]


def _summaries(catalogue: Sequences, rows: slice, rng: np.random.Generator) -> list[np.ndarray]:
    """a-like (log of the count) and b-like (Aki 1965; NaN below 5 events) values of a trailing window."""
    days = int(rng.integers(10, SETTLING))
    n, excess = _trailing(catalogue.counts, days)[:, rows], _trailing(catalogue.excess, days)[:, rows]
    b = np.where(n < 5, np.nan, np.log10(np.e) * n / np.maximum(excess, 0.05 * n + 1e-9))
    return [np.log10(n + 0.5), b]


def _components(catalogue: Sequences, rows: slice, n: int, rng: np.random.Generator) -> np.ndarray:
    """`n` image components (tasks, days, n): red noise of a falling spectrum, drift, coupling to the rate.

    A component follows either the cumulative number of events (co- and post-seismic steps) or a smoothed
    logarithm of the rate (shared transients), with random sign and strength; many follow neither.
    """
    n_tasks, n_days = catalogue.counts.shape
    memory = np.exp(-1 / 10 ** rng.uniform(0, 2, (n_tasks, 1, n)))
    noise = rng.standard_normal((n_tasks, n_days, n)) * np.sqrt(1 - memory**2)
    red = np.empty_like(noise)
    red[:, 0] = noise[:, 0]
    for day in range(1, n_days):
        red[:, day] = memory[:, 0] * red[:, day - 1] + noise[:, day]
    red = red[:, rows]
    moved = _unit(np.cumsum(catalogue.excess, axis=1)[:, rows])
    activity = _unit(np.log10(_trailing(catalogue.rate, int(rng.integers(1, 30)))[:, rows]))
    kind = rng.integers(0, 4, (n_tasks, 1, n))
    strength = rng.standard_normal((n_tasks, 1, n)) * 10 ** rng.uniform(-1, 0.3, (n_tasks, 1, 1))
    followed = np.select([kind == 0, kind == 1], [moved[..., None], activity[..., None]], 0.0)
    drift = np.linspace(-1, 1, red.shape[1])[:, None] * rng.standard_normal((n_tasks, 1, n))
    x = red + strength * followed + drift * (rng.random((n_tasks, 1, n)) < 0.3)
    x *= np.arange(1, n + 1) ** -rng.uniform(0, 1, (n_tasks, 1, 1))
    missing = rng.random((n_tasks, 1)) < 0.3
    gap = rng.random((n_tasks, 2)) * [1, 0.2] * red.shape[1]
    days = np.arange(red.shape[1])
    missing = missing & (days >= gap[:, :1]) & (days < gap.sum(1, keepdims=True))
    return np.where(missing[..., None], np.nan, x)


def _unit(values: np.ndarray) -> np.ndarray:
    return (values - values.mean(1, keepdims=True)) / (values.std(1, keepdims=True) + 1e-6)
