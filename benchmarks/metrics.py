"""Statistics and metrics.

A *statistic* is a quantity of one sample. A *metric* is a function of statistics that were reduced over
the samples (averaged; for the robust ones the median or the median absolute deviation), so a resample
needs the statistics once and no model again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import xlogy

from slipbench.benchmarks import quantiles, weighted
from slipbench.benchmarks.splits import COUNT
from slipbench.datasets.physics.distance import ground_distance

Array = np.ndarray
#: Quantity of the metrics of a nowcast: the one that its cells predict, whichever label it is.
LABEL = "label"
#: Label of cells that are tested on snapshots of virtual earthquakes.
SNAPSHOT = "snapshot"
#: Least number of events that a prediction stands for; the deviance of none or fewer would be infinite.
LEAST_EVENTS = 0.5


@dataclass(frozen=True)
class Samples:
    """Test rows of one cell.

    Parameters
    ----------
    true, pred : mapping
        Quantity to values, shape (n,).
    reference : mapping
        Persistence's prediction of the same rows.
    quantiles : ndarray, shape (n, 19), or None
        Predicted quantiles at `quantiles.LEVELS`, where the cell predicts a distribution.
    """

    true: Mapping[str, Array]
    pred: Mapping[str, Array]
    reference: Mapping[str, Array] = field(default_factory=dict)
    quantiles: Array | None = None

    def take(self, rows: Array) -> "Samples":
        """Some of the rows, in the order of `rows`."""
        true, pred, base = (
            {q: v[rows] for q, v in p.items()} for p in (self.true, self.pred, self.reference)
        )
        return Samples(true, pred, base, None if self.quantiles is None else self.quantiles[rows])


def great_circle_km(lat1: Array, lon1: Array, lat2: Array, lon2: Array) -> Array:
    """Distance on the sphere of radius 6371 km (haversine), km; coordinates in degrees."""
    return ground_distance(lat1, lon1, lat2, lon2) / 1e3


def poisson_deviance(true: Array, mean: Array) -> Array:
    """Deviance of counts from predicted means, which are taken to be at least `LEAST_EVENTS`, shape (n,).

    2 [y log(y / m) - (y - m)] (McCullagh and Nelder 1989, table 2.1).
    """
    mean = np.maximum(mean, LEAST_EVENTS)
    return 2 * (xlogy(true, true / mean) - (true - mean))


def _unknown(s: Samples, q: str) -> Array:
    return np.full(len(s.true[q]), np.nan)


def _squared_reference_error(s: Samples, q: str) -> Array:
    return (s.true[q] - s.reference[q]) ** 2 if q in s.reference else _unknown(s, q)


def _reference_deviance(s: Samples, q: str) -> Array:
    return poisson_deviance(s.true[q], s.reference[q]) if q in s.reference else _unknown(s, q)


def _crps(s: Samples, q: str) -> Array:
    return np.abs(s.true[q] - s.pred[q]) if s.quantiles is None else quantiles.crps(s.true[q], s.quantiles)


def _inside(level: float) -> Callable[[Samples, str], Array]:
    def statistic(s: Samples, q: str) -> Array:
        return _unknown(s, q) if s.quantiles is None else quantiles.inside(s.true[q], s.quantiles, level)

    return statistic


def _position_error_km(s: Samples, q: str) -> Array:
    return great_circle_km(s.true["latitude"], s.true["longitude"], s.pred["latitude"], s.pred["longitude"])


def _centroid_error_km(s: Samples, q: str) -> Array:
    return np.hypot(
        *(s.pred[f"centroid_{way}_km"] - s.true[f"centroid_{way}_km"] for way in ("east", "north"))
    )


#: ``statistic(samples, quantity)`` -> one value a sample
STATISTICS: dict[str, Callable[[Samples, str], Array]] = {
    "squared_error": lambda s, q: (s.true[q] - s.pred[q]) ** 2,
    "absolute_error": lambda s, q: np.abs(s.true[q] - s.pred[q]),
    # about the mean of the whole test set, which a resample keeps: about its own mean the few blocks of a
    # smooth series vary too little, and R² would be biased downwards
    "squared_deviation": lambda s, q: (s.true[q] - s.true[q].mean()) ** 2,
    "squared_reference_error": _squared_reference_error,
    "poisson_deviance": lambda s, q: poisson_deviance(s.true[q], s.pred[q]),
    "reference_deviance": _reference_deviance,
    # a point prediction is a distribution of one point, whose score is the absolute error
    "crps": _crps,
    "inside_90": _inside(0.9),
    "inside_50": _inside(0.5),
    "position_error_km": _position_error_km,
    # of estimates that grow with the record; what their quantities hold: benchmarks/rapid/outcomes.py
    "miss": lambda s, q: np.nan_to_num(np.abs(s.pred[q] - s.true[q]), nan=np.inf, posinf=np.inf),
    "difference_or_zero": lambda s, q: np.nan_to_num(s.pred[q] - s.true[q], posinf=0.0, neginf=0.0),
    "beyond_03": lambda s, q: 1.0 - (np.abs(s.pred[q] - s.true[q]) <= 0.3),
    "centroid_error_km": _centroid_error_km,
    # of records of earthquakes; what their quantities hold: benchmarks/anomaly/outcomes.py
    "true": lambda s, q: s.true[q],
    "predicted": lambda s, q: s.pred[q],
    "quiet": lambda s, q: s.pred["quiet"],
    "delay": lambda s, q: s.pred[q] - s.true[q],
    "detected": lambda s, q: np.isfinite(s.pred[q]).astype(np.float64),
    "judged": lambda s, q: (~np.isnan(s.pred[q])).astype(np.float64),
    # of electron content, counted by day: benchmarks/tec/judge.py
    "quiet_days_marked": lambda s, q: s.pred["quiet_days"],
    "quiet_days": lambda s, q: s.true["quiet_days"],
}


def _mad(x: Array) -> Array:
    return np.median(np.abs(x - np.median(x, axis=-1, keepdims=True)), axis=-1)


#: Reductions over the last axis (samples).
REDUCTIONS: dict[str, Callable[[Array], Array]] = {
    "mean": lambda x: x.mean(axis=-1),
    "median": lambda x: np.median(x, axis=-1),
    "mad": _mad,
}


#: Of metrics that need values of several statistics together: `Metric.of` gets them and the weights.
WEIGHTED = "weighted"


def _ratio(top: Array, bottom: Array) -> Array:
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=np.asarray(bottom) > 0)


def _one_minus_ratio(top: Array, bottom: Array) -> Array:
    return 1.0 - _ratio(top, bottom)


def _percent(top: Array, bottom: Array) -> Array:
    return 100 * _ratio(top, bottom)


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
        ``source``, ``nowcast``, ``anomaly`` or ``rapid``.
    quantity : str
        Predicted quantity that it judges (``position``: latitude and longitude together; `LABEL`).
    units : str
        Unit; ``{u}`` stands for the quantity's own.
    higher_is_better : bool or None
        Direction; None where neither is better, as with a coverage.
    statistics : tuple of str
        Names in `STATISTICS`.
    of : callable
        Metric of the reduced statistics, elementwise; with `WEIGHTED`, ``of(*statistics, weights)``.
    reduction : str
        Name in `REDUCTIONS`, or `WEIGHTED`.
    shown : bool
        Whether printed tables have a column for it; the leaderboard itself has them all.
    labels : tuple of str
        Labels that it judges; empty for all.
    """

    name: str
    title: str
    task: str
    quantity: str
    units: str
    higher_is_better: bool | None
    statistics: tuple[str, ...]
    of: Callable[..., Array] = _same
    reduction: str = "mean"
    shown: bool = True
    labels: tuple[str, ...] = ()

    @property
    def arrow(self) -> str:
        """The direction for readers; empty where there is none."""
        return "" if self.higher_is_better is None else "↑" if self.higher_is_better else "↓"

    def columns(self, samples: Samples) -> list[Array]:
        """The metric's statistics, each of shape (n,)."""
        quantity = next(iter(samples.true)) if self.quantity == LABEL else self.quantity
        return [STATISTICS[name](samples, quantity) for name in self.statistics]

    def value(self, samples: Samples) -> float:
        """The metric on all samples."""
        columns = self.columns(samples)
        if self.reduction == WEIGHTED:
            return float(self.of(*columns, np.ones(len(columns[0]))))
        return float(self.of(*(REDUCTIONS[self.reduction](c) for c in columns)))

    def resampled(self, samples: Samples, index: Array | None, weights: Array) -> Array:
        """The metric on every resample, shape (count,).

        Parameters
        ----------
        index, weights : ndarray, shape (count, n)
            From `intervals.resamples` and `intervals.weights`. No index with `intervals.group_weights`, whose
            resamples differ in length: means and weighted metrics have no need of it.
        """
        columns = self.columns(samples)
        if self.reduction == WEIGHTED:
            return self.of(*columns, weights)
        if self.reduction == "mean":
            return self.of(*(weights @ c for c in columns))
        if index is None:
            raise ValueError(f"{self.name}: a {self.reduction} of resampled groups is not worked out")
        return self.of(*(REDUCTIONS[self.reduction](c[index]) for c in columns))


