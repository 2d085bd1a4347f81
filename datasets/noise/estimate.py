"""Maximum likelihood over independent groups, with standard errors of the sandwich form."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError
from scipy.optimize import minimize

from slipbench.datasets.errors import InputError

#: Log-likelihood that may be missing at the end; 0.5 is one standard error.
_STILL_TO_GAIN = 0.005

Costs = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Estimate:
    """Most likely parameters.

    Parameters
    ----------
    values : ndarray, shape (k,)
        The estimates.
    errors : ndarray, shape (k,)
        Standard errors; NaN where an estimate is at a bound, which then counts as known.
    log_likelihood : float
        At the estimates.
    """

    values: np.ndarray
    errors: np.ndarray
    log_likelihood: float


def most_likely(
    costs: Costs, start: np.ndarray, bounds: list[tuple[float, float | None]], seen: Callable[[int], None]
) -> Estimate:
    """Least sum of the groups' costs inside of bounds.

    Standard errors: H^-1 J H^-1 with the curvature H of the sum and the scatter J of the groups' slopes
    (Godambe 1960; Varin et al. 2011), times g / (g - 1). They need independent groups only.

    Parameters
    ----------
    costs : callable
        Parameters to -log L of every group, shape (g,), and its slope, shape (g, k).
    start : ndarray, shape (k,)
        Where to begin; the parameters' sizes should be of order 1.
    bounds : list of pairs
        Lowest and highest value; None for none.
    seen : callable
        Told the number of every evaluation before it is made.

    Raises
    ------
    InputError
        When the search ends away from a maximum.
    """
    count = 0

    def evaluate(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        nonlocal count
        count += 1
        seen(count)
        return costs(x)

    size = abs(float(evaluate(start)[0].sum()))

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        try:
            cost, slope = evaluate(x)
        except LinAlgError:  # too near to a singular covariance: a step too far
            return np.inf, np.zeros(len(x))
        return float(cost.sum()) / size, slope.sum(axis=0) / size

    best = minimize(
        objective, start, jac=True, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-10}
    ).x
    step = 1e-4 * np.maximum(np.abs(best), 0.05)
    low = np.array([b[0] for b in bounds])
    high = np.array([np.inf if b[1] is None else b[1] for b in bounds])
    free = np.flatnonzero((best - low > 2 * step) & (high - best > 2 * step))
    cost, score = evaluate(best)
    errors = np.full(len(best), np.nan)
    if len(free):
        moves = np.diag(step)[free]
        bent = np.stack(
            [(evaluate(best + m)[1] - evaluate(best - m)[1]).sum(axis=0)[free] / (2 * m.sum()) for m in moves]
        )
        inverse = np.linalg.pinv((bent + bent.T) / 2)
        total = score[:, free].sum(axis=0)
        rise = float(total @ inverse @ total) / 2  # what Newton's step from here would gain
        if not 0 <= rise < _STILL_TO_GAIN:
            raise InputError(
                "residuals",
                f"their likelihood has no clear maximum ({rise:.2g} off)",
                "noise with a correlation between stations that changes with distance",
                "take more windows, or stations farther apart",
            )
        score = score[:, free] - score[:, free].mean(axis=0)
        groups = len(score)
        errors[free] = np.sqrt(np.diag(inverse @ score.T @ score @ inverse) * groups / (groups - 1))
    return Estimate(best, errors, -float(cost.sum()))
