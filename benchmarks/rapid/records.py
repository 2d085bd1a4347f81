"""High-rate records of earthquakes, as estimators get them."""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from slipbench.datasets.store.reader import Store


@dataclass(frozen=True)
class Records:
    """Displacement of n earthquakes at up to m stations and t epochs.

    Parameters
    ----------
    row : ndarray of int, shape (n,)
        Row in the store.
    name : tuple of str
        Names of the earthquakes.
    displacement : ndarray, shape (n, m, t, 3), float32
        East, north, up from the position before, m; NaN where missing.
    station_code : ndarray of str, shape (n, m)
        Names of the stations; empty for padding.
    station_lat, station_lon : ndarray, shape (n, m)
        Degrees; NaN for padding.
    hypocentral_km : ndarray, shape (n, m)
        Hypocentral distance, km; NaN for padding.
    hypocentre : ndarray, shape (n, 3)
        Latitude, longitude (degrees), depth (km, positive down).
    origin_time : ndarray, shape (n,)
        Seconds since 1970-01-01 UTC.
    target : ndarray, shape (n, 3)
        True centroid latitude and longitude (degrees) and Mw: what estimators are judged by.
    time : ndarray, shape (t,)
        Epochs in seconds from the origin time.
    """

    row: np.ndarray
    name: tuple[str, ...]
    displacement: np.ndarray
    station_code: np.ndarray
    station_lat: np.ndarray
    station_lon: np.ndarray
    hypocentral_km: np.ndarray
    hypocentre: np.ndarray
    origin_time: np.ndarray
    target: np.ndarray
    time: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def mw(self) -> np.ndarray:
        """True moment magnitude, shape (n,)."""
        return self.target[:, 2]

    @cached_property
    def seconds(self) -> np.ndarray:
        """Epochs at which an estimate is due: those from the origin time on, shape (s,)."""
        return self.time[self.time >= 0]

    def take(self, index: np.ndarray) -> "Records":
        """The earthquakes at `index` (numbers or a mask), in that order."""
        numbers = np.arange(len(self))[index]
        parts = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("name", "time")}
        taken = {name: values[numbers] for name, values in parts.items()}
        return Records(name=tuple(self.name[k] for k in numbers), time=self.time, **taken)


def read_records(store: Store) -> Records:
    """All earthquakes of a ``rapid_real`` store."""
    codes = store.read("station_code")
    same = ("displacement", "station_lat", "station_lon", "hypocentral_km", "hypocentre", "origin_time")
    return Records(
        row=np.arange(len(store)),
        name=tuple(bytes(e).rstrip(b"\0").decode() for e in store.read("event")),
        station_code=codes.reshape(-1, codes.shape[-1])
        .view(f"S{codes.shape[-1]}")
        .reshape(codes.shape[:2])
        .astype(str),
        target=store.read("target"),
        time=store.read("time"),
        **{name: store.read(name) for name in same},
    )
