"""Offsets that no source explains to within their noise: a share of the signal as a further error.

Real earthquakes are no uniform rectangles in a uniform half-space. What that leaves grows with the motion
itself, so every station gets an independent further error of a share of its own offset. The share is the one
under which the offsets are most likely at their best source, and none where the noise alone will do.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import solve_triangular

from slipbench.benchmarks.limits.least_squares import Fit
from slipbench.benchmarks.limits.offsets import Offsets, Whitening
from slipbench.benchmarks.limits.posterior import Event, modes
from slipbench.benchmarks.limits.problem import Problem

#: Shares that are tried, the largest first: its misfit is the smoothest, and leads to the next one's.
SHARES = (0.4, 0.2, 0.1, 0.05, 0.02, 0.01, 0.0)
#: Deviations of chi-squared beyond its expectation at which the noise alone will not do.
_SURPRISING = 5.0


def blurred(offsets: Offsets, share: float) -> Offsets:
    """The same offsets with a further error of `share` of each station's own motion."""
    if not share:
        return offsets
    size = share**2 * (offsets.values**2).sum(axis=0)
    covariances = []
    for factor in offsets.whitening.factors:
        if factor.ndim == 1:
            covariances.append(np.diag(factor**-2.0 + size))
            continue
        root = solve_triangular(factor, np.eye(len(factor)), lower=True)
        covariances.append(root @ root.T + np.diag(np.tile(size, len(factor) // len(size))))
    return replace(offsets, whitening=Whitening.of(covariances))


def surprising(fit: Fit, offsets: Offsets) -> bool:
    """Whether the best of some modes misses the offsets by more than their errors allow."""
    n = offsets.values.size
    return bool(2 * fit.cost.min() > n + _SURPRISING * np.sqrt(2 * n))


def explained(
    problem: Problem, offsets: Offsets, start: np.ndarray, shares: Sequence[float] = SHARES
) -> tuple[float, Offsets, Fit]:
    """The share that makes the offsets most likely.

    Parameters
    ----------
    problem : Problem
        Stations and prior.
    offsets : Offsets
        With their noise alone.
    start : ndarray, shape (n, 8)
        Standard normal coordinates to begin from.
    shares : sequence of float
        Descending.

    Returns
    -------
    tuple
        The share, the offsets with that error, and the modes under it.
    """
    best: tuple[float, Offsets, Fit] | None = None
    most = -np.inf
    for share in shares:
        tried = blurred(offsets, share)
        found = modes(Event(problem.at(offsets.stations), problem.prior, tried), start)
        likely = log_determinant(tried.whitening) - found.cost.min()
        if likely > most:
            most, best = likely, (share, tried, found)
        start = found.x
    assert best is not None
    return best


def log_determinant(whitening: Whitening) -> float:
    """Of the whitening, all components together: minus half that of the covariance."""
    diagonals = [f if f.ndim == 1 else np.diag(f) for f in whitening.factors]
    return float(sum(np.log(d).sum() for d in diagonals))
