"""Daily position residuals of a dense network in one NPZ file (Xue and Freymueller 2023, Cascadia)."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError

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
        No file, not an NPZ, an array missing or of another shape or type, times that do not increase, or
        coordinates out of range.
    """
    where = path.as_posix()
    if not path.is_file():
        raise InputError(
            where, "no such file", "daily residuals (NPZ)", "set SLIPBENCH_DATA to the data folder"
        )
    try:
        # from memory: numpy leaves a damaged file open
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as z:
            absent = [k for k in _KEYS if k not in z.files]
            raw = {} if absent else {k: z[k] for k in _KEYS}
    except Exception as error:  # numpy, zipfile and zlib raise a dozen kinds on damaged bytes
        raise InputError(
            where,
            "not readable as NPZ (cut or damaged)",
            f"an NPZ with {', '.join(_KEYS)}",
            "get the file again",
        ) from error
    if absent:
        raise InputError(
            where, f"no array '{absent[0]}'", f"the arrays {', '.join(_KEYS)}", "get the file again"
        )
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
    if t < 2 or not (np.diff(raw["decimal_year"]) > 0).all():
        raise InputError(
            f"{where}:decimal_year", "times do not increase", "one value a day", "get the file again"
        )
    enu = x[:, _NORTH_EAST_UP_TO_ENU]
    values = np.where(enu == _MISSING, np.float32(np.nan), enu * np.float32(0.01))
    return Residuals(
        values, raw["decimal_year"], tuple(str(c) for c in raw["station"]), raw["lat"], raw["lon"]
    )
