"""Statistics and metrics.

A *statistic* is a quantity of one sample. A *metric* is a function of statistics that were reduced over
the samples (averaged; for the robust ones the median or the median absolute deviation), so a resample
needs the statistics once and no model again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from slipbench.datasets.physics.distance import ground_distance

Array = np.ndarray


@dataclass(frozen=True)
class Samples:
    """Test rows of one cell by quantity; `reference` holds persistence's prediction of the same rows."""

    true: Mapping[str, Array]
    pred: Mapping[str, Array]
    reference: Mapping[str, Array] = field(default_factory=dict)


def great_circle_km(lat1: Array, lon1: Array, lat2: Array, lon2: Array) -> Array:
    """Distance on the sphere of radius 6371 km (haversine), km; coordinates in degrees."""
    return ground_distance(lat1, lon1, lat2, lon2) / 1e3


def _squared_reference_error(s: Samples, q: str) -> Array:
    return (s.true[q] - s.reference[q]) ** 2 if q in s.reference else np.full(len(s.true[q]), np.nan)


def _position_error_km(s: Samples, q: str) -> Array:
    return great_circle_km(s.true["latitude"], s.true["longitude"], s.pred["latitude"], s.pred["longitude"])


#: ``statistic(samples, quantity)`` -> one value a sample
STATISTICS: dict[str, Callable[[Samples, str], Array]] = {
    "squared_error": lambda s, q: (s.true[q] - s.pred[q]) ** 2,
    "absolute_error": lambda s, q: np.abs(s.true[q] - s.pred[q]),
    # about the mean of the whole test set, which a resample keeps: about its own mean the few blocks of a
    # smooth series vary too little, and R² would be biased downwards
    "squared_deviation": lambda s, q: (s.true[q] - s.true[q].mean()) ** 2,
    "squared_reference_error": _squared_reference_error,
    "position_error_km": _position_error_km,
}


def _mad(x: Array) -> Array:
    return np.median(np.abs(x - np.median(x, axis=-1, keepdims=True)), axis=-1)


#: Reductions over the last axis (samples).
REDUCTIONS: dict[str, Callable[[Array], Array]] = {
    "mean": lambda x: x.mean(axis=-1),
    "median": lambda x: np.median(x, axis=-1),
    "mad": _mad,
}


def _one_minus_ratio(top: Array, bottom: Array) -> Array:
    return 1.0 - np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) > 0)


def _same(x: Array) -> Array:
    return x


@dataclass(frozen=True)
class Metric:
    """One column of a leaderboard.

    Parameters
    ----------
    name, title : str
        Column name, and how people read it.
    task : str
        ``source`` or ``nowcast``.
    quantity : str
        Predicted quantity that it judges (``position``: latitude and longitude together).
    units : str
        Unit; ``{u}`` stands for the quantity's own.
    higher_is_better : bool
        Direction.
    statistics : tuple of str
        Names in `STATISTICS`.
    of : callable
        Metric of the reduced statistics, elementwise.
    reduction : str
        Name in `REDUCTIONS`.
    shown : bool
        Whether printed tables have a column for it; the leaderboard itself has them all.
    """

    name: str
    title: str
    task: str
    quantity: str
    units: str
    higher_is_better: bool
    statistics: tuple[str, ...]
    of: Callable[..., Array] = _same
    reduction: str = "mean"
    shown: bool = True

    def columns(self, samples: Samples) -> list[Array]:
        """The metric's statistics, each of shape (n,)."""
        return [STATISTICS[name](samples, self.quantity) for name in self.statistics]

    def value(self, samples: Samples) -> float:
        """The metric on all samples."""
        reduce = REDUCTIONS[self.reduction]
        return float(self.of(*(reduce(c) for c in self.columns(samples))))

    def resampled(self, samples: Samples, index: Array, weights: Array) -> Array:
        """The metric on every resample, shape (count,).

        Parameters
        ----------
        index, weights : ndarray, shape (count, n)
            From `intervals.resamples` and `intervals.weights`.
        """
        columns = self.columns(samples)
        if self.reduction == "mean":
            return self.of(*(weights @ c for c in columns))
        return self.of(*(REDUCTIONS[self.reduction](c[index]) for c in columns))


_R2 = ("squared_error", "squared_deviation")


def _source_r2(quantity: str, title: str) -> Metric:
    return Metric(
        f"r2_{quantity}", f"R² {title}", "source", quantity, "1", True, _R2, _one_minus_ratio, shown=False
    )


#: All metrics in the order of the columns; the first of a task ranks its tables.
METRICS: tuple[Metric, ...] = (
    Metric("r2", "R²", "nowcast", "density", "1", True, _R2, _one_minus_ratio),
    Metric(
        "skill",
        "skill",
        "nowcast",
        "density",
        "1",
        True,
        ("squared_error", "squared_reference_error"),
        _one_minus_ratio,
    ),
    Metric("mse", "MSE", "nowcast", "density", "({u})²", False, ("squared_error",)),
    Metric("rmse", "RMSE", "nowcast", "density", "{u}", False, ("squared_error",), np.sqrt, shown=False),
    Metric("mae", "MAE", "nowcast", "density", "{u}", False, ("absolute_error",)),
    Metric(
        "position_error",
        "position error, median",
        "source",
        "position",
        "km",
        False,
        ("position_error_km",),
        reduction="median",
    ),
    Metric(
        "position_mad",
        "position error, MAD",
        "source",
        "position",
        "km",
        False,
        ("position_error_km",),
        reduction="mad",
    ),
    Metric("mw_error", "|ΔMw|, median", "source", "mw", "1", False, ("absolute_error",), reduction="median"),
    Metric("mw_mad", "|ΔMw|, MAD", "source", "mw", "1", False, ("absolute_error",), reduction="mad"),
    _source_r2("latitude", "latitude"),
    _source_r2("longitude", "longitude"),
    _source_r2("mw", "Mw"),
)


def metrics_of(task: str) -> list[Metric]:
    """Metrics of one task in the order of the columns; the first one ranks."""
    return [m for m in METRICS if m.task == task]
