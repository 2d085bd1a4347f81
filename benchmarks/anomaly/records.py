"""Real high-rate records with the times at which they can only be quiet, and those at which they shake."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from slipbench.benchmarks.anomaly.protocol import Protocol
from slipbench.datasets.anomaly.spectrum import velocity
from slipbench.datasets.physics.arrivals import earliest_p, first_s
from slipbench.datasets.store.reader import Store

COMPONENTS = ("east", "north", "up")
#: Share of a window's epochs that a record must have.
LEAST_MEASURED = 0.8


@dataclass(frozen=True)
class Records:
    """The m stations of one earthquake that measured anything.

    Parameters
    ----------
    row : int
        Of the store.
    name : str
        Of the earthquake.
    mw : float
        Moment magnitude.
    day : float
        Origin time, days since 1970-01-01 (UTC).
    station : ndarray of int, shape (m,)
        Numbers in the store's station dimension.
    lat, lon : ndarray, shape (m,)
        Degrees.
    km : ndarray, shape (m,)
        Hypocentral distance.
    seconds : ndarray, shape (n,)
        From the origin time.
    velocity : ndarray, shape (m, 3, n)
        Differences of neighbouring positions east, north and up, m/s, at the later epoch; NaN where missing.
    protocol : Protocol
        What is quiet, what is shaken.
    """

    row: int
    name: str
    mw: float
    day: float
    station: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    km: np.ndarray
    seconds: np.ndarray
    velocity: np.ndarray
    protocol: Protocol

    def __len__(self) -> int:
        return len(self.km)

    @property
    def interval(self) -> float:
        """Seconds between epochs."""
        return float(self.seconds[1] - self.seconds[0])

    @property
    def known(self) -> np.ndarray:
        """Where a velocity was measured, shape (m, n)."""
        return np.isfinite(self.velocity).all(axis=1)

    @property
    def usable(self) -> bool:
        """Whether there is anything to judge: a quiet epoch or a shaken window."""
        return bool(self.quiet.any() or self.shaken_window.any())

    @property
    def judged(self) -> np.ndarray:
        """Epochs with enough of the record before them, shape (m, n)."""
        begins = self.known.argmax(axis=1) - 1  # a velocity needs a position before
        return np.arange(len(self.seconds)) >= begins[:, None] + self.protocol.background

    @property
    def quiet(self) -> np.ndarray:
        """Judged epochs with a velocity before any wave of the earthquake can arrive, shape (m, n)."""
        before = self.seconds < earliest_p(self.km)[:, None]
        return self.known & self.judged & before

    @property
    def quiet_window(self) -> np.ndarray:
        """The last epochs before the P wave, shape (m, n); none of a record that lacks too many of them."""
        first = np.searchsorted(self.seconds, earliest_p(self.km)) - self.protocol.window
        return self._window(first)

    @property
    def shaken_window(self) -> np.ndarray:
        """Epochs from the S wave on, shape (m, n); none of a record that lacks too many of them."""
        return self._window(np.searchsorted(self.seconds, first_s(self.km)))

    @property
    def arriving(self) -> np.ndarray:
        """Epochs from the P wave to the end of the shaken window, shape (m, n).

        None of a record without that window, or which cannot be judged when the P wave arrives.
        """
        p, s = (np.searchsorted(self.seconds, t(self.km)) for t in (earliest_p, first_s))
        span = self._span(p, s + self.protocol.window - p)
        late = (span & ~self.judged).any(axis=1)
        return span & (self.shaken_window.any(axis=1) & ~late)[:, None]

    def _span(self, first: np.ndarray, length: np.ndarray | int) -> np.ndarray:
        place = np.arange(len(self.seconds)) - first[:, None]
        return np.asarray((place >= 0) & (place < np.reshape(length, (-1, 1))))

    def _window(self, first: np.ndarray) -> np.ndarray:
        """Measured epochs of a window that is within the record and judged from its first epoch on."""
        length = self.protocol.window
        span = self._span(first, length)
        inside = (span & self.judged).sum(axis=1) == length
        measured = (span & self.known).sum(axis=1) >= LEAST_MEASURED * length
        return span & self.known & (inside & measured)[:, None]


def read_records(store: Store, protocol: Protocol) -> Iterator[Records]:
    """Every earthquake of a ``rapid_real`` store that has a record.

    Parameters
    ----------
    store : Store
        With ``displacement`` (event, station, time, 3), places, distances and origin times.
    protocol : Protocol
        Of the suite.
    """
    first, interval = float(store.attrs["first_s"]), float(store.attrs["interval_s"])
    for row in range(len(store)):
        here = np.array([row])
        displacement = store.read("displacement", here)[0]
        measured = np.isfinite(displacement).all(axis=-1)
        station = np.flatnonzero(measured.any(axis=1))
        if not len(station):
            continue
        epochs = np.flatnonzero(measured.any(axis=0))
        part = slice(epochs[0], epochs[-1] + 1)
        lat, lon, km = (
            store.read(name, here)[0, station] for name in ("station_lat", "station_lon", "hypocentral_km")
        )
        yield Records(
            row=row,
            name=bytes(store.read("event", here)[0]).rstrip(b"\0").decode(),
            mw=float(store.read("mw", here)[0]),
            day=float(store.read("origin_time", here)[0]) / 86400,
            station=station,
            lat=lat,
            lon=lon,
            km=km,
            seconds=first + interval * np.arange(part.start, part.stop),
            velocity=velocity(displacement[station, part].transpose(0, 2, 1), interval),
            protocol=protocol,
        )
