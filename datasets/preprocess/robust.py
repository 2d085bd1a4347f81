"""Robust linear least squares for many series that share a design matrix."""

import numpy as np

from slipbench.datasets.preprocess.hampel import nan_median

_SIGMA_PER_MAD = 1.4826
_HUBER = 1.345
_RANK = 1e-12


def fit_robust(
    design: np.ndarray,
    values: np.ndarray,
    scale: np.ndarray | None = None,
    iterations: int = 50,
    tolerance: float = 1e-6,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Huber's M-estimate by iteratively reweighted least squares, all series at once.

    Weights are min(1, 1.345 s / |r|): 95 % efficient for normal errors (Huber 1964; Holland and Welsch 1977).
    One matrix product makes the normal equations of all series.

    Parameters
    ----------
    design : ndarray, shape (times, parameters)
        Columns of comparable size (the normal equations square their ratios).
    values : ndarray, shape (times, series)
        NaN where missing.
    scale : ndarray, shape (series,), optional
        Standard deviation s of good samples; by default 1.4826 MAD of the residuals, anew in every step.
    iterations, tolerance : int, float
        Ends when no parameter moves by more than `tolerance` times the scale.

    Returns
    -------
    parameters : ndarray, shape (parameters, series)
    residuals : ndarray, shape (times, series)
    scale : ndarray, shape (series,)

    Raises
    ------
    LinAlgError
        When the samples of a series do not determine its parameters.
    """
    times, unknowns = design.shape
    here = ~np.isnan(values)
    filled = np.where(here, values, 0.0)
    products = (design[:, :, None] * design[:, None, :]).reshape(times, -1)
    weights = here.astype(float)
    found = np.zeros((unknowns, values.shape[1]))
    size = scale
    for step in range(iterations):
        normal = (weights.T @ products).reshape(-1, unknowns, unknowns)
        if step == 0 and (np.linalg.matrix_rank(normal, tol=_RANK * times, hermitian=True) < unknowns).any():
            raise np.linalg.LinAlgError("the samples do not determine every parameter")
        right = (weights * filled).T @ design
        new = np.linalg.solve(normal, right[..., None])[..., 0].T
        residuals = np.where(here, values - design @ new, np.nan)
        if scale is None:
            size = np.maximum(_SIGMA_PER_MAD * nan_median(np.abs(residuals).T), 1e-12)
        assert size is not None
        moved = np.abs(new - found).max(0) > tolerance * size
        found = new
        if step and not moved.any():
            break
        ratio = np.abs(np.where(here, residuals, 0.0)) / (_HUBER * size)
        weights = here / np.maximum(ratio, 1.0)
    assert size is not None
    return found, residuals, size


def huber_cost(residuals: np.ndarray, scale: np.ndarray) -> float:
    """Sum of Huber's loss of the residuals in units of `scale`; NaN are left out."""
    u = np.abs(residuals / scale)
    loss = np.where(u <= _HUBER, 0.5 * u**2, _HUBER * (u - 0.5 * _HUBER))
    return float(np.nansum(loss))
