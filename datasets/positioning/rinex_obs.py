"""Observation files: unpacked, and what their headers say (RINEX 2 and 3, also Hatanaka's compact form)."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.text_file import TextFile

KIND = "a RINEX observation file"
_EPOCH = re.compile(r"^> (\d{4}) (\d\d) (\d\d) (\d\d) (\d\d) ([ \d]\d\.\d+)", re.ASCII | re.MULTILINE)


@dataclass(frozen=True)
class ObservationHeader:
    """What a header says.

    Parameters
    ----------
    version : float
        Of RINEX.
    marker : str
        Name of the station.
    antenna : str
        Type of the antenna and its radome, 20 characters.
    position_m : ndarray, shape (3,)
        Approximate position, earth-fixed, m; NaN where there is none.
    first, last : datetime64[ns]
        First and last epoch, GPS time.
    interval_s : float
        Between epochs, seconds; NaN where there is none.
    systems : str
        Letters of the systems that are observed; empty in RINEX 2.
    """

    version: float
    marker: str
    antenna: str
    position_m: np.ndarray
    first: np.datetime64
    last: np.datetime64
    interval_s: float
    systems: str


def unpack_observations(path: Path, to: Path) -> ObservationHeader:
    """Write an observation file as plain RINEX, and read its header.

    Parameters
    ----------
    path : Path
        RINEX or compact RINEX, as it is or packed by gzip, compress, bzip2 or zip.
    to : Path
        Where the plain file goes.

    Raises
    ------
    InputError
        When the file is missing, damaged or not an observation file.
    """
    import hatanaka

    if not path.is_file():
        raise InputError(path, "no such file", KIND, "correct the path or set SLIPBENCH_DATA")
    try:
        data = hatanaka.decompress(path.read_bytes())
    # what a damaged archive raises depends on which of five unpackers meets it
    except Exception as error:
        what = f"cannot be unpacked ({' '.join(str(error).split())[:80]})"
        raise InputError(path, what, KIND, "get the file again") from error
    to.write_bytes(data)
    return read_observation_header(path, data)


def read_observation_header(path: Path, data: bytes | None = None) -> ObservationHeader:
    """Header of a plain observation file (or of what was unpacked from it), and its last epoch.

    Raises
    ------
    InputError
        When it is no observation file or its header lacks the first epoch.
    """
    file = TextFile(path, KIND, data)
    first = file.next()
    if "RINEX VERSION / TYPE" not in first or first[20:21] != "O":
        file.wrong(f"'{first[:40].strip()}'", "a header of type O in the first line")
    version = file.number(first[:9], "version", 2.0, 4.99)
    head: dict[str, str] = {}
    systems = ""
    while (line := file.next("END OF HEADER"))[60:].strip() != "END OF HEADER":
        label = line[60:].strip()
        head.setdefault(label, line[:60])
        if label == "SYS / # / OBS TYPES" and line[0] != " ":
            systems += line[0]
    start = head.get("TIME OF FIRST OBS")
    if start is None:
        file.wrong("no TIME OF FIRST OBS", "it in the header")
    if start[48:51].strip() not in ("GPS", ""):
        file.wrong(f"time system '{start[48:51].strip()}'", "GPS")
    begin = file.epoch(start[:43].split())
    place = head.get("APPROX POSITION XYZ", "").split()
    position = [file.number(word, "position", -1e8, 1e8) for word in place] or [np.nan] * 3
    if len(position) != 3:
        file.wrong(f"{len(position)} coordinates", "x, y and z")
    step = head.get("INTERVAL", "")[:10].strip()
    return ObservationHeader(
        version,
        head.get("MARKER NAME", "").strip(),
        head.get("ANT # / TYPE", "")[20:40],
        np.array(position),
        begin,
        _last(file, head, begin),
        file.number(step, "interval", 0, 86_400) if step else np.nan,
        systems,
    )


def _last(file: TextFile, head: dict[str, str], begin: np.datetime64) -> np.datetime64:
    end = head.get("TIME OF LAST OBS")
    if end is not None:
        return file.epoch(end[:43].split())
    found = _EPOCH.findall("\n".join(file.lines[file.at :]))
    return file.epoch(list(found[-1])) if found else begin
