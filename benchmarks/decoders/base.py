"""What every decoder offers: feature rows in, one number each out.

A decoder's file imports its library inside the functions that use it: reading a configuration that
names six decoders must not load six libraries.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info

NAME = r"^[a-z0-9][a-z0-9_-]*$"


class DecoderOptions(Options):
    """Options that every decoder has.

    A decoder adds ``decoder: Literal["<its name>"]`` and its own, and gives ``name`` its own name as default.
    """

    name: str = Field(pattern=NAME, description="name of the decoder in the tables")
    cpus: float | None = Field(
        None, gt=0, exclude=True, description="cores of a cell where cells are Ray tasks; null: its threads"
    )
    gpus: float = Field(
        0.0, ge=0, exclude=True, description="GPUs, or the share of one, of a cell where cells are Ray tasks"
    )


class TreeOptions(DecoderOptions):
    """Options that every ensemble of trees has."""

    trees: int = Field(300, ge=1, description="number of trees")
    threads: int = Field(2, ge=1, description="CPU threads")


class Decoder(ABC):
    """A regressor of one quantity.

    Targets reach the library standardised by the training rows and predictions are turned back: some
    libraries stop at absolute gains (XGBoost at 1e-6), and no result may depend on the target's unit.

    Parameters
    ----------
    options : DecoderOptions
        Validated options, an instance of the class attribute `Options`.
    seed : int
        Seed of everything random; the same options, seed and rows give the same predictions.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[DecoderOptions]]

    def __init__(self, options: Any, seed: int) -> None:
        self.options, self.seed = options, seed
        self._width: int | None = None

    @property
    def seconds(self) -> float | None:
        """Of a cell of ``configs/benchmarks/decoders.yaml`` on one core (docs/results/nowcast.md)."""
        return None

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Options at a random point of the space that tuning searches; those not named keep their values."""
        return {}

    @property
    def weights_file(self) -> Path | None:
        """File of trained weights that decides the predictions beside the options; None without one."""
        return None

    def check(self) -> None:  # noqa: B027 -- most decoders need nothing
        """Raise InputError for what can be known before the run, such as missing weights."""

    def limits(self, n_rows: int, n_features: int) -> str | None:
        """Why the decoder must not be fitted to a table of this size, or None; one line."""
        return None

    @property
    def notes(self) -> str:
        """What a reader of the results must know, such as ``untrained``; empty when nothing."""
        return ""

    def fit(self, X: np.ndarray, y: np.ndarray) -> Self:
        """Fit to rows.

        Parameters
        ----------
        X : ndarray, shape (n, d)
            Features in the order of time; NaN is missing, infinities are refused.
        y : ndarray, shape (n,)
            Finite targets.

        Returns
        -------
        Decoder
            Itself.

        Raises
        ------
        ValueError
            When the arrays do not have these shapes and values.
        """
        y = np.asarray(y, np.float64)
        X = _table(X)
        if y.shape != (len(X),) or not len(X) or not X.shape[1]:
            raise ValueError(f"features {X.shape} and targets {y.shape} are no table")
        if not np.isfinite(y).all():
            raise ValueError("targets are not finite")
        self._width, self._mean, self._scale = X.shape[1], y.mean(), y.std()
        self._fit(X, (y - self._mean) / (self._scale or 1.0))
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Predictions for the rows of `X`, shape (n, d); returns shape (n,), float64.

        Raises
        ------
        ValueError
            Before `fit`, or when `X` has another number of features.
        """
        X = self._fitting(X)
        return self._mean + self._scale * np.asarray(self._predict(X), np.float64).reshape(len(X))

    def predict_distribution(
        self, X: np.ndarray, levels: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Predictions and, from a decoder that predicts a distribution, its quantiles.

        Parameters
        ----------
        X : ndarray, shape (n, d)
            Features.
        levels : sequence of float, length k
            Probabilities of a smaller value.

        Returns
        -------
        ndarray, shape (n,)
            As from `predict`.
        ndarray, shape (n, k), or None
            Quantiles at `levels`, float64.

        Raises
        ------
        ValueError
            As `predict`.
        """
        X = self._fitting(X)
        found = self._predict_distribution(X, levels)
        if found is None:
            return self.predict(X), None
        point, quantiles = (self._mean + self._scale * np.asarray(part, np.float64) for part in found)
        return point.reshape(len(X)), quantiles.reshape(len(X), len(levels))

    def _fitting(self, X: np.ndarray) -> np.ndarray:
        """`X` as a table with as many features as were fitted to."""
        X = _table(X)
        if X.shape[1] != self._width:
            raise ValueError(f"{X.shape[1]} features, fitted to {self._width or 'nothing'}")
        return X

    @abstractmethod
    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        """Fit to checked features and standardised targets."""

    @abstractmethod
    def _predict(self, X: np.ndarray) -> np.ndarray:
        """Standardised predictions."""

    def _predict_distribution(
        self, X: np.ndarray, levels: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Standardised predictions and quantiles, shape (n, k); None without a distribution."""
        return None


def _table(X: np.ndarray) -> np.ndarray:
    """`X` as float64 of shape (n, d) without infinities."""
    X = np.ascontiguousarray(X, np.float64)
    if X.ndim != 2 or np.isinf(X).any():
        raise ValueError(f"features of shape {X.shape} are no table of finite or missing values")
    return X
