"""Daily position residuals of a dense network in one NPZ file (Xue and Freymueller 2023, Cascadia)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.npz import read_npz

_MISSING = np.int16(-32768)
_KEYS = ("xyz_0p01mm", "decimal_year", "station", "lat", "lon")
_NORTH_EAST_UP_TO_ENU = [1, 0, 2]


@dataclass(frozen=True)
class Residuals:
    """Residuals of m stations on t days.

    Parameters
    ----------
    values : ndarray, shape (m, 3, t), float32
        East, north, up in mm; NaN where missing.
    year : ndarray, shape (t,)
        Decimal years.
    code : tuple of str
        Stations.
    lat, lon : ndarray, shape (m,)
        Degrees; NaN where the file does not know.
    """

    values: np.ndarray
    year: np.ndarray
    code: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray


def read_residuals(path: Path) -> Residuals:
    """Read the file; its order north, east, up becomes east, north, up.

    Raises
    ------
    InputError
        No file, not an NPZ, an array missing or of another shape or type, times that are not finite or do
        not increase, or coordinates out of range.
    """
    where = path.as_posix()
    raw = read_npz(path, _KEYS, "daily residuals")
    x = raw["xyz_0p01mm"]
    m, t = raw["station"].size, raw["decimal_year"].size
    shapes = {"xyz_0p01mm": (m, 3, t), "decimal_year": (t,), "station": (m,), "lat": (m,), "lon": (m,)}
    for name, shape in shapes.items():
        kind = {"xyz_0p01mm": "int16", "station": "text"}.get(name, "numbers")
        types = {"int16": x.dtype == np.int16, "text": raw[name].dtype.kind == "U"}
        if not types.get(kind, raw[name].dtype.kind in "iuf") or raw[name].shape != shape:
            found = f"{raw[name].dtype} {raw[name].shape}"
            found += ", not one position a station" if name in ("lat", "lon") else ""
            raise InputError(f"{where}:{name}", found, f"{kind} {shape}", "get the file again")
    if (np.abs(raw["lat"]) > 90).any() or (np.abs(raw["lon"]) > 360).any():
        raise InputError(f"{where}:lat", "coordinates out of range", "degrees", "get the file again")
    if len(set(raw["station"].tolist())) < m:
        raise InputError(f"{where}:station", "a code occurs twice", "each code once", "get the file again")
    if not np.isfinite(raw["decimal_year"]).all():
        raise InputError(f"{where}:decimal_year", "a time is not finite", "years", "get the file again")
    if t < 2 or not (np.diff(raw["decimal_year"]) > 0).all():
        raise InputError(
            f"{where}:decimal_year", "times do not increase", "one value a day", "get the file again"
        )
    enu = x[:, _NORTH_EAST_UP_TO_ENU]
    values = np.where(enu == _MISSING, np.float32(np.nan), enu * np.float32(0.01))
    return Residuals(
        values, raw["decimal_year"], tuple(str(c) for c in raw["station"]), raw["lat"], raw["lon"]
    )
