"""What a trained network makes of real earthquakes second by second."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.benchmarks.rapid.estimators.base import Estimate
from slipbench.benchmarks.rapid.outcomes import every_second
from slipbench.benchmarks.rapid.records import Records
from slipbench.benchmarks.results import Outcome
from slipbench.datasets.physics.projection import project
from slipbench.datasets.preprocess.snapshot import event_snapshots
from slipbench.datasets.recipes.rapid_virtual_options import RapidVirtualOptions

#: Quantiles: the central 68 % give the standard deviation, the outer ones the interval of 90 %.
LEVELS = (0.05, 0.158655, 0.841345, 0.95)
#: Quantities of an earthquake at a second: interval of 90 % of the magnitude; centroid from the epicentre.
CURVE_LOW, CURVE_HIGH, CURVE_EAST, CURVE_NORTH = "curve_low", "curve_high", "curve_east_km", "curve_north_km"
#: A centroid so near the epicentre, km, is the epicentre.
_SAME_KM = 0.1


@dataclass(frozen=True)
class NetworkEstimate:
    """Estimates of n earthquakes at s seconds.

    Parameters
    ----------
    estimate : Estimate
        Magnitudes; the standard deviation is half the width of the central 68 %.
    low, high : ndarray, shape (n, s)
        Interval of 90 % of the magnitude.
    east_km, north_km : ndarray, shape (n, s)
        Centroid from the epicentre.
    """

    estimate: Estimate
    low: np.ndarray
    high: np.ndarray
    east_km: np.ndarray
    north_km: np.ndarray


def network_estimate(
    checkpoint: Path, records: Records, trained_on: RapidVirtualOptions, expect: str
) -> NetworkEstimate:
    """Apply a checkpoint to the seconds that it was trained on; after those its last estimate stands.

    It also stands while no station counts. Before the first second of the training, and of a station, there
    is none, although the network would tell its prior.

    Parameters
    ----------
    checkpoint : Path
        File written by a fit.
    records : Records
        The earthquakes.
    trained_on : RapidVirtualOptions
        Number and reach of stations, and seconds, of the snapshots.
    expect : str
        Name of the network that the checkpoint must hold.

    Raises
    ------
    InputError
        When the checkpoint cannot be used.
    """
    # here, not above: reading a configuration must not load torch
    from slipbench.trainers.apply import apply

    shape = (len(records), len(records.seconds))
    mw, sigma, low, high, east, north = np.full((6, *shape), np.nan)
    stations = np.zeros(shape, int)
    due = np.flatnonzero((records.seconds >= trained_on.first_s) & (records.seconds <= trained_on.last_s))
    step = float(records.time[1] - records.time[0])
    for k in range(len(records)):
        found = event_snapshots(
            records.displacement[k],
            float(records.time[0]),
            step,
            records.station_lat[k],
            records.station_lon[k],
            records.hypocentre[k],
            records.seconds[due],
            trained_on.most_stations,
            trained_on.network.reach_km,
        )
        stations[k, due] = np.isfinite(found[..., 0]).sum(axis=1)
        seen = stations[k, due] > 0
        if not seen.any():
            continue
        at = due[seen]
        told = apply(checkpoint, found[seen], LEVELS, expect)
        place, size = told.point[:, :2], told.point[:, 2]
        east[k, at], north[k, at] = place.T
        mw[k, at] = size
        low[k, at], below, above, high[k, at] = told.quantiles[:, 2].T
        sigma[k, at] = (above - below) / 2
    told = np.isfinite(mw)
    mw, sigma, low, high, east, north, stations = (
        _held(values, told) for values in (mw, sigma, low, high, east, north, stations)
    )
    return NetworkEstimate(Estimate(mw, sigma, stations), low, high, east, north)


def _held(values: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Values (n, s) at the last second that is told up to each; those of the first before any is."""
    number = np.where(told, np.arange(values.shape[1]), 0)
    return np.take_along_axis(values, np.maximum.accumulate(number, axis=1), axis=1)


def network_outcomes(records: Records, found: NetworkEstimate) -> list[Outcome]:
    """What a network tells beyond an `Estimate`, every second: see `CURVE_LOW` and the others.

    The true centroid is that of the store; where its files know the epicentre only, it is NaN.
    """
    lat, lon = records.target[:, :2].T
    east, north = (np.empty(len(records)) for _ in range(2))
    for k, (lat0, lon0, _) in enumerate(records.hypocentre):
        place = project(*(np.array([v]) for v in (lat0, lon0, lat[k], lon[k])))
        east[k], north[k] = place[0][0, 0] / 1e3, place[1][0, 0] / 1e3
    unknown = np.hypot(east, north) < _SAME_KM
    east[unknown], north[unknown] = np.nan, np.nan
    return [
        every_second(records, CURVE_LOW, "1", found.low, records.mw),
        every_second(records, CURVE_HIGH, "1", found.high, records.mw),
        every_second(records, CURVE_EAST, "km", found.east_km, east),
        every_second(records, CURVE_NORTH, "km", found.north_km, north),
    ]
