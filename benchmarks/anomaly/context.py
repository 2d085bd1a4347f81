"""What the results table keeps of the records themselves, and of two of them in full."""

from collections.abc import Sequence

import numpy as np

from slipbench.benchmarks.anomaly.as_published import BOUNDS_MM_S, first_anomalies, quiet_excess
from slipbench.benchmarks.anomaly.outcomes import Judged
from slipbench.benchmarks.anomaly.records import COMPONENTS, Records
from slipbench.benchmarks.results import Outcome
from slipbench.datasets.physics.arrivals import earliest_p, first_s


def examples(every: Sequence[Records]) -> dict[str, tuple[int, int]]:
    """Two records to draw, (earthquake, record): the nearest of the largest and of the smallest event."""
    usable = [r.arriving.any(axis=1) & r.quiet_window.any(axis=1) for r in every]
    there = [k for k, ok in enumerate(usable) if ok.any()]
    found = {}
    for title, pick in (("large", max), ("small", min)):
        if there:
            k = pick(there, key=lambda k: every[k].mw)
            found[title] = k, int(np.where(usable[k], every[k].km, np.inf).argmin())
    return found


def context(every: Sequence[Records]) -> list[Outcome]:
    """Place, size and arrivals of each record, the document's anomalies, and the examples' velocities."""
    sample = list(range(sum(len(r) for r in every)))
    name = [r.name for r in every for _ in range(len(r))]
    day = [r.day for r in every for _ in range(len(r))]

    def each(
        quantity: str, units: str, values: list[np.ndarray], true: list[np.ndarray] | None = None
    ) -> Outcome:
        pred, known = (np.concatenate(v).astype(np.float64).tolist() for v in (values, true or values))
        return Outcome(quantity, units, sample, day, known, pred, name)

    first = [first_anomalies(r) for r in every]
    excess = {c: [quiet_excess(r, c) for r in every] for c in BOUNDS_MM_S}
    found = [
        each("hypocentral_km", "km", [r.km for r in every]),
        each("mw", "1", [np.full(len(r), r.mw) for r in every]),
        each("station_lat", "deg", [r.lat for r in every]),
        each("station_lon", "deg", [r.lon for r in every]),
        each("p", "s", [earliest_p(r.km) for r in every]),
        each("s", "s", [first_s(r.km) for r in every]),
        *(each(f"published_{c}", "s", [f[:, k] for f in first]) for k, c in enumerate(COMPONENTS)),
        *(each(f"excess_{c}", "1", [e[1] for e in v], [e[0] for e in v]) for c, v in excess.items()),
    ]
    for title, (k, i) in examples(every).items():
        r = every[k]
        number = sum(len(e) for e in every[:k]) + i
        for c, component in enumerate(COMPONENTS):
            found.append(_series(f"{title}_{component}", "mm/s", number, r, 1e3 * r.velocity[i, c]))
    return found


def series(every: Sequence[Judged]) -> list[Outcome]:
    """Of a detector: its statistic on the examples, and the marks of all records before the origin time."""
    records, found = [j.records for j in every], []
    for title, (k, i) in examples(records).items():
        found.append(_series(f"{title}_statistic", "1", 0, records[k], every[k].station[i]))
    return found


def _series(quantity: str, units: str, number: int, r: Records, values: np.ndarray) -> Outcome:
    """A series of one record against the seconds from the origin."""
    n = len(values)
    time = (r.day + r.seconds / 86400).tolist()
    return Outcome(quantity, units, [number] * n, time, r.seconds.tolist(), values.tolist(), [r.name] * n)
