"""What the results table keeps of a detector, one value for each record of an earthquake at a station.

======================== ================================= ===================================================
quantity                 ``y_true``                        ``y_pred``
======================== ================================= ===================================================
shaken                   1                                 largest statistic of the window from the S wave on
quiet                    0                                 the same of the window before the P wave
false_alarms             quiet hours                       alarms in them at the published threshold
detection                predicted S wave (s from origin)  when the first alarm from the P wave on is known,
                                                           infinite for none
arriving                 seconds from P to the shaken      epochs of them with a statistic
                         window's end
quiet_marks              quiet epochs x components judged  those above the published threshold
shaken_marks             the same from P to that end       those above the published threshold
======================== ================================= ===================================================

Alarms and detections stand there three times: at the published threshold; ``_at_rate`` with the one that
gives one false alarm per hour at every second other station of the same earthquake; ``_transferred`` with the
one that does so on all other earthquakes.

NaN: the record has no such window. A station's statistic is the largest of its three components'.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from slipbench.benchmarks.anomaly.alarms import alarms, first_alarm, threshold_for
from slipbench.benchmarks.anomaly.protocol import RATE
from slipbench.benchmarks.anomaly.records import Records
from slipbench.benchmarks.results import Outcome
from slipbench.datasets.anomaly.detectors.base import Detector
from slipbench.datasets.physics.arrivals import first_s

#: Records whose windows are in memory at a time.
_AT_ONCE = 64


@dataclass(frozen=True)
class Judged:
    """What a detector says of the records of one earthquake.

    Parameters
    ----------
    records : Records
        The records.
    components : ndarray, shape (m, 3, n), float32
        Statistic of each component.
    """

    records: Records
    components: np.ndarray

    @cached_property
    def station(self) -> np.ndarray:
        """The largest of the components, shape (m, n); NaN where none is known."""
        return np.fmax.reduce(self.components, axis=1)

    @property
    def hours(self) -> np.ndarray:
        """Quiet hours of each record."""
        return self.records.quiet.sum(axis=1) * self.records.interval / 3600


def judge(detector: Detector, records: Records) -> Judged:
    """Statistics of all records of an earthquake."""
    parts = [
        detector.statistic(records.velocity[k : k + _AT_ONCE]).astype(np.float32)
        for k in range(0, len(records), _AT_ONCE)
    ]
    return Judged(records, np.concatenate(parts))


def outcomes(detector: Detector, every: Sequence[Judged]) -> list[Outcome]:
    """All quantities over the records of all earthquakes."""
    thresholds = [
        {"": np.full(len(j.records), float(detector.options.threshold)), "_at_rate": _from_others(j)}
        | {"_transferred": np.full(len(j.records), _from([o for o in every if o is not j]))}
        for j in every
    ]
    parts = [_of_earthquake(j, t) for j, t in zip(every, thresholds, strict=True)]
    sample = list(range(sum(len(j.records) for j in every)))
    name = [j.records.name for j in every for _ in range(len(j.records))]
    day = [j.records.day for j in every for _ in range(len(j.records))]

    def joined(quantity: str, k: int) -> list[float]:
        return np.concatenate([p[quantity][k] for p in parts]).tolist()

    return [
        Outcome(q, "s" if q.startswith("detection") else "1", sample, day, joined(q, 0), joined(q, 1), name)
        for q in parts[0]
    ]


def _from(every: Sequence[Judged], rows: slice = slice(None)) -> float:
    """The threshold for `RATE` on the quiet parts of some records."""
    if not every:
        return np.nan
    hours = sum(float(j.hours[rows].sum()) for j in every)
    statistics, quiet = [j.station[rows] for j in every], [j.records.quiet[rows] for j in every]
    return threshold_for(statistics, quiet, hours, every[0].records.protocol.hold, RATE)


def _from_others(j: Judged) -> np.ndarray:
    """For each record the threshold from every second other station of its earthquake, shape (m,)."""
    found = np.empty(len(j.records))
    for first in (0, 1):
        found[first::2] = _from([j], slice(1 - first, None, 2))
    return found


def _of_earthquake(
    j: Judged, thresholds: Mapping[str, np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """True and predicted values of each quantity, each of shape (m,)."""
    records, statistic, one = j.records, j.station, np.ones(len(j.records))
    quiet, arriving, s = records.quiet, records.arriving, first_s(records.km)
    found = {
        "shaken": (one, _largest(statistic, records.shaken_window)),
        "quiet": (0 * one, _largest(statistic, records.quiet_window)),
    }
    for suffix, threshold in thresholds.items():
        begins = alarms(statistic > threshold[:, None], records.protocol.hold)
        known = np.where(np.isnan(threshold), np.nan, one)
        found[f"false_alarms{suffix}"] = (j.hours, known * (begins & quiet).sum(axis=1))
        known_at = records.seconds + records.protocol.latency * records.interval
        found[f"detection{suffix}"] = (s, known * first_alarm(begins, arriving, known_at))
    judged = (arriving & np.isfinite(statistic)).sum(axis=1)
    found["arriving"] = (arriving.sum(axis=1) * records.interval, judged.astype(float))
    for name, where in (("quiet_marks", quiet), ("shaken_marks", arriving)):
        tested = np.isfinite(j.components) & where[:, None]
        marked = tested & (j.components > thresholds[""][:, None, None])
        found[name] = (tested.sum(axis=(1, 2)).astype(float), marked.sum(axis=(1, 2)).astype(float))
    return found


def _largest(statistic: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Largest known value of each record's window; NaN without."""
    return np.fmax.reduce(np.where(where, statistic, np.nan), axis=1)
