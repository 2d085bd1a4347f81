"""Fewer rows and fewer features, for decoders that take only so many."""

from dataclasses import dataclass
from typing import Self

import numpy as np


def thinned(rows: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of `rows` rows in the order of time: one drawn from each of as many equal blocks of time.

    All times stay covered, which a plain draw does not promise. Returns ascending row numbers; all rows where
    there are no more than `count`.
    """
    if rows <= count:
        return np.arange(rows)
    edges = np.arange(count + 1) * rows // count
    return rng.integers(edges[:-1], edges[1:])


@dataclass(frozen=True)
class Reduction:
    """Imputation by the median, and the leading principal components where there are too many features.

    Components are taken from the features as they are, so that features on a common scale, such as component
    scores, keep their proportions; they are divided by the deviation of the first. Where there are few enough
    features each is standardised instead. Everything comes from the training rows.

    Parameters
    ----------
    fill, centre, axes : ndarray
        Medians, means (both shape (d,)) and the matrix from centred features to the result, shape (d, k).
    """

    fill: np.ndarray
    centre: np.ndarray
    axes: np.ndarray

    @classmethod
    def fit(cls, X: np.ndarray, most: int) -> Self:
        """From training rows, shape (n, d), to at most `most` features; NaN is missing."""
        empty = np.isnan(X).all(axis=0)
        fill = np.where(empty, 0.0, np.nanmedian(np.where(empty, 0.0, X), axis=0))
        X = np.where(np.isnan(X), fill, X)
        centre = X.mean(axis=0)
        if X.shape[1] <= most:
            deviation = X.std(axis=0)
            return cls(fill, centre, np.diag(1 / np.where(deviation > 0, deviation, 1.0)))
        _, size, axes = np.linalg.svd(X - centre, full_matrices=False)
        size, axes = size[:most], axes[:most]
        # the sign of an axis is open; fix it so that the same rows give the same features everywhere
        sign = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
        scale = size[0] / np.sqrt(len(X)) or 1.0
        return cls(fill, centre, (axes * sign[:, None]).T / scale)

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """Reduced features of rows, shape (n, k)."""
        return (np.where(np.isnan(X), self.fill, X) - self.centre) @ self.axes
