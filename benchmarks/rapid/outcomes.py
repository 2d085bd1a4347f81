"""What the results table keeps of an estimator: final values, times, and its curves."""

import numpy as np

from slipbench.benchmarks.rapid.curve import Stable, first_stable, stays_within
from slipbench.benchmarks.rapid.estimators.base import Estimate
from slipbench.benchmarks.rapid.records import Records
from slipbench.benchmarks.results import Outcome

DAY_S = 86400.0
#: Quantities of an earthquake, and of an earthquake at a second.
FINAL, SECONDS, OWN_SECONDS, STATIONS = "mw", "seconds", "own_seconds", "stations"
FIRST_MW, FIRST_SECONDS, SIGMA = "first_mw", "first_seconds", "sigma"
CURVE, CURVE_SIGMA, CURVE_STATIONS = "curve", "curve_sigma", "curve_stations"
STATION_MW = "station_mw"
#: Before the names of what was learnt without an earthquake.
FITTED = "fitted: "


def outcomes(records: Records, found: Estimate, within: float, own: float, stable: Stable) -> list[Outcome]:
    """One outcome for each quantity; ``mw`` comes first, since metrics count its samples.

    ``mw``: catalogue and last estimate (NaN where there is none). ``seconds``: time from the origin after
    which the estimate stays `within` of the catalogue; ``own_seconds``: after which it stays within `own` of
    its last value; ``first_seconds`` and ``first_mw``: when it is first `stable`, and at what. Times are
    infinite where that never happens, and stand beside a true value of 0. ``stations``: how many it rests on
    at the end; ``sigma``: its own standard deviation then. ``curve``, ``curve_sigma``, ``curve_stations``:
    the same at every second, `time` being that second. ``fitted: ...``: what was learnt without the
    earthquake. ``station_mw``: the last magnitude of every station.
    """
    mw, seconds = records.mw, records.seconds
    last = found.mw[:, -1]
    first_time, first_mw = first_stable(found.mw, seconds, stable)
    none = np.zeros(len(records))

    def each(quantity: str, units: str, true: np.ndarray, predicted: np.ndarray) -> Outcome:
        return Outcome(
            quantity,
            units,
            records.row.tolist(),
            (records.origin_time / DAY_S).tolist(),
            np.asarray(true, np.float64).tolist(),
            np.asarray(predicted, np.float64).tolist(),
            list(records.name),
        )

    listed = [
        each(FINAL, "1", mw, last),
        each(SECONDS, "s", none, stays_within(found.mw, mw, within, seconds)),
        each(OWN_SECONDS, "s", none, stays_within(found.mw, last, own, seconds)),
        each(FIRST_SECONDS, "s", none, first_time),
        each(FIRST_MW, "1", mw, first_mw),
        each(STATIONS, "1", none, found.stations[:, -1]),
        each(SIGMA, "1", np.abs(last - mw), found.sigma[:, -1]),
        every_second(records, CURVE, "1", found.mw, mw),
        every_second(records, CURVE_SIGMA, "1", found.sigma, none),
        every_second(records, CURVE_STATIONS, "1", found.stations, none),
        *(each(FITTED + name, "1", none, values) for name, values in found.fitted.items()),
    ]
    return listed if found.station_mw is None else [*listed, _stations(records, found.station_mw)]


def every_second(
    records: Records, quantity: str, units: str, values: np.ndarray, true: np.ndarray
) -> Outcome:
    """A quantity (n, s) of every earthquake at `Records.seconds`, beside its true value (n,)."""
    shape = values.shape
    time = (records.origin_time[:, None] + records.seconds) / DAY_S
    return Outcome(
        quantity,
        units,
        np.broadcast_to(records.row[:, None], shape).ravel().tolist(),
        time.ravel().tolist(),
        np.broadcast_to(true[:, None], shape).astype(np.float64).ravel().tolist(),
        values.astype(np.float64).ravel().tolist(),
        [name for name in records.name for _ in range(shape[1])],
    )


def _stations(records: Records, station_mw: np.ndarray) -> Outcome:
    """Magnitudes of the stations that are used at the end; `name` is the station's."""
    event, station = np.nonzero(np.isfinite(station_mw))
    return Outcome(
        STATION_MW,
        "1",
        records.row[event].tolist(),
        (records.origin_time[event] / DAY_S).tolist(),
        records.mw[event].tolist(),
        station_mw[event, station].tolist(),
        records.station_code[event, station].tolist(),
    )
