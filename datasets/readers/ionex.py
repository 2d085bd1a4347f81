"""Ionosphere maps: IONEX 1.0 and 1.1 (Schaer, Gurtner and Feltens 1998)."""

from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import FIRST_YEAR, LAST_YEAR, BadRow, moment, number, whole
from slipbench.datasets.readers.rows import read_bytes

KIND = "an IONEX file"
VERSIONS = (1.0, 1.1)
#: What a file gives where there is no value.
NO_VALUE = 9999
#: Numbers of a line, and characters of a number.
_PER_LINE, _WIDTH = 16, 5
_LABEL = 60
_MOST_NODES = 10_000_000


@dataclass(frozen=True)
class Ionex:
    """Maps of the vertical total electron content.

    Parameters
    ----------
    time : ndarray, shape (maps,), datetime64[s]
        UTC, ascending.
    lat, lon : ndarray, shape (rows,) and (columns,)
        Degrees, in the file's order: latitudes often descend, and the last longitude may be the first again.
    height_km : float
        Of the single layer.
    tec : ndarray, shape (maps, rows, columns)
        TECU (10^16 electrons / m^2), NaN where the file has no value.
    rms : ndarray or None
        Of the same shape, where the file has maps of the errors.
    """

    time: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    height_km: float
    tec: np.ndarray
    rms: np.ndarray | None = None


def read_ionex(path: Path) -> Ionex:
    """Read all maps of a file; gzipped where its name ends in ``.gz``.

    Maps of TEC and of its RMS error are read, of one height (``MAP DIMENSION`` 2). Values are multiplied with
    10 to the exponent in force: the header's, or a map's own.

    Raises
    ------
    InputError
        When the file is missing, damaged, of another version or dimension, or anything in it is not where
        its format has it: grid, number and order of the maps, number of values.
    """
    return _Reader(path).read()


