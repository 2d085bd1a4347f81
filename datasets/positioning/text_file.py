"""One text file read line by line, where every complaint names the file and the line."""

from pathlib import Path
from typing import NoReturn

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.fields import BadRow, moment, number, whole
from slipbench.datasets.readers.rows import read_bytes

#: Satellites by the first letter of their names (RINEX 3.05, section 3.5) and the last number of each.
LAST_NUMBER = {"G": 32, "R": 36, "E": 36, "C": 63, "J": 10, "I": 14, "S": 99, "L": 99}
FIRST_YEAR, LAST_YEAR = 1980, 2099


class TextFile:
    """Lines of a file, gunzipped where its name ends in ``.gz``.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What it should be, for messages.
    data : bytes, optional
        What an unpacker made of the file, in place of its own bytes.

    Raises
    ------
    InputError
        When it is missing, empty or damaged, or its last line has no line end (a number that lost its last
        digits still is a number).
    """

    def __init__(self, path: Path, kind: str, data: bytes | None = None) -> None:
        self.path, self.kind, self.at = path, kind, 0
        text = (read_bytes(path, kind) if data is None else data).decode("latin-1")
        self.lines = text.split("\n")
        if self.lines.pop():
            self.at = len(self.lines) + 1
            self.wrong("the last line has no line end", "a whole file")
        self.lines = [line.rstrip("\r") for line in self.lines]

    def next(self, expected: str = "more lines") -> str:
        """The next line."""
        if self.at == len(self.lines):
            self.wrong("the end of the file", expected)
        self.at += 1
        return self.lines[self.at - 1]

    def peek(self) -> str | None:
        """The next line without taking it; None at the end."""
        return self.lines[self.at] if self.at < len(self.lines) else None

    def number(self, text: str, name: str, low: float, high: float) -> float:
        """A finite number in ``low ... high``."""
        try:
            return number(text, name, low, high)
        except BadRow as bad:
            self.wrong(bad.what, bad.expected)

    def whole(self, text: str, name: str, low: int, high: int) -> int:
        """An integer in ``low ... high``."""
        try:
            return whole(text, name, low, high)
        except BadRow as bad:
            self.wrong(bad.what, bad.expected)

    def epoch(self, parts: list[str]) -> np.datetime64:
        """datetime64[ns] of year, month, day, hour, minute and second, in the time scale of the file."""
        if len(parts) != 6:
            self.wrong(f"an epoch of {len(parts)} fields", "year, month, day, hour, minute, second")
        names = ("year", "month", "day", "hour", "minute")
        lows, highs = (FIRST_YEAR, 1, 1, 0, 0), (LAST_YEAR, 12, 31, 23, 59)
        y, m, d, hh, mm = (self.whole(*x) for x in zip(parts[:5], names, lows, highs, strict=True))
        second = self.number(parts[5], "second", 0, 60)
        try:
            minute = np.datetime64(moment(y, m, d, hh, mm), "ns")
        except BadRow as bad:
            self.wrong(bad.what, bad.expected)
        return minute + np.timedelta64(round(second * 1e9), "ns")

    def satellite(self, text: str) -> str:
        """A name such as ``G05``; a blank for the leading zero, as old files have it, is filled."""
        name = text[:1] + text[1:3].replace(" ", "0")
        system, digits = name[:1], name[1:]
        fits = len(name) == 3 and system in LAST_NUMBER and digits.isascii() and digits.isdecimal()
        if not fits or not 1 <= int(digits) <= LAST_NUMBER[system]:
            self.wrong(f"satellite '{text}'", "a name such as G05")
        return name

    def wrong(self, found: str, expected: str) -> NoReturn:
        """Raise `InputError` about the line that was taken last."""
        printable = "".join(c if c.isascii() and c.isprintable() else "?" for c in found[:100])
        where = f"{self.path}: line {self.at}" if self.at else str(self.path)
        raise InputError(where, printable, f"{expected} ({self.kind})", "get the file again")
