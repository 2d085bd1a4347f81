"""Temporal ETAS fitted to a catalogue by maximum likelihood, and what it expects next (Ogata 1988).

The Omori-Utsu law is written as a sum of exponentials, so the rate at every event follows from the one before
and the likelihood costs as much as there are events, not as their pairs.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular, toeplitz
from scipy.optimize import minimize
from scipy.special import digamma, gamma

# (t + c)^-p = 1/Gamma(p) times the integral of exp(p u - e^u (t + c)) over u, by the trapezoid rule: relative
# errors below 1e-4 for delays up to a year and 3e-4 up to 30 years, for all c and p within _BOUNDS.
_STEP = 0.6
_U = np.arange(-17.4, 10.3, _STEP)
_DECAY = np.exp(_U)

#: background, productivity, alpha, c, p - 1; the search runs over the logarithms of all but alpha.
_START = (np.nan, 0.02, 0.8, 0.02, 0.15)
_BOUNDS = ((1e-6, 1e4), (1e-8, 1e2), (0.0, 3.0), (1e-3, 10.0), (0.005, 2.0))
_LOGARITHMIC = np.array([True, True, False, True, True])


@dataclass(frozen=True)
class TemporalEtas:
    """``rate(t) = background + sum of productivity 10^(alpha (M - mc)) (t - t_i + c)^-p`` (Ogata 1988).

    Parameters
    ----------
    background : float
        Background events a day.
    productivity, alpha : float
        Size of an aftershock sequence at `mc`, and its growth with magnitude.
    c, p : float
        Omori-Utsu law; c in days, p > 1.
    mc : float
        Smallest magnitude.
    mean_weight : float
        Mean of ``10^(alpha (M - mc))`` over the events of the fit; what an event of unknown magnitude counts.
    log_likelihood : float
        Of the fit.
    """

    background: float
    productivity: float
    alpha: float
    c: float
    p: float
    mc: float
    mean_weight: float = 1.0
    log_likelihood: float = float("nan")

    def branching_ratio(self, days: float) -> float:
        """Mean number of direct aftershocks of one event within `days`.

        Over all times it says little: where p is near 1 most of them fall far outside any catalogue.
        """
        within = self.c ** (1 - self.p) - (days + self.c) ** (1 - self.p)
        return self.productivity * self.mean_weight * within / (self.p - 1)

    def expected(self, time: np.ndarray, magnitude: np.ndarray, at: np.ndarray, days: int) -> np.ndarray:
        """Expected number of events on each of the coming days, aftershocks of coming events among them.

        Parameters
        ----------
        time, magnitude : ndarray, shape (n,)
            Catalogue in ascending order of time, days since 1970-01-01 UTC, all of at least `mc`.
        at : ndarray, shape (k,)
            Forecast times in ascending order; only events before its own time enter a forecast.
        days : int
            Days from each forecast time on.

        Returns
        -------
        ndarray, shape (k, days)
        """
        kernel = _kernel(self.c, self.p)[0]
        state, known = np.zeros((len(at), len(_U))), np.zeros(len(_U))
        weight = 10 ** (self.alpha * (magnitude - self.mc))
        begin, last = 0, -np.inf
        for row, when in enumerate(at):
            end = int(np.searchsorted(time, when, side="left"))
            since = np.exp(-_DECAY * (when - time[begin:end, None]))
            known = known * np.exp(-_DECAY * (when - last)) + weight[begin:end] @ since
            state[row], begin, last = known, end, when
        of_day = -np.expm1(-_DECAY) / _DECAY * np.exp(-_DECAY * np.arange(days)[:, None])
        direct = self.background + self.productivity * (of_day * kernel) @ state.T
        # Coming events trigger too; as they fall evenly on their day, the law is averaged over both days.
        lag = np.exp(-_DECAY * np.arange(days - 1)[:, None]) * (np.expm1(-_DECAY) / _DECAY) ** 2
        same = (_DECAY + np.expm1(-_DECAY)) / _DECAY**2
        children = self.productivity * self.mean_weight * np.concatenate([[same @ kernel], lag @ kernel])
        matrix = np.eye(days) - toeplitz(children, np.zeros(days))
        return solve_triangular(matrix, direct, lower=True).T


def fit_etas(
    time: np.ndarray, magnitude: np.ndarray, mc: float, start: float, end: float, iterations: int = 200
) -> TemporalEtas:
    """Maximum-likelihood parameters for the events in [start, end); earlier ones only trigger.

    Parameters
    ----------
    time, magnitude : ndarray, shape (n,)
        Catalogue in ascending order of time (days), all of at least `mc`; events from `end` on are ignored.
    mc : float
        Smallest magnitude.
    start, end : float
        Days between which the events are explained.
    iterations : int
        Most steps of the search.

    Raises
    ------
    ValueError
        For fewer than 30 events in that time.
    """
    known = time < end
    time, size = time[known], magnitude[known] - mc
    explained = int((time >= start).sum())
    if explained < 30:
        raise ValueError(f"{explained} events to fit ETAS to, 30 are needed")
    likelihood = _Likelihood(time, size, start, end)
    first = np.array([0.5 * explained / (end - start), *_START[1:]])
    low, high = np.array(_BOUNDS).T
    found = minimize(
        likelihood.negative,
        _searched(np.clip(first, low, high)),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(_searched(low), _searched(high), strict=True)),
        options={"maxiter": iterations},
    )
    background, productivity, alpha, c, q = _natural(found.x)
    mean_weight = float(np.mean(10 ** (alpha * size[time >= start])))
    return TemporalEtas(background, productivity, alpha, c, 1 + q, mc, mean_weight, -float(found.fun))


def _searched(natural: np.ndarray) -> np.ndarray:
    return np.where(_LOGARITHMIC, np.log(np.where(_LOGARITHMIC, natural, 1.0)), natural)


def _natural(searched: np.ndarray) -> tuple[float, ...]:
    return tuple(np.where(_LOGARITHMIC, np.exp(np.where(_LOGARITHMIC, searched, 0.0)), searched).tolist())


def _kernel(c: float, p: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights of the exponentials of (t + c)^-p, and their derivatives by c and p."""
    weight = _STEP * np.exp(p * _U - _DECAY * c) / gamma(p)
    return weight, -_DECAY * weight, (_U - digamma(p)) * weight


