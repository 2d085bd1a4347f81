"""Clocks of satellites: RINEX CLK 2.00 to 3.04 (Ray and Gurtner 2010, 2017)."""

from pathlib import Path

import numpy as np

from slipbench.datasets.positioning.series import Clocks
from slipbench.datasets.positioning.text_file import TextFile

KIND = "a RINEX clock file"
#: Records of receivers, calibrations and monitors, which are not read.
_OTHERS = ("AR", "CR", "DR", "MS")
_MOST_VALUES = 50_000_000


def read_clk(path: Path) -> Clocks:
    """Read the satellites' clocks (``AS``) of a file; ``.gz`` is unpacked.

    Clocks of receivers and the standard deviations are not kept. The header's labels may begin in column 61
    or, as in 3.04, in column 66.

    Raises
    ------
    InputError
        When the file is missing or damaged, no clock file, not in GPS time, has no satellite clock, or one
        satellite has two values of one epoch.
    """
    file = TextFile(path, KIND)
    _header(file)
    at: dict[np.datetime64, int] = {}
    column: dict[str, int] = {}
    epochs: dict[str, np.datetime64] = {}
    found: dict[tuple[int, int], float] = {}
    while file.peek() is not None:
        line = file.next()
        kind = line[:2]
        if kind in _OTHERS or kind == "  ":
            continue
        if kind != "AS":
            file.wrong(f"'{kind}'", "AS or another record of clocks")
        parts = line.split()
        if len(parts) < 10:
            file.wrong(f"{len(parts)} fields", "AS, satellite, epoch, number of values, clock")
        stamp = line[line.index(parts[2]) : line.index(parts[2]) + 26]
        if (time := epochs.get(stamp)) is None:
            time = epochs[stamp] = file.epoch(parts[2:8])
        file.whole(parts[8], "number of values", 1, 6)
        key = (at.setdefault(time, len(at)), column.setdefault(file.satellite(parts[1]), len(column)))
        if key in found:
            file.wrong(f"{parts[1]} a second time at this epoch", "each once")
        found[key] = file.number(parts[9], "clock", -10.0, 10.0)
    if not found:
        file.wrong("no clock of a satellite", "AS records")
    return _table(file, at, column, found)


def _header(file: TextFile) -> None:
    first = file.next()
    if "RINEX VERSION / TYPE" not in first:
        file.wrong(f"'{first[:20].strip()}'", "RINEX VERSION / TYPE in the first line")
    file.number(first[:9], "version", 2.0, 3.04)
    if first[20:21] != "C" and first[21:22] != "C":
        file.wrong(f"a file of type '{first[20:22].strip()}'", "C, clocks")
    while "END OF HEADER" not in (line := file.next("END OF HEADER")):
        if "TIME SYSTEM ID" in line and line[:60].strip() not in ("GPS", ""):
            file.wrong(f"time system '{line[:20].strip()}'", "GPS")


def _table(
    file: TextFile, at: dict[np.datetime64, int], column: dict[str, int], found: dict[tuple[int, int], float]
) -> Clocks:
    if len(at) * len(column) > _MOST_VALUES:
        file.wrong(f"{len(at)} epochs of {len(column)} satellites", "a sensible number of values")
    values = np.full((len(at), len(column)), np.nan)
    rows, columns = np.array(list(found)).T
    values[rows, columns] = list(found.values())
    time, satellite = np.array(list(at)), np.array(list(column))
    order, across = np.argsort(time), np.argsort(satellite)
    return Clocks(time[order], satellite[across], values[np.ix_(order, across)])
