"""Restricted likelihood of separable Gaussian noise on a network with gaps, exact, with its slope.

For one window of d days at m stations the covariance is T (in time) x R (between stations), and every station
has an unknown offset. The likelihood of all contrasts free of the offsets (restricted likelihood) needs

    P = T^-1 - T^-1 1 (1' T^-1 1)^-1 1' T^-1,   Q = P x R^-1.

A missing value is one more unknown offset, of that value alone (Bartlett 1937). That gives the likelihood of
what was observed, exactly, from the regular arrays of the whole window and a small system Q_gg of the gaps g:

    -2 log L = m (log|T| + log 1'T^-1 1) + (d - 1) log|R| + log|Q_gg| + y' Q y,

where the gaps of y hold their conditional expectation -Q_gg^-1 (Q y_0)_g, y_0 being zero there. Bos et al.
(2013) save work on gaps by the same step from the whole to the observed.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from slipbench.datasets.noise.gaps import Window


@dataclass(frozen=True)
class InTime:
    """What the likelihood needs of a covariance T in time.

    Parameters
    ----------
    projector : ndarray, shape (d, d)
        P above.
    log_det : float
        log|T| + log 1'T^-1 1.
    """

    projector: np.ndarray
    log_det: float

    @classmethod
    def of(cls, covariance: np.ndarray) -> "InTime":
        """From T (d, d), which must be regular."""
        inverse, log_det = _inverse(covariance)
        ones = inverse.sum(axis=1)
        return cls(inverse - np.outer(ones, ones) / ones.sum(), log_det + float(np.log(ones.sum())))


def time_cost(
    parts: np.ndarray, variance: np.ndarray, windows: list[Window]
) -> tuple[np.ndarray, np.ndarray]:
    """-log L of every window with the stations taken as independent, and its slope.

    Parameters
    ----------
    parts : ndarray, shape (k, d, d)
        T is their sum, weighted by `variance`.
    variance : ndarray, shape (k,)
        Weights, at least 0.
    windows : list of Window
        One component.

    Returns
    -------
    cost : ndarray, shape (w,)
        Up to a constant.
    slope : ndarray, shape (w, k)
    """
    time = InTime.of(np.einsum("k,kij->ij", variance, parts))
    p = time.projector
    moved = p @ parts  # (k, d, d)
    turned = moved @ p
    trace = np.trace(moved, axis1=1, axis2=2)
    cost, slope = np.empty(len(windows)), np.empty((len(windows), len(parts)))
    for w, window in enumerate(windows):
        m = window.values.shape[1]
        whole, log_det, lost = _filled_alone(window, p, turned)
        z = p @ whole
        cost[w] = m * time.log_det + log_det + np.vdot(whole, z)
        slope[w] = m * trace - lost - np.einsum("is,kij,js->k", z, parts, z, optimize=True)
    return cost / 2, slope / 2


def station_scales(window: Window, time: InTime) -> np.ndarray:
    """Size (m,) of each station's noise relative to the covariance in time."""
    whole, _, _ = _filled_alone(window, time.projector, time.projector[None])
    degrees = window.there.sum(axis=0) - 1
    return np.sqrt(np.einsum("is,is->s", whole, time.projector @ whole) / degrees)


def space_cost(
    correlation: np.ndarray, slopes: np.ndarray, windows: list[Window], time: InTime
) -> tuple[np.ndarray, np.ndarray]:
    """-log L of every window, all stations together, and its slope.

    Parameters
    ----------
    correlation : ndarray, shape (n, n)
        Between all stations of the network.
    slopes : ndarray, shape (k, n, n)
        Its derivatives by k parameters.
    windows : list of Window
        One component, its stations scaled to the covariance in time.
    time : InTime
        That covariance.

    Returns
    -------
    cost : ndarray, shape (w,)
        Up to a constant.
    slope : ndarray, shape (w, k)
    """
    p = time.projector
    cost, slope = np.empty(len(windows)), np.empty((len(windows), len(slopes)))
    for w, window in enumerate(windows):
        d, m = window.values.shape
        pick = np.ix_(window.stations, window.stations)
        inverse, log_det = _inverse(correlation[pick])
        moved = np.stack([inverse @ s[pick] for s in slopes])
        turned = moved @ inverse
        whole, trace = window.values, (d - 1) * np.trace(moved, axis1=1, axis2=2)
        total = m * time.log_det + (d - 1) * log_det
        day, station = np.nonzero(~window.there)
        if len(day):
            p_gaps, stations = p[np.ix_(day, day)], np.ix_(station, station)
            gap_inverse, gap_log_det = _inverse(p_gaps * inverse[stations])
            whole = whole.copy()
            whole[day, station] = -gap_inverse @ (p @ whole @ inverse)[day, station]
            total += gap_log_det
            weighted = gap_inverse * p_gaps
            trace -= np.array([np.vdot(weighted, t[stations]) for t in turned])
        product = whole.T @ (p @ whole)
        cost[w] = total + np.vdot(inverse, product)
        slope[w] = trace - np.array([np.vdot(t, product) for t in turned])
    return cost / 2, slope / 2


def _filled_alone(window: Window, p: np.ndarray, turned: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Values with their gaps filled station by station, sum of log|P_gg|, sums of tr(P_gg^-1 turned_gg)."""
    whole, log_det, lost = window.values.copy(), 0.0, np.zeros(len(turned))
    for s in np.flatnonzero(~window.there.all(axis=0)):
        g = np.flatnonzero(~window.there[:, s])
        inverse, one = _inverse(p[np.ix_(g, g)])
        whole[g, s] = -inverse @ (p[g] @ window.values[:, s])
        log_det += one
        lost += np.einsum("ij,kij->k", inverse, turned[:, g[:, None], g])
    return whole, log_det, lost


def _inverse(matrix: np.ndarray) -> tuple[np.ndarray, float]:
    """Inverse and log determinant of a positive definite matrix."""
    factor = cho_factor(matrix, lower=True, check_finite=False)
    inverse = cho_solve(factor, np.eye(len(matrix)), check_finite=False)
    return inverse, float(2 * np.log(np.diag(factor[0])).sum())
