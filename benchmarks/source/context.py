"""What the samples of a source test set are: depth, distance to the network, missing stations."""

import numpy as np

from slipbench.benchmarks.results import Outcome
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.physics.source import PARAMETERS
from slipbench.datasets.store.reader import Store

#: Length of a degree of latitude on the sphere of 6371 km.
KM_PER_DEGREE = 111.195
_BLOCK = 4096


def context(store: Store, rows: np.ndarray) -> list[Outcome]:
    """Quantities of the test samples, without predictions.

    ``depth`` (km, of the centroid), ``ground_distance`` (degrees, from the epicentre to the nearest station),
    ``distance`` (degrees, from the centroid to the nearest station, with depth), ``missing`` (share of the
    network's stations without data). ``station_latitude`` and ``station_longitude`` list the network instead.

    Parameters
    ----------
    store : Store
        Source store, made or real.
    rows : ndarray of int, shape (n,)
        Test rows.

    Notes
    -----
    A station that a sample lacks does not count as the nearest one. Costantino et al. (2023) take the
    Euclidean norm of coordinates for the distance; here it is the root of ground distance and depth squared,
    in degrees of 111.195 km.
    """
    lat, lon = store.read("station_lat"), store.read("station_lon")
    target = store.read("target")[rows]
    present = _present(store, rows, len(lat))
    ground = np.empty(len(rows))
    for at in range(0, len(rows), _BLOCK):
        part = slice(at, at + _BLOCK)
        away = ground_distance(target[part, 0, None], target[part, 1, None], lat, lon)
        ground[part] = np.where(present[part], away, np.inf).min(axis=1)
    ground /= 1e3 * KM_PER_DEGREE
    depth = _depth_km(store)[rows]
    names = _names(store, rows)
    sample, none = rows.tolist(), np.full(len(rows), np.nan).tolist()

    def of(quantity: str, units: str, values: np.ndarray) -> Outcome:
        return Outcome(quantity, units, sample, none, values.tolist(), none, names)

    network = [
        Outcome(f"station_{axis}", "degree", list(range(len(v))), [], v.tolist(), [])
        for axis, v in (("latitude", lat), ("longitude", lon))
    ]
    return [
        of("depth", "km", depth),
        of("ground_distance", "degree", ground),
        of("distance", "degree", np.hypot(ground, depth / KM_PER_DEGREE)),
        of("missing", "1", 1 - present.mean(axis=1)),
        *network,
    ]


def _present(store: Store, rows: np.ndarray, stations: int) -> np.ndarray:
    """Which stations a sample has, shape (n, stations)."""
    if "present" not in store.names:
        return np.ones((len(rows), stations), bool)
    return store.read("present")[rows].astype(bool)


def _depth_km(store: Store) -> np.ndarray:
    """Depth of the centroid, km; NaN where a real event has none."""
    if "source" in store.names:
        column = [name for name, _ in PARAMETERS].index("depth")
        return store.read("source")[:, column] / 1e3
    return store.read("depth").astype(np.float64)


def _names(store: Store, rows: np.ndarray) -> list[str]:
    """Names of real events; empty for made ones."""
    if "event" not in store.names:
        return []
    return [bytes(row).rstrip(b"\0").decode("ascii") for row in store.read("event")[rows].astype(np.uint8)]
