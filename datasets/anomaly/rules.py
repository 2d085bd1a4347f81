"""Rules that bound usual values: the quartile rule by both definitions, and two classical rivals."""

import numpy as np
from scipy.stats import norm

from slipbench.datasets.anomaly.caution import long_run_rate
from slipbench.datasets.anomaly.quartiles import Rule, bounds

#: Standard deviations beyond which the rivals mark a value: as rare as the quartile rule's bounds, 2.70.
REACH_SD = float(norm.isf(long_run_rate() / 2))
#: Standard deviations of a normal distribution in its median absolute deviation.
_SD_OF_MAD = 1 / float(norm.ppf(0.75))


def mean_bounds(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of x, shape (..., n); NaN is missing, and the bounds of fewer than two."""
    there = np.isfinite(x)
    n = there.sum(axis=-1)
    mean = np.where(there, x, 0.0).sum(axis=-1) / np.maximum(n, 1)
    squares = (np.where(there, x - mean[..., None], 0.0) ** 2).sum(axis=-1)
    return _around(mean, np.sqrt(squares / np.maximum(n - 1, 1)), n)


def median_bounds(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Median and scaled median absolute deviation of x, shape (..., n) (Hampel 1974); NaN as for the mean."""
    n = np.isfinite(x).sum(axis=-1)
    middle = _median(x, n)
    return _around(middle, _SD_OF_MAD * _median(np.abs(x - middle[..., None]), n), n)


def _around(middle: np.ndarray, deviation: np.ndarray, n: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reach = np.where(n < 2, np.nan, REACH_SD * deviation)
    return middle - reach, middle + reach


def _median(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Median of the finite values; any value where there are none."""
    ordered = np.sort(x, axis=-1)  # NaN last
    low, high = np.maximum(n - 1, 0) // 2, np.minimum(n // 2, x.shape[-1] - 1)
    low_value, high_value = (np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (low, high))
    return (low_value + high_value) / 2


#: By the name that tables and options have: the quartile rule by the methods ``halves`` and ``linear``,
#: ``zscore`` of mean and standard deviation, ``mad`` of median and median absolute deviation.
RULES: dict[str, Rule] = {
    "quartiles_halves": lambda x: bounds(x, "halves"),
    "quartiles_linear": lambda x: bounds(x, "linear"),
    "zscore": mean_bounds,
    "mad": median_bounds,
}
