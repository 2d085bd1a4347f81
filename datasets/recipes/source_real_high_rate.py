"""Real earthquakes by the static offsets of their 1 Hz records."""

from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.preprocess.static_offset import rupture_seconds, static_offsets
from slipbench.datasets.readers.high_rate import read_high_rate
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_options import COMPONENTS
from slipbench.datasets.recipes.source_real_events import Gathered, Left, Observed, off_neighbours
from slipbench.datasets.recipes.source_real_options import HighRateInput
from slipbench.datasets.recipes.source_real_truth import Truths
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.plan import Source

FOLDER = "high_rate"
_QUANTITIES = (*COMPONENTS, "up", "peak")


def gather_high_rate(o: HighRateInput, data: Path | None, truths: Truths) -> Gathered:
    """Take the offsets of every record; unusable stations and outliers are left out, with reasons.

    The neighbour rule sees east, north, up and the peak displacement, of all stations of the file, so that
    a record which broke during the shaking is found although its last value looks right.

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
    for path, name in _files(o, data):
        record, read = read_high_rate(path, "drop")
        event = record.event
        if event is None:
            raise InputError(
                f"{path}:origin_time",
                "does not say which earthquake this is",
                "origin_time, hypo and mw",
                "add them",
            )
        out.sources.append(Source.of(path, name))
        out.count("rows_rejected_by_the_reader", len(read.rejected))
        left = [Left(f"row {r.line}", r.reason) for r in read.rejected]
        table = record.stations
        lat, lon = table.lat.to_numpy(), table.lon.to_numpy()
        stations = Stations(tuple(table.station), lat, lon, table.elevation_m.to_numpy())
        ground_km = ground_distance(lat, lon, np.array(event.lat), np.array(event.lon)) / 1e3
        found = static_offsets(
            record.enu_m,
            record.start_unix - event.time_unix,
            record.step_s,
            np.hypot(ground_km, event.depth_km),
            rupture_seconds(event.mw),
            w,
        )
        values = 1e3 * np.concatenate([found.enu_m, found.peak_m[:, None]], axis=1)
        wrong = off_neighbours(stations, values, _QUANTITIES, o.outliers)
        unusable = {k: reason for k, reason in enumerate(found.reason) if reason and k not in wrong}
        out.count("stations_off_their_neighbours", len(wrong))
        out.count("stations_without_quiet_or_settled_samples", len(unusable))
        why = wrong | unusable
        kept = np.array([k not in why for k in range(len(stations))])
        left += [Left(stations.code[k], why[k]) for k in sorted(why)]
        quake = truths.of_record(path.stem, event)
        offset = values[kept, :2].astype(np.float64)
        out.events.append(Observed(quake, stations.take(kept), offset, tuple(left)))
    return out


def _files(o: HighRateInput, data: Path | None) -> list[tuple[Path, str]]:
    """Paths of the records with the names to keep, in the order of the options, or of the folder's names."""
    there = sorted(p.stem for p in (data / FOLDER).glob("*.npz")) if data else []
    if not o.events and not there:
        raise InputError(
            "input.events",
            f"no NPZ file in {data / FOLDER if data else 'the data folder, which is not set'}",
            "records of earthquakes",
            "name files, or set SLIPBENCH_DATA",
        )
    names = []
    for event in o.events or there:
        if not event.endswith(".npz") and there and event not in there:
            raise InputError(
                "input.events", f"no record '{event}'", "one of the folder", nearest(event, there)
            )
        names.append(event if event.endswith(".npz") else f"{FOLDER}/{event}.npz")
    found = [data_file(data, name, "input.events") for name in names]
    stems = [path.stem for path, _ in found]
    if twice := sorted({s for s in stems if stems.count(s) > 1}):
        raise InputError("input.events", f"'{twice[0]}' twice", "each event once", "drop or rename one")
    return found