class _Reader:
    """One file, line by line."""

    def __init__(self, path: Path) -> None:
        self._path, self._at = path, 0
        self._lines = read_bytes(path, KIND).decode("latin-1").splitlines()

    def read(self) -> Ionex:
        """The whole file."""
        self._header()
        maps: dict[str, list[tuple[np.datetime64, np.ndarray]]] = {"TEC": [], "RMS": []}
        while (label := self._label()) != "END OF FILE":
            if label == "START OF HGT MAP":
                self._skip("END OF HGT MAP")
                continue
            kind = label.removeprefix("START OF ").removesuffix(" MAP")
            if label != f"START OF {kind} MAP" or kind not in maps:
                self._wrong(f"'{label}'", "START OF TEC MAP or END OF FILE")
            maps[kind].append(self._map(kind, len(maps[kind]) + 1))
        found, errors = maps["TEC"], maps["RMS"]
        if len(found) != self._count:
            self._wrong(f"{len(found)} TEC maps", f"the {self._count} of the header")
        time = np.array([t for t, _ in found])
        if not (np.diff(time) > np.timedelta64(0, "s")).all():
            self._wrong("maps that are not in the order of time", "ascending epochs")
        if errors and [t for t, _ in errors] != [t for t, _ in found]:
            self._wrong("RMS maps of other epochs", "one for each TEC map")
        rms = np.array([v for _, v in errors]) if errors else None
        return Ionex(time, self._lat, self._lon, self._height, np.array([v for _, v in found]), rms)

    def _header(self) -> None:
        head: dict[str, str] = {}
        first = True
        while (label := self._label()) != "END OF HEADER":
            if first and label != "IONEX VERSION / TYPE":
                self._wrong(f"'{label}'", "IONEX VERSION / TYPE")
            first = False
            if label == "START OF AUX DATA":
                self._skip("END OF AUX DATA")
                continue
            if label.startswith("START OF ") or label == "END OF FILE":
                self._wrong(f"'{label}'", "END OF HEADER")
            head[label] = self._text
        if not head:
            self._wrong("'END OF HEADER'", "IONEX VERSION / TYPE")
        (version,) = self._numbers(head, "IONEX VERSION / TYPE", [(0, 8)])
        if version not in VERSIONS or head["IONEX VERSION / TYPE"][20:21] != "I":
            self._wrong(
                f"version {version:g}", f"ionosphere maps of version {' or '.join(map(str, VERSIONS))}"
            )
        (count,) = self._numbers(head, "# OF MAPS IN FILE", [(0, 6)])
        (dimension,) = self._numbers(head, "MAP DIMENSION", [(0, 6)])
        if dimension != 2:
            self._wrong(f"MAP DIMENSION {dimension:g}", "2, a single layer")
        triple = [(2, 8), (8, 14), (14, 20)]
        self._height, _, _ = self._numbers(head, "HGT1 / HGT2 / DHGT", triple)
        self._count = int(count)
        self._lat = self._axis(head, "LAT1 / LAT2 / DLAT", triple, 90)
        self._lon = self._axis(head, "LON1 / LON2 / DLON", triple, 360)
        if self._count * len(self._lat) * len(self._lon) > _MOST_NODES or self._count < 1:
            self._wrong(
                f"{count:g} maps of {len(self._lat)} x {len(self._lon)}", "a sensible number of nodes"
            )
        self._exponent = self._power(head["EXPONENT"]) if "EXPONENT" in head else -1

    def _map(self, kind: str, count: int) -> tuple[np.datetime64, np.ndarray]:
        self._whole(self._text[:6], f"number of the {kind} map", count, count)
        values = np.empty((len(self._lat), len(self._lon)))
        exponent, time, row = self._exponent, None, 0
        while (label := self._label()) != f"END OF {kind} MAP":
            if label == "EPOCH OF CURRENT MAP":
                time = self._epoch(self._text)
            elif label == "EXPONENT":
                exponent = self._power(self._text)
            elif label == "LAT/LON1/LON2/DLON/H":
                if row == len(self._lat) or self._float(self._text[2:8], "latitude") != self._lat[row]:
                    self._wrong(
                        f"latitude {self._text[2:8].strip()}", "the header's latitudes in their order"
                    )
                values[row] = self._row(len(self._lon))
                row += 1
            else:
                self._wrong(f"'{label}'", f"END OF {kind} MAP")
        if time is None or row < len(self._lat):
            self._wrong(f"{row} rows{'' if time is not None else ' and no epoch'}", f"{len(self._lat)} rows")
        return time, np.where(values == NO_VALUE, np.nan, values) * 10.0**exponent

    def _row(self, count: int) -> list[int]:
        found: list[int] = []
        while len(found) < count:
            line = self._next()
            wanted = min(_PER_LINE, count - len(found))
            if len(line.rstrip()) > wanted * _WIDTH:
                self._wrong("a line of more values", f"{wanted} of {_WIDTH} characters")
            parts = [line[k * _WIDTH : (k + 1) * _WIDTH] for k in range(wanted)]
            found += [self._whole(part, "value", -NO_VALUE, NO_VALUE) for part in parts]
        return found

    def _axis(self, head: dict[str, str], name: str, where: list[tuple[int, int]], most: float) -> np.ndarray:
        first, last, step = self._numbers(head, name, where)
        steps = (last - first) / step if step else -1.0
        if steps < 1 or abs(steps - round(steps)) > 1e-6 or max(abs(first), abs(last)) > most or steps > 1e4:
            self._wrong(f"{name} {first:g} {last:g} {step:g}", "two ends and a step between them")
        return first + step * np.arange(round(steps) + 1)

    def _numbers(self, head: dict[str, str], name: str, where: list[tuple[int, int]]) -> list[float]:
        if name not in head:
            self._wrong(f"no '{name}' in the header", "it")
        return [self._float(head[name][a:b], name.lower()) for a, b in where]

    def _epoch(self, text: str) -> np.datetime64:
        limits = [("year", FIRST_YEAR, LAST_YEAR), ("month", 1, 12), ("day", 1, 31), ("hour", 0, 24)]
        limits += [("minute", 0, 59), ("second", 0, 59)]
        parts = [self._whole(text[6 * k : 6 * k + 6], *limit) for k, limit in enumerate(limits)]
        days, parts[3] = divmod(parts[3], 24)  # 24:00 is the next day's 0:00
        try:
            found = moment(*parts)
        except BadRow as error:
            self._wrong(error.what, error.expected)
        return np.datetime64(found.replace(tzinfo=None), "s") + np.timedelta64(days, "D")

    def _power(self, text: str) -> int:
        return self._whole(text[:6], "exponent", -9, 9)

    def _float(self, text: str, name: str) -> float:
        try:
            return number(text, name, -1e5, 1e5)
        except BadRow as error:
            self._wrong(error.what, error.expected)

    def _whole(self, text: str, name: str, low: int, high: int) -> int:
        try:
            return whole(text, name, low, high)
        except BadRow as error:
            self._wrong(error.what, error.expected)

    def _label(self) -> str:
        """Label of the next line that is no comment; its other columns are `_text`."""
        while True:
            line = self._next()
            label, self._text = line[_LABEL:].strip(), line[:_LABEL].ljust(_LABEL)
            if label != "COMMENT":
                return label

    def _skip(self, end: str) -> None:
        while self._next()[_LABEL:].strip() != end:
            pass

    def _next(self) -> str:
        if self._at == len(self._lines):
            self._wrong("the end of the file", "END OF FILE")
        self._at += 1
        return self._lines[self._at - 1]

    def _wrong(self, found: str, expected: str) -> NoReturn:
        printable = "".join(c if c.isascii() and c.isprintable() else "?" for c in found)
        raise InputError(f"{self._path}: line {self._at}", printable, expected, "fetch the file again")
