"""Real earthquakes by the static offsets of their 1 Hz records."""

from pathlib import Path

import numpy as np

from slipbench.datasets.recipes.high_rate_records import read_records
from slipbench.datasets.recipes.source_real_events import Gathered, Left, Observed
from slipbench.datasets.recipes.source_real_options import HighRateInput
from slipbench.datasets.recipes.source_real_truth import Truths


def gather_high_rate(o: HighRateInput, data: Path | None, truths: Truths) -> Gathered:
    """Take the offsets of every record; unusable stations and outliers are left out, with reasons.

    Raises
    ------
    InputError
        For unusable files, and records that do not say which earthquake they are of.
    """
    w = o.windows
    out = Gathered(
        about="static offsets of 1 Hz GNSS records",
        offset=f"median of the last {w.after_s:g} s less that of {w.before_s:g} s before the origin time",
        policies={
            "rows_rejected_by_the_reader": "impossible coordinates or no samples: dropped",
            "stations_without_quiet_or_settled_samples": f"fewer than {w.coverage:g} of the samples before "
            f"or after, or shaking (rupture, then waves of {w.slowest_km_s:g} km/s) in the last window: "
            "dropped (in the whole file)",
            "stations_off_their_neighbours": "offset or peak displacement does not fit those around: "
            "dropped (in the whole file)",
        },
    )
    for record in read_records(o.events, data, "input.events"):
        stations = record.stations
        out.sources.append(record.source)
        out.count("rows_rejected_by_the_reader", len(record.rejected))
        found = record.offsets(record.data.enu_m, w)
        wrong = record.off_neighbours(found, o.outliers)
        unusable = {k: reason for k, reason in enumerate(found.reason) if reason and k not in wrong}
        out.count("stations_off_their_neighbours", len(wrong))
        out.count("stations_without_quiet_or_settled_samples", len(unusable))
        why = wrong | unusable
        kept = np.array([k not in why for k in range(len(stations))])
        left = [*record.rejected, *(Left(stations.code[k], why[k]) for k in sorted(why))]
        quake = truths.of_record(record.name, record.event)
        offset = found.enu_m[kept, :2] * 1e3
        out.events.append(Observed(quake, stations.take(kept), offset.astype(np.float64), tuple(left)))
    return out
