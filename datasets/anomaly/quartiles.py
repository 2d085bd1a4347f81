"""The quartile rule: a value beyond 1.5 interquartile ranges of the quartiles is unusual."""

from collections.abc import Callable
from typing import Literal

import numpy as np

#: How quartiles are taken: ``halves``, the medians of the values below and above the median, which belongs to
#: neither (document 002, section 1.2); ``linear``, NumPy's default (Hyndman and Fan 1996, definition 7).
Method = Literal["halves", "linear"]
#: Lower and upper bound, shape (...), of usual values of an array, shape (..., n).
Rule = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
#: Interquartile ranges from a quartile to a bound (Tukey 1977).
REACH = 1.5


def quartiles(x: np.ndarray, method: Method = "halves") -> tuple[np.ndarray, np.ndarray]:
    """First and third quartile.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        Values; NaN is missing.
    method : str
        See `Method`.

    Returns
    -------
    tuple of ndarray, shape (...)
        NaN where fewer than two values are there.
    """
    x = np.sort(np.asarray(x, np.float64), axis=-1)  # NaN last
    n = np.isfinite(x).sum(axis=-1)
    if method == "linear":
        found = [_at(x, share * np.maximum(n - 1, 0)) for share in (0.25, 0.75)]
    else:
        half = n // 2
        found = [_at(x, first + (half - 1) / 2) for first in (np.zeros_like(n), n - half)]
    low, high = (np.where(n < 2, np.nan, q) for q in found)
    return low, high


def bounds(x: np.ndarray, method: Method = "halves") -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound, shape (...), of usual values of x, shape (..., n)."""
    low, high = quartiles(x, method)
    return low - REACH * (high - low), high + REACH * (high - low)


def sliding_bounds(
    x: np.ndarray, window: int, method: Method | Rule = "halves"
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of each value from the `window` values before it, which a detector has when the value comes.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        Series; NaN is missing.
    window : int
        Values before.
    method : str or callable
        See `Method`; or another rule than that of the quartiles, see `Rule`.

    Returns
    -------
    tuple of ndarray, shape (..., n)
        NaN for the first `window` values.
    """
    x = np.asarray(x, np.float64)
    if not 2 <= window < x.shape[-1]:
        raise ValueError(
            f"a window of {window} values in a series of {x.shape[-1]}; 2 to one less are possible"
        )
    before = np.lib.stride_tricks.sliding_window_view(x, window, axis=-1)[..., :-1, :]
    edges = [(*[(0, 0)] * (x.ndim - 1), (window, 0))] * 2
    found = method(before) if callable(method) else bounds(before, method)
    return tuple(np.pad(b, e, constant_values=np.nan) for b, e in zip(found, edges, strict=True))  # type: ignore[return-value]


def _at(ordered: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Values between the order statistics; `place` counts from 0 along the last axis."""
    place = np.clip(place, 0, ordered.shape[-1] - 1)
    below = np.floor(place).astype(int)
    above = np.ceil(place).astype(int)
    share = place - below
    low, high = (np.take_along_axis(ordered, k[..., None], axis=-1)[..., 0] for k in (below, above))
    return low + share * (high - low)
