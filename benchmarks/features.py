"""Features of the nowcast decoders: principal components of embeddings beside a and b."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Modality = Literal["gnss", "ab", "both"]


def principal_components(x: np.ndarray, train: np.ndarray, count: int) -> np.ndarray:
    """Scores of all rows on the principal components of the training rows.

    Scores are divided by the standard deviation of the first component (over the training rows), which
    puts them on the scale of standardised features and keeps the components' proportions.

    Parameters
    ----------
    x : ndarray, shape (n, width)
        Rows.
    train : ndarray of int
        Rows that mean, components and scale are taken from.
    count : int
        Components wanted; never more than ``len(train) - 1`` or the width.

    Returns
    -------
    ndarray, shape (n, k), float64
    """
    x = np.asarray(x, np.float64)
    x = x - x[train].mean(axis=0)
    known = x[train]
    count = min(count, len(known) - 1, x.shape[1])
    wide = known.shape[1] > len(known)  # take the smaller of the two symmetric matrices
    values, vectors = np.linalg.eigh(known @ known.T if wide else known.T @ known)
    values, vectors = values[::-1][:count], vectors[:, ::-1][:, :count]
    real = values > 1e-12 * values[0]  # the rest is rounding: its directions mean nothing
    axes = (known.T @ vectors) / np.sqrt(np.where(real, values, 1.0)) if wide else vectors
    # eigh leaves the sign open; fix it so that the same rows give the same features everywhere
    sign = np.where(axes[np.abs(axes).argmax(axis=0), np.arange(count)] < 0, -1.0, 1.0)
    axes = axes * (sign * real)
    scale = np.sqrt(max(values[0], 0.0) / len(known))
    return (x @ axes) / (scale if scale > 0 else 1.0)


def standardised(x: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and standard deviation 1 over the training rows; a constant column becomes 0."""
    x = np.asarray(x, np.float64)
    deviation = x[train].std(axis=0)
    return (x - x[train].mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


@dataclass(frozen=True)
class Features:
    """Features of all rows, fitted on one set of training rows.

    Parameters
    ----------
    scores : ndarray, shape (n, k), or None
        From `principal_components`; None when no modality needs images.
    ab : ndarray, shape (n, 2)
        From `standardised`.
    components : int
        Features in all that a modality with images may have.
    """

    scores: np.ndarray | None
    ab: np.ndarray
    components: int

    @classmethod
    def fit(
        cls, embeddings: np.ndarray | None, ab: np.ndarray, train: np.ndarray, components: int
    ) -> "Features":
        """Fit components and scales on the training rows."""
        scores = None if embeddings is None else principal_components(embeddings, train, components)
        return cls(scores, standardised(ab, train), components)

    def matrix(self, modality: Modality) -> np.ndarray:
        """Feature matrix of all rows: ``gnss`` the scores, ``ab`` a and b, ``both`` scores, then a and b."""
        if modality == "ab":
            return self.ab
        if self.scores is None:
            raise ValueError(f"modality '{modality}' needs embeddings")
        if modality == "gnss":
            return self.scores
        return np.hstack([self.scores[:, : self.components - self.ab.shape[1]], self.ab])