_R2 = ("squared_error", "squared_deviation")


def _source_r2(quantity: str, title: str) -> Metric:
    return Metric(
        f"r2_{quantity}", f"R² {title}", "source", quantity, "1", True, _R2, _one_minus_ratio, shown=False
    )


def _nowcast(
    name: str, title: str, units: str, higher_is_better: bool | None, *statistics: str, **more: Any
) -> Metric:
    return Metric(name, title, "nowcast", LABEL, units, higher_is_better, statistics, **more)


def _anomaly(
    name: str, title: str, quantity: str, units: str, up: bool, *statistics: str, **more: Any
) -> Metric:
    return Metric(name, title, "anomaly", quantity, units, up, statistics, **more)


def _tec(name: str, title: str, quantity: str, units: str, up: bool, *statistics: str, **more: Any) -> Metric:
    return Metric(name, title, "tec", quantity, units, up, statistics, **more)


def _snapshot(
    name: str, title: str, quantity: str, units: str, up: bool | None, *statistics: str, **more: Any
) -> Metric:
    return Metric(name, title, "rapid", quantity, units, up, statistics, labels=(SNAPSHOT,), **more)


#: Labels of magnitudes: those of real earthquakes have none.
_REAL = ("-",)
_SKILL = ("squared_error", "squared_reference_error")
_DEVIANCES = ("poisson_deviance", "reference_deviance")
#: All metrics in the order of the columns; the first that applies to a label ranks its tables.
METRICS: tuple[Metric, ...] = (
    _nowcast("deviance", "Poisson deviance", "1", False, _DEVIANCES[0], labels=(COUNT,)),
    _nowcast(
        "deviance_skill", "skill (deviance)", "1", True, *_DEVIANCES, of=_one_minus_ratio, labels=(COUNT,)
    ),
    _nowcast("r2", "R²", "1", True, *_R2, of=_one_minus_ratio),
    _nowcast("skill", "skill", "1", True, *_SKILL, of=_one_minus_ratio),
    _nowcast("crps", "CRPS", "{u}", False, "crps"),
    _nowcast("mse", "MSE", "({u})²", False, "squared_error"),
    _nowcast("coverage_90", "coverage of 90 %", "1", None, "inside_90"),
    _nowcast("coverage_50", "coverage of 50 %", "1", None, "inside_50"),
    _nowcast("rmse", "RMSE", "{u}", False, "squared_error", of=np.sqrt, shown=False),
    _nowcast("mae", "MAE", "{u}", False, "absolute_error", shown=False),
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
    Metric(
        "final_mw_error",
        "|ΔMw| at the end, median",
        "rapid",
        "mw",
        "1",
        False,
        ("miss",),
        reduction="median",
        labels=_REAL,
    ),
    Metric(
        "seconds_to_mw",
        "time to stay within 0.3, median",
        "rapid",
        "seconds",
        "s",
        False,
        ("predicted",),
        reduction="median",
        labels=_REAL,
    ),
    Metric(
        "final_mw_bias",
        "predicted − true Mw at the end",
        "rapid",
        "mw",
        "1",
        None,
        ("difference_or_zero", "detected"),
        of=_ratio,
        labels=_REAL,
    ),
    _snapshot("beyond_03", "|ΔMw| above 0.3 or no estimate", "mw", "1", False, "beyond_03"),
    _snapshot("snapshot_coverage", "Mw inside 90 %", "mw", "1", None, "inside_90"),
    _snapshot("centroid_error", "centroid, mean", "centroid_east_km", "km", False, "centroid_error_km"),
    _snapshot("snapshot_crps", "CRPS of Mw", "mw", "1", False, "crps", shown=False),
    _anomaly("auc", "AUC", "shaken", "1", True, "predicted", "quiet", of=weighted.auc, reduction=WEIGHTED),
    _anomaly(
        "false_alarms",
        "false alarms, published threshold",
        "false_alarms",
        "1/h",
        False,
        "predicted",
        "true",
        of=_ratio,
    ),
    _anomaly(
        "detected_at_rate",
        "detected at 1 false alarm/h",
        "detection_at_rate",
        "1",
        True,
        "detected",
        "judged",
        of=_ratio,
    ),
    _anomaly(
        "delay_at_rate",
        "delay after S at 1 false alarm/h, median",
        "detection_at_rate",
        "s",
        False,
        "delay",
        of=weighted.median,
        reduction=WEIGHTED,
    ),
    _anomaly(
        "detected",
        "detected, published threshold",
        "detection",
        "1",
        True,
        "detected",
        "judged",
        of=_ratio,
        shown=False,
    ),
    _anomaly(
        "delay",
        "delay after S, published threshold, median",
        "detection",
        "s",
        False,
        "delay",
        of=weighted.median,
        reduction=WEIGHTED,
        shown=False,
    ),
    _tec(
        "tec_skill",
        "hits less false days",
        "planted",
        "1",
        True,
        "predicted",
        "true",
        "quiet_days_marked",
        "quiet_days",
        of=weighted.peirce_skill,
        reduction=WEIGHTED,
    ),
    _tec("hit_rate", "planted anomalies hit", "planted", "1", True, "predicted", "true", of=_ratio),
    _tec(
        "false_per_100",
        "false anomalies per 100 tests",
        "quiet_values",
        "1",
        False,
        "predicted",
        "true",
        of=_percent,
    ),
    _tec("false_days", "quiet days with a mark", "quiet_days", "1", False, "predicted", "true", of=_ratio),
)


def metrics_of(task: str, label: str = "-") -> list[Metric]:
    """Metrics of one task and label in the order of the columns; the first one ranks."""
    return [m for m in METRICS if m.task == task and (not m.labels or label in m.labels)]
