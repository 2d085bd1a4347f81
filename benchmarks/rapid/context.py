"""What the results table keeps of the records: stations, noise, and what quality control took out."""

import numpy as np

from slipbench.benchmarks.rapid.outcomes import DAY_S
from slipbench.benchmarks.rapid.records import Records
from slipbench.benchmarks.results import Outcome
from slipbench.datasets.physics.pgd_stations import LEAST_QUIET, quiet_noise
from slipbench.datasets.store.reader import Store

#: Before the names of policies of the store in the table.
POLICY = "policy: "


def context(store: Store, records: Records) -> list[Outcome]:
    """Per earthquake: stations, policies, ends of the record. Per station: distance, place, noise before.

    Quantities of stations are named by the station and hold the value as `y_true`; ``noise`` is the root mean
    square length of the displacement before the origin time (m; NaN where too short). ``rejected`` lists the
    stations that quality control took out, with the reason in `name`.
    """
    events = store.attrs["events"]
    day = records.origin_time / DAY_S
    listed = [
        ("n_stations", "1", [e["n_stations"] for e in events]),
        ("n_rejected", "1", [e["n_rejected"] for e in events]),
        ("quiet_samples", "1", [e["quiet_samples"] for e in events]),
        ("first_s", "s", [e["record_s"][0] for e in events]),
        ("last_s", "s", [e["record_s"][1] for e in events]),
        *((POLICY + p, "1", [e["policies_applied"][p] for e in events]) for p in store.attrs["policies"]),
    ]
    none = [float("nan")] * len(events)
    found = [
        Outcome(
            name,
            units,
            records.row.tolist(),
            day.tolist(),
            list(map(float, values)),
            none,
            list(records.name),
        )
        for name, units, values in listed
    ]
    noise = quiet_noise(records.displacement, records.time, LEAST_QUIET)
    event, station = np.nonzero(np.isfinite(noise))
    for name, units, each in (
        ("hypocentral_km", "km", records.hypocentral_km),
        ("station_lat", "degree", records.station_lat),
        ("station_lon", "degree", records.station_lon),
        ("noise", "m", noise),
    ):
        found.append(
            Outcome(
                name,
                units,
                records.row[event].tolist(),
                day[event].tolist(),
                each[event, station].tolist(),
                [float("nan")] * len(event),
                records.station_code[event, station].tolist(),
            )
        )
    out = [(e["row"], f"{code}: {why}") for e in events for code, why in e["stations_left_out"].items()]
    found.append(
        Outcome(
            "rejected",
            "1",
            [row for row, _ in out],
            [float(day[row]) for row, _ in out],
            [float("nan")] * len(out),
            [float("nan")] * len(out),
            [reason for _, reason in out],
        )
    )
    return found
