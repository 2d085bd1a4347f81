"""Which epochs two solutions of one station share."""

import numpy as np


def common_epochs(
    first_s: np.ndarray, second_s: np.ndarray, tolerance_s: float = 1e-3
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of epochs that are at the same time.

    Parameters
    ----------
    first_s, second_s : ndarray, shape (n,) and (m,)
        Strictly increasing times (s) against the same zero; gaps are epochs that are not listed.
    tolerance_s : float
        Largest difference of two times that count as one; below half of the smallest step, so that every
        epoch has one partner at most.

    Returns
    -------
    tuple of ndarray, shape (k,)
        Numbers of the epochs in the first and in the second solution, both increasing.

    Raises
    ------
    ValueError
        Times do not increase, or the tolerance is too large.
    """
    first_s, second_s = np.asarray(first_s, np.float64), np.asarray(second_s, np.float64)
    for time in (first_s, second_s):
        steps = np.diff(time)
        if not (steps > 0).all():
            raise ValueError("times of a solution must increase")
        if len(steps) and tolerance_s >= steps.min() / 2:
            raise ValueError(f"a tolerance of {tolerance_s:g} s for epochs {steps.min():g} s apart")
    if not len(first_s) or not len(second_s):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    after = np.searchsorted(second_s, first_s).clip(1, max(len(second_s) - 1, 1))
    after = np.minimum(after, len(second_s) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(second_s[before] - first_s) <= np.abs(second_s[after] - first_s)
    partner = np.where(closer, before, after)
    here = np.flatnonzero(np.abs(second_s[partner] - first_s) <= tolerance_s)
    return here, partner[here]
