"""Mean and standard deviation gathered shard by shard (Chan et al. 1983, pairwise update)."""

from typing import TypedDict

import numpy as np


class Moments(TypedDict):
    """Count, mean and sum of squared deviations per component of the last axis."""

    count: int
    mean: list[float]
    m2: list[float]


#: Moments of no values, of any number of components.
NOTHING: Moments = {"count": 0, "mean": [], "m2": []}


def moments(values: np.ndarray) -> Moments:
    """Moments of the finite values over every axis but the last.

    Parameters
    ----------
    values : ndarray, shape (..., c)
        Values; an array of shape (rows,) counts as one component. A row whose components are not all
        finite is left out.
    """
    values = np.asarray(values)
    columns = values.reshape(-1, values.shape[-1]).T if values.ndim > 1 else values.reshape(1, -1)
    keep = np.isfinite(columns).all(axis=0)
    means, m2, n = [], [], int(keep.sum())
    if not n:
        return {"count": 0, "mean": [0.0] * len(columns), "m2": [0.0] * len(columns)}
    for column in columns:
        # One contiguous column at a time: sums over a short last axis are slow and need the memory of all.
        one = (column if n == len(column) else column[keep]).astype(np.float64)
        means.append(float(one.mean()))
        one -= means[-1]
        m2.append(float(np.square(one, out=one).sum()))
    return {"count": n, "mean": means, "m2": m2}


def merge(parts: list[Moments]) -> Moments:
    """Moments of the union of several parts, merged in the given order."""
    total = parts[0]
    for part in parts[1:]:
        n, m = total["count"], part["count"]
        if m == 0:
            continue
        if n == 0:
            total = part
            continue
        a, b = np.array(total["mean"]), np.array(part["mean"])
        delta = b - a
        total = {
            "count": n + m,
            "mean": (a + delta * m / (n + m)).tolist(),
            "m2": (np.array(total["m2"]) + np.array(part["m2"]) + delta**2 * n * m / (n + m)).tolist(),
        }
    return total


def mean_std(total: Moments) -> dict[str, list[float] | int]:
    """Count, mean and (population) standard deviation per component."""
    n = max(total["count"], 1)
    return {
        "count": total["count"],
        "mean": total["mean"],
        "std": [float(np.sqrt(v / n)) for v in total["m2"]],
    }
