"""What a convergence curve says: when an estimate stays near a value, and when it first stands still."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Stable:
    """When an estimate is first stable: it has stayed within `change` for `seconds`, the last ones."""

    change: float
    seconds: float


def stays_within(curve: np.ndarray, value: np.ndarray, tolerance: float, seconds: np.ndarray) -> np.ndarray:
    """Time from which on every estimate to the end is within `tolerance` of `value`.

    Parameters
    ----------
    curve : ndarray, shape (n, s)
        Estimates; NaN counts as far away.
    value : ndarray, shape (n,)
        What they are held against.
    tolerance : float
        Largest distance.
    seconds : ndarray, shape (s,)
        Times.

    Returns
    -------
    ndarray, shape (n,)
        Seconds; infinite where the last estimate is farther away, or there is none.
    """
    near = np.abs(curve - value[:, None]) <= tolerance
    stays = np.logical_and.accumulate(near[:, ::-1], axis=1)[:, ::-1]
    return np.where(stays[:, -1], seconds[np.argmax(stays, axis=1)], np.inf)


def first_stable(curve: np.ndarray, seconds: np.ndarray, rule: Stable) -> tuple[np.ndarray, np.ndarray]:
    """First time at which the estimates of the last `rule.seconds` lie within `rule.change` of each other.

    That is known then and there; the estimate may still move later.

    Returns
    -------
    time, value : ndarray, shape (n,)
        Seconds (infinite where it never is stable) and the estimate then (NaN).
    """
    n, s = curve.shape
    length = int(np.count_nonzero(seconds - seconds[0] <= rule.seconds))
    still = np.zeros((n, s), bool)
    if seconds[-1] - seconds[0] >= rule.seconds:
        last = np.lib.stride_tricks.sliding_window_view(curve, length, axis=1)
        still[:, length - 1 :] = last.max(axis=2) - last.min(axis=2) <= rule.change
    found, at = still.any(axis=1), np.argmax(still, axis=1)
    value = curve[np.arange(n), at]
    return np.where(found, seconds[at], np.inf), np.where(found, value, np.nan)
