"""Levenberg-Marquardt within bounds, for many starting points at once (Levenberg 1944, Marquardt 1963)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

#: ``fields(x (n, k), row (n,)) -> residuals (n, p)``; `row` numbers the starting points.
Residuals = Callable[[np.ndarray, np.ndarray], np.ndarray]

_STEP = 1e-6  # of the finite differences: coordinates are of order 1
_LARGEST_DAMPING = 1e12


@dataclass
class Fit:
    """Result of `minimise`.

    Parameters
    ----------
    x : ndarray, shape (n, k)
        Best point of every start.
    cost : ndarray, shape (n,)
        Half the sum of squared residuals there.
    normal : ndarray, shape (n, k, k)
        J' J at the last point where it was worked out, J the Jacobian.
    converged : ndarray of bool, shape (n,)
        Whether the last step no longer changed the cost.
    """

    x: np.ndarray
    cost: np.ndarray
    normal: np.ndarray
    converged: np.ndarray


def minimise(
    residuals: Residuals, start: np.ndarray, low: float, high: float, rounds: int, tolerance: float = 1e-9
) -> Fit:
    """Minimise the sum of squares from every start; each is independent of the others.

    Parameters
    ----------
    residuals : callable
        The residuals of some of the starts.
    start : ndarray, shape (n, k)
        Starting points within the bounds.
    low, high : float
        Bounds of every coordinate. A coordinate at a bound whose gradient points outwards stays there.
    rounds : int
        Most iterations (one Jacobian by forward differences each).
    tolerance : float
        A start ends when a step changes its cost relatively by less.
    """
    n, k = start.shape
    x = np.clip(start, low, high)
    value = residuals(x, np.arange(n))
    fit = Fit(x, (value**2).sum(axis=1) / 2, np.zeros((n, k, k)), np.zeros(n, bool))
    damping, gradient = np.full(n, 1e-3), np.zeros((n, k))
    fresh = np.ones(n, bool)  # whether the point moved since its Jacobian was worked out
    for _ in range(rounds):
        at = np.flatnonzero(~fit.converged)
        if not len(at):
            break
        moved = at[fresh[at]]
        if len(moved):
            jacobian = _jacobian(residuals, x[moved], value[moved], moved, high)
            fit.normal[moved] = jacobian @ jacobian.swapaxes(1, 2)
            gradient[moved] = (jacobian @ value[moved, :, None])[..., 0]
        step = _step(fit.normal[at], gradient[at], damping[at], x[at], low, high)
        tried = np.clip(x[at] + step, low, high)
        found = residuals(tried, at)
        cost = (found**2).sum(axis=1) / 2
        better = cost < fit.cost[at]
        change = (fit.cost[at] - cost) / np.maximum(fit.cost[at], 1e-300)
        fit.converged[at] = (better & (change < tolerance)) | (damping[at] > _LARGEST_DAMPING)
        damping[at] = np.where(better, np.maximum(damping[at] / 5, 1e-12), damping[at] * 4)
        good = at[better]
        x[good], value[good], fit.cost[good] = tried[better], found[better], cost[better]
        fresh[at] = better
    return fit


def _jacobian(
    residuals: Residuals, x: np.ndarray, value: np.ndarray, row: np.ndarray, high: float
) -> np.ndarray:
    """Derivatives (n, k, p) of the residuals."""
    n, k = x.shape
    step = np.where(x + _STEP > high, -_STEP, _STEP)
    moved = x[:, None, :] + np.eye(k) * step[:, None, :]
    shifted = residuals(moved.reshape(n * k, k), np.repeat(row, k)).reshape(n, k, -1)
    return (shifted - value[:, None]) / step[:, :, None]


def _step(
    normal: np.ndarray, gradient: np.ndarray, damping: np.ndarray, x: np.ndarray, low: float, high: float
) -> np.ndarray:
    """Damped Gauss-Newton steps of the coordinates that are free to move."""
    k = normal.shape[1]
    held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
    scale = np.einsum("nii->ni", normal)
    scale = np.maximum(scale, 1e-12 * scale.max(axis=1, keepdims=True) + 1e-300)
    left = normal + np.eye(k) * (damping[:, None] * scale)[:, None, :]
    free = ~held
    left = np.where(free[:, :, None] & free[:, None, :], left, np.eye(k) * scale[:, None, :])
    right = np.where(free, -gradient, 0.0)
    # scaled to a unit diagonal: the coordinates' sensitivities differ by many orders of magnitude
    root = np.sqrt(np.einsum("nii->ni", left))
    unit = left / (root[:, :, None] * root[:, None, :])
    return np.linalg.solve(unit, (right / root)[..., None])[..., 0] / root
