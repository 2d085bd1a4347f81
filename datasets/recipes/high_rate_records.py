"""1 Hz records of earthquakes as recipes read them: files by name, stations, who disagrees with whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.preprocess.neighbours import NeighbourRule
from slipbench.datasets.preprocess.static_offset import (
    StaticOffsets,
    Windows,
    rupture_seconds,
    static_offsets,
)
from slipbench.datasets.readers.high_rate import HighRate, Hypocentre, read_high_rate
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_options import COMPONENTS
from slipbench.datasets.recipes.source_real_events import Left, off_neighbours
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.plan import Source

FOLDER = "high_rate"
_QUANTITIES = (*COMPONENTS, "up", "peak")


@dataclass(frozen=True)
class Record:
    """One earthquake's record.

    Parameters
    ----------
    name : str
        Stem of the file.
    source : Source
        The file.
    data : HighRate
        Displacement of the stations that the reader accepted.
    event : Hypocentre
        The earthquake.
    stations : Stations
        The m stations.
    hypocentral_km : ndarray, shape (m,)
        Distance from the hypocentre: along the ground and the depth at right angles, km.
    rejected : tuple of Left
        Rows that the reader did not accept.
    """

    name: str
    source: Source
    data: HighRate
    event: Hypocentre
    stations: Stations
    hypocentral_km: np.ndarray
    rejected: tuple[Left, ...]

    @property
    def start_s(self) -> float:
        """Seconds from the origin time to the first sample; negative before."""
        return self.data.start_unix - self.event.time_unix

    def offsets(self, enu_m: np.ndarray, windows: Windows) -> StaticOffsets:
        """Static offsets and peaks of the record's stations, of displacement (m, 3, t) at its epochs."""
        return static_offsets(
            enu_m,
            self.start_s,
            self.data.step_s,
            self.hypocentral_km,
            rupture_seconds(self.event.mw),
            windows,
        )

    def off_neighbours(self, found: StaticOffsets, rule: NeighbourRule) -> dict[int, str]:
        """Stations (by number) whose offset or peak displacement does not fit those around, and why.

        The rule sees east, north, up and the peak displacement, of all stations of the file, so that a record
        which broke during the shaking is found although its last value looks right.
        """
        values = 1e3 * np.concatenate([found.enu_m, found.peak_m[:, None]], axis=1)
        return off_neighbours(self.stations, values, _QUANTITIES, rule)


def read_records(events: tuple[str, ...], data: Path | None, key: str) -> Iterator[Record]:
    """Records in the order of the names, or of the folder's files, with the rows that the reader rejects.

    Parameters
    ----------
    events : tuple of str
        Names below `FOLDER` of the data folder, or paths of NPZ files; empty: all of the folder.
    data : Path or None
        Folder of real data.
    key : str
        Option that names them, for the messages.

    Raises
    ------
    InputError
        For unusable files, and records that do not say which earthquake they are of.
    """
    for path, name in _files(events, data, key):
        record, read = read_high_rate(path, "drop")
        event = record.event
        if event is None:
            raise InputError(
                f"{path}:origin_time",
                "does not say which earthquake this is",
                "origin_time, hypo and mw",
                "add them",
            )
        table = record.stations
        lat, lon = table.lat.to_numpy(), table.lon.to_numpy()
        ground_km = ground_distance(lat, lon, np.array(event.lat), np.array(event.lon)) / 1e3
        yield Record(
            path.stem,
            Source.of(path, name),
            record,
            event,
            Stations(tuple(table.station), lat, lon, table.elevation_m.to_numpy()),
            np.hypot(ground_km, event.depth_km),
            tuple(Left(f"row {r.line}", r.reason) for r in read.rejected),
        )


def _files(events: tuple[str, ...], data: Path | None, key: str) -> list[tuple[Path, str]]:
    """Paths of the records with the names to keep, in the order of the options, or of the folder's names."""
    there = sorted(p.stem for p in (data / FOLDER).glob("*.npz")) if data else []
    if not events and not there:
        raise InputError(
            key,
            f"no NPZ file in {data / FOLDER if data else 'the data folder, which is not set'}",
            "records of earthquakes",
            "name files, or set SLIPBENCH_DATA",
        )
    names = []
    for event in events or there:
        if not event.endswith(".npz") and there and event not in there:
            raise InputError(key, f"no record '{event}'", "one of the folder", nearest(event, there))
        names.append(event if event.endswith(".npz") else f"{FOLDER}/{event}.npz")
    found = [data_file(data, name, key) for name in names]
    stems = [path.stem for path, _ in found]
    if twice := sorted({s for s in stems if stems.count(s) > 1}):
        raise InputError(key, f"'{twice[0]}' twice", "each event once", "drop or rename one")
    return found
