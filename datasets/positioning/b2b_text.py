"""Decoded corrections as text, in the two layouts that decoders write (docs/ppp.md has the columns).

The blocks of BKG's Ntrip Client (``> ORBIT``, ``> CLOCK``, ``> CODE_BIAS``), which decoders of PPP-B2b also
use, and those of PPP-B2b decoders that keep its issue numbers (``> MASK``, ``> ORBIT_URAI``,
``> DIFF_CODE_BIAS``, and ``> CLOCK`` with one or two numbers more).
"""

from pathlib import Path
from typing import Literal

import numpy as np

from slipbench.datasets.positioning.b2b import BIAS, CLOCK, NOT_GIVEN, ORBIT, Corrections
from slipbench.datasets.positioning.text_file import TextFile

KIND = "decoded corrections"
#: Blocks that hold nothing that is used.
_OTHERS = ("MASK", "PHASE_BIAS", "VTEC", "URA")
_KINDS = ("ORBIT", "CLOCK", "CODE_BIAS", "ORBIT_URAI", "DIFF_CODE_BIAS")
#: What PPP-B2b sends in place of a correction that is not available, m.
_NOT_AVAILABLE = -26.2144
_FAR_M, _LARGEST_IOD = 10_000.0, 4095


def read_corrections(path: Path, issue: Literal["auto", "iodc", "iode"] = "auto") -> Corrections:
    """Read a file of decoded corrections; ``.gz`` is unpacked.

    Epochs are GPS time. Corrections that PPP-B2b marks as not available are left out; lines that are repeated
    count once.

    Parameters
    ----------
    path : Path
        The file.
    issue : {"auto", "iodc", "iode"}
        What the issue number of GPS orbits means; "auto" takes IODC where the file has blocks of PPP-B2b
        decoders or names B2b as its source, and else IODE.

    Raises
    ------
    InputError
        When the file is missing or damaged, a block is unknown, has another number of lines or of fields than
        it says, or there is no correction.
    """
    return _Reader(path).read(issue)


class _Reader:
    """One file, block by block."""

    def __init__(self, path: Path) -> None:
        self._file = TextFile(path, KIND)
        self._orbits: list[tuple] = []
        self._clocks: list[tuple] = []
        self._biases: list[tuple] = []
        self._b2b = False

    def read(self, issue: Literal["auto", "iodc", "iode"]) -> Corrections:
        """The whole file."""
        file = self._file
        while file.peek() is not None:
            line = file.next()
            if not line.strip():
                continue
            head = line.split()
            if head[0] != ">" or len(head) < 2:
                file.wrong(f"'{line[:30]}'", "the first line of a block, '> ...'")
            self._block(head[1], head[2:])
        if not (self._orbits or self._clocks or self._biases):
            file.wrong("no correction", "ORBIT, CLOCK or CODE_BIAS")
        chosen: Literal["iodc", "iode"] = "iodc" if self._b2b else "iode"
        return Corrections(
            _table(self._orbits, ORBIT),
            _table(self._clocks, CLOCK),
            _table(self._biases, BIAS),
            chosen if issue == "auto" else issue,
        )

    def _block(self, kind: str, head: list[str]) -> None:
        file = self._file
        if kind in _OTHERS:
            while (line := file.peek()) is not None and not line.startswith(">"):
                file.next()
            return
        if kind not in _KINDS:
            file.wrong(f"block '{kind}'", ", ".join(_KINDS))
        if len(head) < 8:
            file.wrong(f"{len(head)} fields after '> {kind}'", "epoch, interval, number of lines")
        time = file.epoch(head[:6])
        file.number(head[6], "interval", 0, 86_400)
        count = file.whole(head[7], "number of lines", 0, 200)
        received = "@" in head
        self._b2b |= received or kind in ("ORBIT_URAI", "DIFF_CODE_BIAS") or "B2B" in " ".join(head).upper()
        rows = 0
        while (line := file.peek()) is not None and line.strip() and not line.startswith(">"):
            file.next()
            parts = line.split()
            {"ORBIT": self._orbit, "CLOCK": self._clock, "CODE_BIAS": self._bias}[_plain(kind)](time, parts)
            rows += 1
        # decoders that print what they keep count satellites that they do not print
        if rows > count or (rows < count and not received):
            file.wrong(f"{rows} lines", f"the {count} of the block's first line")

    def _orbit(self, time: np.datetime64, parts: list[str]) -> None:
        if len(parts) not in (8, 11):
            self._file.wrong(f"{len(parts)} fields of an orbit", "8 or 11")
        name = self._file.satellite(parts[0])
        rac, rate = self._metres(parts[-6:-3]), self._metres(parts[-3:])
        if len(parts) == 8:
            row = (time, name, NOT_GIVEN, self._iod(parts[1]), NOT_GIVEN, NOT_GIVEN, rac, rate)
        else:
            ssr, iodn, corr, urai = (self._iod(p) for p in parts[1:5])
            row = (time, name, ssr, iodn, corr, urai, rac, tuple(v * 1e-3 for v in rate))
            if _NOT_AVAILABLE in rac:
                return
        self._orbits.append(row)

    def _clock(self, time: np.datetime64, parts: list[str]) -> None:
        if len(parts) not in (5, 6, 7):
            self._file.wrong(f"{len(parts)} fields of a clock", "5, 6 or 7")
        name = self._file.satellite(parts[0])
        c = self._metres(parts[-3:])
        numbers = [self._iod(p) for p in parts[1:-3]]
        if len(numbers) == 1:
            ssr, iodn, corr = NOT_GIVEN, numbers[0], NOT_GIVEN
        else:
            ssr, iodn, corr = numbers[0], NOT_GIVEN, numbers[2] if len(numbers) == 3 else NOT_GIVEN
            c = (c[0], c[1] * 1e-3, c[2] * 1e-3)
            if c[0] == _NOT_AVAILABLE:
                return
        self._clocks.append((time, name, ssr, iodn, corr, c))

    def _bias(self, time: np.datetime64, parts: list[str]) -> None:
        name = self._file.satellite(parts[0])
        # BKG's layout goes on with the number of biases, the other with an issue number before it
        skip = 2 if len(parts) % 2 == 0 else 3
        if len(parts) < skip:
            self._file.wrong(f"{len(parts)} fields of code biases", "satellite, number, signals and biases")
        ssr = self._iod(parts[1]) if skip == 3 else NOT_GIVEN
        count = self._file.whole(parts[skip - 1], "number of biases", 0, 40)
        rest = parts[skip:]
        if len(rest) != 2 * count:
            self._file.wrong(f"{len(rest) // 2} biases", f"{count}")
        for signal, value in zip(rest[::2], rest[1::2], strict=True):
            if not 2 <= len(signal) <= 3 or not (signal.isascii() and signal.isalnum()):
                self._file.wrong(f"signal '{signal}'", "a tracking mode such as 1P")
            self._biases.append((time, name, ssr, signal, self._metres([value])[0]))

    def _metres(self, parts: list[str]) -> tuple[float, ...]:
        return tuple(self._file.number(p, "correction", -_FAR_M, _FAR_M) for p in parts)

    def _iod(self, text: str) -> int:
        return self._file.whole(text, "issue number", 0, _LARGEST_IOD)


def _plain(kind: str) -> str:
    return {"ORBIT_URAI": "ORBIT", "DIFF_CODE_BIAS": "CODE_BIAS"}.get(kind, kind)


def _table(rows: list[tuple], dtype: np.dtype) -> np.ndarray:
    table = np.array(list(dict.fromkeys(rows)), dtype)
    return table[np.argsort(table["time"], kind="stable")]
