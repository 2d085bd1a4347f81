"""Networks and peak displacement on virtual earthquakes, as outcomes of the results table."""

from pathlib import Path

import numpy as np

from slipbench.benchmarks.quantiles import LEVELS, quantile_outcomes
from slipbench.benchmarks.results import Outcome
from slipbench.benchmarks.source.calibration import calibration_outcomes
from slipbench.datasets.physics.pgd import SCALINGS, pgd_magnitude
from slipbench.datasets.preprocess.snapshot import FEATURES, FRONT_KM_S
from slipbench.datasets.store.reader import Store

#: Seconds of the snapshots; a quantity without predictions.
SECOND = "second"
MW, EAST, NORTH = "mw", "centroid_east_km", "centroid_north_km"
#: A peak counts from so many times the scatter before the earthquake; fewest such stations.
LEAST_RATIO, LEAST_STATIONS, COEFFICIENTS = 5.0, 4, "ruhl2019"
#: Name of the median magnitude by such peaks.
PEAK = "pgd_snapshot"
_NAMES = [name for name, _ in FEATURES]


def snapshot_outcomes(checkpoint: Path, store: Store, expect: str) -> list[Outcome]:
    """A network's point predictions, quantiles of the magnitude and calibration on the test snapshots.

    ``mw`` comes first; then ``quantile_...`` of it, the centroid, ``second``, and ``calibration_mw`` and
    ``calibration_position`` (see `source.calibration`).

    Raises
    ------
    InputError
        When the checkpoint cannot be used, or was trained on another kind of store.
    """
    # here, not above: reading a configuration must not load Lightning
    from slipbench.trainers.apply import apply
    from slipbench.trainers.predict import predict

    found = predict(checkpoint, store, split="test", expect=expect)
    told = apply(checkpoint, store.read("snapshot", found.rows), LEVELS, expect)
    at = {name: k for k, name in enumerate(found.names)}
    points = {
        name: _outcome(name, found.units[k], found.rows, found.y_true[:, k], found.y_pred[:, k])
        for name, k in at.items()
    }
    return [
        points[MW],
        *quantile_outcomes(points[MW], told.quantiles[:, at[MW]]),
        points[EAST],
        points[NORTH],
        _seconds(store, found.rows),
        *calibration_outcomes(found.rows, found.calibration),
    ]


def peak_outcomes(store: Store) -> list[Outcome]:
    """The median magnitude of the same snapshots by peak displacement, NaN where too few stations count.

    A station counts when the S front has passed it and its peak is at least `LEAST_RATIO` times its scatter
    before the earthquake.
    """
    rows = store.rows_of("test")
    x = store.read("snapshot", rows).astype(np.float64)
    peak, scatter, distance = (10 ** x[..., _NAMES.index(f"log10 of the {name}")] for name in _SIZES)
    second = store.read("second", rows)
    counts = np.isfinite(peak) & (distance / FRONT_KM_S <= second[:, None]) & (peak >= LEAST_RATIO * scatter)
    single = pgd_magnitude(
        np.where(counts, peak, np.nan), np.where(counts, distance, 1.0), SCALINGS[COEFFICIENTS]
    )
    enough = counts.sum(axis=1) >= LEAST_STATIONS
    mw = np.full(len(rows), np.nan)
    mw[enough] = np.nanmedian(single[enough], axis=1)
    true = store.read("target", rows)[:, [t["name"] for t in store.attrs["targets"]].index(MW)]
    return [_outcome(MW, "1", rows, true, mw), _seconds(store, rows)]


_SIZES = ("peak displacement so far", "scatter before the earthquake", "hypocentral distance")


def events_of(store: Store) -> list[int]:
    """Numbers of the earthquakes of the test snapshots: snapshots of one depend on each other."""
    numbers: list[int] = store.read("event", store.rows_of("test")).tolist()
    return numbers


def _seconds(store: Store, rows: np.ndarray) -> Outcome:
    second = store.read("second", rows).astype(np.float64)
    return _outcome(SECOND, "s", rows, second, np.full(len(rows), np.nan))


def _outcome(name: str, units: str, rows: np.ndarray, true: np.ndarray, predicted: np.ndarray) -> Outcome:
    time = [float("nan")] * len(rows)
    return Outcome(name, units, rows.tolist(), time, true.tolist(), np.asarray(predicted, float).tolist())
