"""True place and size of real earthquakes: the options', else a catalogue's, else the event file's own."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.readers.gcmt_csv import read_gcmt_csv
from slipbench.datasets.readers.gcmt_ndk import read_gcmt_ndk
from slipbench.datasets.readers.high_rate import Hypocentre
from slipbench.datasets.recipes.source_real_options import Centroid

#: A catalogue event is that of a record when it is as near as this in place and size, on the same day.
SAME_KM, SAME_MW = 300.0, 0.5


@dataclass(frozen=True)
class Quake:
    """An earthquake and what counts as true about it.

    Parameters
    ----------
    name : str
        Its name in tables.
    time_unix : float
        Origin time, seconds since 1970 (UTC); the beginning of the day where only that is known.
    latitude, longitude : float
        Degrees.
    depth_km : float
        Kilometres; NaN where not known.
    mw : float
        Moment magnitude.
    truth : str
        Where place and size are from.
    """

    name: str
    time_unix: float
    latitude: float
    longitude: float
    depth_km: float
    mw: float
    truth: str

    @property
    def day(self) -> date:
        """Day of the earthquake (UTC)."""
        return datetime.fromtimestamp(self.time_unix, UTC).date()


@dataclass(frozen=True)
class Truths:
    """Where to look for true values.

    Parameters
    ----------
    table : DataFrame or None
        Catalogue: ``time``, ``lat``, ``lon``, ``depth_km`` (NaN where not known), ``magnitude``.
    about : str
        What the catalogue's places are.
    centroids : dict of date to Centroid
        Values that win over it.
    """

    table: pd.DataFrame | None
    about: str
    centroids: dict[date, Centroid]

    def of_day(self, quake: Quake) -> Quake:
        """`quake` with the centroid that the options give for its day, if any."""
        known = self.centroids.get(quake.day)
        if known is None:
            return quake
        place = (known.latitude, known.longitude, known.depth_km, known.mw)
        return Quake(quake.name, quake.time_unix, *place, known.source)

    def of_record(self, name: str, event: Hypocentre) -> Quake:
        """The earthquake of a record that says where and when it began.

        The largest catalogue event of the same day within `SAME_KM` and `SAME_MW`, else the record's own
        hypocentre and magnitude; the options' centroid of that day wins over both. A depth that the catalogue
        does not know is the record's.
        """
        place = (event.lat, event.lon, event.depth_km, event.mw)
        own = Quake(name, event.time_unix, *place, "hypocentre and Mw of the event's own file")
        if self.table is None:
            return self.of_day(own)
        rows = self._on(own.day)
        away = ground_distance(rows.lat.to_numpy(), rows.lon.to_numpy(), *map(np.array, place[:2]))
        near = (away <= SAME_KM * 1e3) & ((rows.magnitude - event.mw).abs() <= SAME_MW).to_numpy()
        found = self._largest(name, event.time_unix, rows[near])
        if found and np.isnan(found.depth_km):
            found = replace(
                found, depth_km=event.depth_km, truth=f"{found.truth}; depth of the event's own file"
            )
        return self.of_day(found or own)

    def of_time(self, name: str, time: datetime) -> Quake:
        """The largest catalogue event of a day, with `time`; the options' centroid of that day wins.

        Raises
        ------
        InputError
            When neither is there.
        """
        stamp = (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()
        unknown = Quake(name, stamp, np.nan, np.nan, np.nan, np.nan, "")
        found = self._largest(name, stamp, self._on(unknown.day)) if self.table is not None else None
        quake = self.of_day(found or unknown)
        if not quake.truth:
            raise InputError(
                f"input.events: {name}",
                f"no earthquake on {unknown.day} in the catalogue",
                "a catalogue event or a centroid of that day",
                "name its centroid under centroids",
            )
        return quake

    def _on(self, day: date) -> pd.DataFrame:
        assert self.table is not None
        start = pd.Timestamp(day)
        return self.table[(self.table.time >= start) & (self.table.time < start + pd.Timedelta(days=1))]

    def _largest(self, name: str, time_unix: float, rows: pd.DataFrame) -> Quake | None:
        if rows.empty:
            return None
        row = rows.loc[rows.magnitude.idxmax()]
        place = (float(row.lat), float(row.lon), float(row.depth_km), float(row.magnitude))
        return Quake(name, time_unix, *place, self.about)


def read_truths(path: Path | None, centroids: tuple[Centroid, ...]) -> Truths:
    """Read the catalogue at `path`: Global CMT in ``ndk``, or the CSV that pyCSEP ships.

    Where all depths of a catalogue are equal they were filled in, and count as not known.
    """
    by_day = {c.day: c for c in centroids}
    if path is None:
        return Truths(None, "", by_day)
    if ".ndk" in path.suffixes:
        table, about = read_gcmt_ndk(path).table, "Global CMT centroid"
        table = table.assign(time=table.origin_time)  # the centroid's may be on the next day
    else:
        table = read_gcmt_csv(path).table
        about = "Global CMT magnitude at the reference hypocentre (pyCSEP's copy holds no centroids)"
    table = table[~table.magnitude.isna()]
    if len(table) > 1 and (table.depth_km == table.depth_km.iloc[0]).all():
        table = table.assign(depth_km=np.nan)
    return Truths(table, about, by_day)
