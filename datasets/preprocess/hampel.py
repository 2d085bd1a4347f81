"""Outliers against the median of their neighbours."""

import numpy as np

_SIGMA_PER_MAD = 1.4826


def hampel(
    values: np.ndarray, half_window: int = 3, threshold: float = 3.0, floor: float = 1e-9
) -> tuple[np.ndarray, np.ndarray]:
    """Replace outliers by the running median.

    A sample is an outlier when it lies more than `threshold` times 1.4826 MAD from the median of the samples
    within `half_window` of it (itself included; fewer at the ends and at gaps). A step is kept, since a
    median follows it. Source: Hampel (1974); Pearson et al. (2016), eq. 2-4.

    Parameters
    ----------
    values : ndarray, shape (days, ...)
        Time first; NaN where missing.
    half_window : int
        Neighbours on each side; 3 is the document's window.
    threshold : float
        Robust standard deviations.
    floor : float
        Smallest deviation that counts as one, in the units of `values`; matters where neighbours are equal.

    Returns
    -------
    filtered : ndarray, shape (days, ...)
        Gaps stay gaps.
    replaced : ndarray of bool, shape (days, ...)
    """
    values = np.asarray(values, float)
    pad = [(half_window, half_window)] + [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, pad, constant_values=np.nan)
    near = np.lib.stride_tricks.sliding_window_view(padded, 2 * half_window + 1, axis=0)
    middle = nan_median(near)
    spread = _SIGMA_PER_MAD * nan_median(np.abs(near - middle[..., None]))
    far = np.abs(values - middle) > np.maximum(threshold * spread, floor)
    return np.where(far, middle, values), far


def nan_median(values: np.ndarray) -> np.ndarray:
    """Median over the last axis without its NaN; NaN, and no warning, where nothing is left."""
    ordered = np.sort(values, axis=-1)  # NaN last
    count = (~np.isnan(values)).sum(-1, keepdims=True)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, -1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), -1)
    return np.where(count > 0, (low + high) / 2, np.nan)[..., 0]