class _Likelihood:
    """Log-likelihood of one catalogue as a function of the searched parameters."""

    def __init__(self, time: np.ndarray, size: np.ndarray, start: float, end: float) -> None:
        self._size, self._explained, self._length = size, time >= start, end - start
        self._until = np.stack([end - time, np.maximum(start - time, 0.0)])
        self._fade = np.exp(-_DECAY * np.diff(time, prepend=time[0])[:, None])

    def negative(self, searched: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the log-likelihood and its gradient."""
        background, productivity, alpha, c, q = _natural(searched)
        kernel, by_c, by_p = _kernel(c, 1 + q)
        weight = 10 ** (alpha * self._size)
        weights = np.stack([weight, np.log(10) * self._size * weight], axis=1)
        plain, grown = self._histories(weights)
        sums = [plain @ kernel, grown @ kernel, plain @ by_c, plain @ by_p]
        rate = background + productivity * sums[0]
        mass, mass_by_c, mass_by_q = self._masses(c, q)
        total = background * self._length + productivity * (weight @ mass)
        value = np.log(rate).sum() - total
        gradient = [
            (1 / rate).sum() - self._length,
            (sums[0] / rate).sum() - weight @ mass,
            productivity * ((sums[1] / rate).sum() - weights[:, 1] @ mass),
            productivity * ((sums[2] / rate).sum() - weight @ mass_by_c),
            productivity * ((sums[3] / rate).sum() - weight @ mass_by_q),
        ]
        chain = np.where(_LOGARITHMIC, [background, productivity, 1.0, c, q], 1.0)
        return -float(value), -np.array(gradient) * chain

    def _histories(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Faded sums of the weights of earlier events at each explained event, for every exponential."""
        state = np.zeros((2, len(_U)))
        found = np.empty((len(weights), 2, len(_U)))
        for row, (fade, weight) in enumerate(zip(self._fade, weights[:, :, None], strict=True)):
            state = state * fade
            found[row] = state
            state += weight
        return found[self._explained, 0], found[self._explained, 1]

    def _masses(self, c: float, q: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Integral of (t + c)^-p over [start, end) for every event, and its derivatives by c and p."""
        x = self._until + c
        power = x**-q
        by_p = power * (np.log(x) / q + 1 / q**2)
        steep = power / x
        return (power[1] - power[0]) / q, steep[0] - steep[1], by_p[0] - by_p[1]
