"""Broadcast ephemerides: RINEX 3 and 4 navigation files (IGS and RTCM 2020, 2023, appendix A)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.positioning.gps_time import (
    BEIDOU_BEHIND_S,
    BEIDOU_WEEK_0,
    WEEK_S,
    Time,
    from_week,
    leap_seconds,
    seconds,
    week_and_seconds,
)
from slipbench.datasets.positioning.text_file import TextFile

KIND = "a RINEX 3 or 4 navigation file"
#: Systems whose ephemerides are Keplerian elements, in seven lines after the first.
KEPLERIAN = "GECJ"
#: The orbit lines in their order, four fields each; "" is not read. `issue` is IODE, IODnav or AODE, `source`
#: the data sources of Galileo, `tgd` the first group delay (TGD, BGD E5a/E1, TGD1 B1/B3). GPS alone has its
#: IODC here; the older messages of BeiDou (D1, D2) have none.
_FIELDS = (
    *("issue", "crs", "delta_n", "m0"),
    *("cuc", "e", "cus", "sqrt_a"),
    *("toe_s", "cic", "omega0", "cis"),
    *("i0", "crc", "omega", "omega_dot"),
    *("i_dot", "source", "week", ""),
    *("", "health", "tgd", "issue_clock"),
)
#: The same for BeiDou's B-CNAV1 in RINEX 4, which has nine lines and names no week.
_CNAV1 = (
    *("a_dot", "crs", "delta_n", "m0"),
    *("cuc", "e", "cus", "sqrt_a"),
    *("toe_s", "cic", "omega0", "cis"),
    *("i0", "crc", "omega", "omega_dot"),
    *("i_dot", "n_dot", "", ""),
    *("", "", "", ""),
    *("", "", "tgd", ""),
    *("", "health", "", "issue_clock"),
    *("", "", "", "issue"),
)
#: Messages of RINEX 4 that are read, by their system.
_MESSAGES = {
    "G": ("LNAV",),
    "J": ("LNAV",),
    "E": ("INAV", "FNAV"),
    "C": ("D1", "D2", "D1D2", "CNV1"),
    "R": ("FDMA",),
}
#: Issue number of clocks where the message has none.
NO_ISSUE = -1
_PLAIN = ("issue", "toe_s", "week", "source", "issue_clock")
KEPLER = np.dtype(
    [("satellite", "U3"), ("toc", "datetime64[ns]"), ("toe", "datetime64[ns]")]
    + [(name, np.int64) for name in ("issue", "issue_clock", "source", "health")]
    + [(name, float) for name in ("af0", "af1", "af2", "toe_s", "tgd", "a_dot", "n_dot")]
    + [(name, float) for name in _FIELDS if name and name not in (*_PLAIN, "health", "tgd")]
)
#: GLONASS: state at `toe` in PZ-90, m, m/s and m/s^2; `af0` is -TauN, `af1` +GammaN, `issue` of no use.
STATE = np.dtype(
    [("satellite", "U3"), ("toe", "datetime64[ns]"), ("health", np.int64), ("channel", np.int64)]
    + [("af0", float), ("af1", float)]
    + [(name, float, 3) for name in ("position", "velocity", "acceleration")]
)
#: What must not be exceeded, in the file's units; other fields take any number.
_LIMITS = {"e": (0.0, 0.5), "sqrt_a": (2000.0, 8000.0), "toe_s": (0.0, 604_800.0), "week": (0.0, 6000.0)}


@dataclass(frozen=True)
class Ephemerides:
    """Broadcast ephemerides, ordered by satellite and time of ephemeris.

    Parameters
    ----------
    kepler : ndarray of `KEPLER`, shape (k,)
        GPS, Galileo, BeiDou and QZSS. ``toc`` and ``toe`` are GPS time; ``toe_s`` counts seconds of the
        system's own week; angles in rad, ``sqrt_a`` in m^0.5, clock in s, s/s, s/s^2.
    state : ndarray of `STATE`, shape (l,)
        GLONASS.
    """

    kepler: np.ndarray
    state: np.ndarray


def read_navigation(path: Path) -> Ephemerides:
    """Read the ephemerides of GPS, Galileo, BeiDou, QZSS and GLONASS; ``.gz`` is unpacked.

    Records of other systems and, in RINEX 4, of messages other than LNAV, INAV, FNAV, D1, D2, CNV1 (BeiDou)
    and FDMA are passed over. A record that is repeated is kept once.

    Raises
    ------
    InputError
        When the file is missing or damaged, no RINEX 3 or 4 navigation file, a record is not whole or has an
        impossible value, or there is no record.
    """
    file = TextFile(path, KIND)
    version = _header(file)
    kepler, state = [], []
    while file.peek() is not None:
        message = _message(file) if version >= 4 else ""
        if message is None:
            continue
        line = file.next("a record")
        name = file.satellite(line[:3])
        first = [_field(file, line[k : k + 19]) for k in (23, 42, 61)]
        toc = file.epoch(line[3:23].split())
        values = _orbit_lines(file)
        if name[0] in KEPLERIAN:
            kepler.append(_keplerian(file, name, toc, first, values, message == "CNV1"))
        elif name[0] == "R":
            state.append(_state(file, name, toc, first, values))
    if not kepler and not state:
        file.wrong("no ephemeris", "one of GPS, Galileo, BeiDou, QZSS or GLONASS")
    return Ephemerides(_ordered(kepler, KEPLER), _ordered(state, STATE))


def _message(file: TextFile) -> str | None:
    """Message of the record that begins here; None where the record is not read and was passed over."""
    head = file.next().split()
    if len(head) < 4 or head[0] != ">":
        file.wrong(f"'{' '.join(head)[:20]}'", "the first line of a record, '> EPH G01 LNAV'")
    if head[1] == "EPH" and head[3] in _MESSAGES.get(head[2][0], ()):
        return head[3]
    while (line := file.peek()) is not None and line[:1] != ">":
        file.next()
    return None


def _header(file: TextFile) -> float:
    first = file.next()
    if first[60:].strip() != "RINEX VERSION / TYPE" or first[20:21] != "N":
        file.wrong(f"'{first[:40].strip()}'", "a header of type N in the first line")
    version = file.number(first[:9], "version", 3.0, 4.99)
    while file.next("END OF HEADER")[60:].strip() != "END OF HEADER":
        pass
    return version


def _field(file: TextFile, text: str) -> float:
    word = text.strip().replace("D", "E").replace("d", "e")
    return file.number(word, "value", -1e20, 1e20) if word else 0.0


def _orbit_lines(file: TextFile) -> list[float]:
    values: list[float] = []
    while (line := file.peek()) is not None and line[:1] == " ":
        file.next()
        values += [_field(file, line[k : k + 19]) for k in (4, 23, 42, 61)]
    return values


def _keplerian(
    file: TextFile, name: str, toc: Time, first: list[float], values: list[float], cnav1: bool
) -> tuple:
    fields = _CNAV1 if cnav1 else _FIELDS
    lines = 9 if cnav1 else 7
    if len(values) != 4 * lines:
        file.wrong(f"{len(values) // 4} orbit lines of {name}", f"{lines}")
    by = {"a_dot": 0.0, "n_dot": 0.0, "source": 0.0, **dict(zip(fields, values, strict=False))}
    if cnav1:
        by["week"] = float(week_and_seconds(toc)[0] - BEIDOU_WEEK_0)
    for field, (low, high) in _LIMITS.items():
        if not low <= by[field] <= high:
            file.wrong(f"{field} {by[field]:g} of {name}", f"{low:g} ... {high:g}")
    for field in ("issue", "issue_clock", "source", "health"):
        if abs(by[field]) > 1e9:
            file.wrong(f"{field} {by[field]:g} of {name}", "a small integer")
    if name[0] == "C" and not cnav1:
        by["issue_clock"] = NO_ISSUE
    toe = from_week(int(by["week"]), by["toe_s"])
    if name[0] == "C":
        behind = seconds(BEIDOU_BEHIND_S)
        toc, toe = toc + behind, toe + behind + np.timedelta64(BEIDOU_WEEK_0 * WEEK_S, "s")
    if abs((toe - toc) / np.timedelta64(1, "D")) > 1:
        file.wrong(f"times of clock and ephemeris of {name} more than a day apart", "the same day")
    by |= dict(zip(("af0", "af1", "af2"), first, strict=True))
    by |= {k: round(by[k]) for k in ("issue", "issue_clock", "source", "health")}
    given: dict[str, object] = {"satellite": name, "toc": toc, "toe": toe, **by}
    return tuple(given[k] for k in KEPLER.names or ())


def _state(file: TextFile, name: str, utc: Time, first: list[float], values: list[float]) -> tuple:
    if len(values) not in (12, 16) or max(map(abs, (values[3], values[7]))) > 1e6:
        file.wrong(f"{len(values) // 4} orbit lines of {name}", "3 or 4, with a small health and channel")
    x = np.array(values[:12]).reshape(3, 4)
    if not 1e4 < np.linalg.norm(x[:, 0]) < 5e4:
        file.wrong(f"{name} at {np.linalg.norm(x[:, 0]):g} km from the centre", "10,000 ... 50,000 km")
    toe = utc + seconds(leap_seconds(utc))
    position, velocity, acceleration = (tuple(x[:, k] * 1e3) for k in range(3))
    return (name, toe, round(x[0, 3]), round(x[1, 3]), *first[:2], position, velocity, acceleration)


def _ordered(records: list[tuple], dtype: np.dtype) -> np.ndarray:
    table = np.array(list(dict.fromkeys(records)), dtype)
    return table[np.lexsort((table["toe"], table["satellite"]))]
