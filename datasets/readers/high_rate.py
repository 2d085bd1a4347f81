"""1 Hz displacement of one earthquake in an NPZ file."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import BadRow, code
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect, read_bytes

COLUMNS = ("station", "lat", "lon", "elevation_m", "samples")
_KEYS = ("enu_0p1mm", "station", "lat", "lon", "elev_m", "t0_unix", "dt_s")
MISSING = np.int32(-2147483648)
_SIZES = {"lat": 90.0, "lon": 360.0, "elev_m": 12_000.0}


@dataclass(frozen=True)
class HighRate:
    """Displacement of m stations at t times.

    Parameters
    ----------
    stations : DataFrame
        Columns `COLUMNS`, one row per station; ``samples`` counts the times with all components.
    enu_m : ndarray, shape (m, 3, t), float32
        East, north, up in m against an arbitrary origin per station and component; NaN where missing.
    start_unix : float
        Seconds since 1970 of the first sample.
    step_s : float
        Seconds between samples.
    """

    stations: pd.DataFrame
    enu_m: np.ndarray
    start_unix: float
    step_s: float


def read_high_rate(path: Path, on_bad_rows: OnBadRows = "fail") -> tuple[HighRate, Read]:
    """Read ``enu_0p1mm`` int32 [station, 3, time] (0.1 mm, -2147483648 = missing) and its companions.

    ``station``, ``lat``, ``lon``, ``elev_m`` [station], ``t0_unix``, ``dt_s`` (after Ruhl et al. 2019, Murray
    et al. 2023). A row is a station. Large displacements are kept: outliers are for a filter to find.

    Returns
    -------
    data : HighRate
        Accepted stations.
    read : Read
        The same stations as a table (index: number of the station in the file, from 1) and the rejected ones.

    Raises
    ------
    InputError
        No NPZ, arrays missing or of other shapes or types, an impossible start or step. A station is bad when
        a coordinate is impossible, it has no sample or its name came before.
    """
    raw = _arrays(path)
    samples = (raw["enu_0p1mm"] != MISSING).all(1).sum(1)

    def parse(text: tuple[str, ...]) -> tuple:
        i = int(text[0]) - 1
        place = [float(raw[name][i]) for name in _SIZES]
        for value, (name, limit) in zip(place, _SIZES.items(), strict=True):
            if not abs(value) <= limit:
                raise BadRow(f"{name} {value:g}", f"at most {limit:g}")
        if not samples[i]:
            raise BadRow("no sample with all components", "at least one")
        return (code(str(raw["station"][i])), *place, int(samples[i]))

    rows = [Row(i, (str(i),)) for i in range(1, len(samples) + 1)]
    read = collect(path, rows, COLUMNS, parse, on_bad_rows, lambda v: v[0])
    values = raw["enu_0p1mm"][read.table.index.to_numpy() - 1]
    enu = np.where(values == MISSING, np.float32(np.nan), values * np.float32(1e-4))
    return HighRate(read.table, enu, float(raw["t0_unix"]), float(raw["dt_s"])), read


def _arrays(path: Path) -> dict[str, np.ndarray]:
    data = read_bytes(path, "an NPZ of 1 Hz displacements")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            names = getattr(archive, "files", [])
            absent = [k for k in _KEYS if k not in names]
            raw = {} if absent else {k: np.asarray(archive[k]) for k in _KEYS}
    except MemoryError as error:
        raise InputError(path, "an array larger than memory", "int32 values", "get the file again") from error
    except Exception as error:  # numpy, zipfile and zlib raise a dozen kinds on damaged bytes
        raise InputError(
            path,
            "not readable as NPZ (cut or damaged)",
            f"an NPZ with {', '.join(_KEYS)}",
            "get the file again",
        ) from error
    if absent:
        raise InputError(
            path, f"no array '{absent[0]}'", f"the arrays {', '.join(_KEYS)}", "get the file again"
        )
    x, stations = raw["enu_0p1mm"], raw["station"]
    if x.dtype != np.int32 or x.ndim != 3 or x.shape[1] != 3 or stations.shape != x.shape[:1]:
        raise InputError(
            f"{path}:enu_0p1mm", f"{x.dtype} {x.shape}", "int32 (stations, 3, times)", "get the file again"
        )
    for name in (*_SIZES, "t0_unix", "dt_s"):
        shape = x.shape[:1] if name in _SIZES else ()
        if raw[name].shape != shape or raw[name].dtype.kind not in "iuf":
            raise InputError(
                f"{path}:{name}", f"{raw[name].dtype} {raw[name].shape}", f"numbers {shape}", "mend it"
            )
    if not 0 < float(raw["dt_s"]) <= 3600 or not abs(float(raw["t0_unix"])) < 4e9:
        raise InputError(
            f"{path}:dt_s", "an impossible start or step", "seconds since 1970, seconds", "mend it"
        )
    return raw
