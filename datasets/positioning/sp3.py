"""Precise orbits: SP3-c and SP3-d (Hilla 2010, 2016)."""

from pathlib import Path

import numpy as np

from slipbench.datasets.positioning.series import Orbits
from slipbench.datasets.positioning.text_file import TextFile

KIND = "an SP3-c or SP3-d file"
#: What stands for a missing clock, microseconds (the format says 999999.999999; digits may be cut).
NO_CLOCK = 999_999.0
_MOST_EPOCHS, _MOST_SATELLITES = 200_000, 999
#: Largest coordinate (km) and speed (dm/s) that can stand in the fields.
_FAR, _FAST = 999_999.0, 999_999.0


def read_sp3(path: Path) -> Orbits:
    """Read the positions, clocks and velocities (where there are any) of a file; ``.gz`` is unpacked.

    Accuracies, correlations and event flags are not kept. A position of 0, 0, 0 and a clock of
    999999.999999 are missing values.

    Raises
    ------
    InputError
        When the file is missing or damaged, of another version or time system than GPS time, or anything in
        it is not where the format has it: number and order of epochs, satellites of each epoch, ``EOF``.
    """
    return _Reader(path).read()


class _Reader:
    """One file, header first."""

    def __init__(self, path: Path) -> None:
        self._file = TextFile(path, KIND)

    def read(self) -> Orbits:
        """The whole file."""
        self._header()
        times: list[np.datetime64] = []
        rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        line = self._first
        while line != "EOF":
            if line[:3] != "*  " or len(times) == self._count:
                self._file.wrong(f"'{line[:20]}'", f"{self._count} epochs, then EOF")
            times.append(self._file.epoch(line[2:].split()))
            if len(times) > 1 and times[-1] <= times[-2]:
                self._file.wrong("an epoch that is not after the one before", "ascending epochs")
            line, row = self._epoch()
            rows.append(row)
        if len(times) != self._count:
            self._file.wrong(f"{len(times)} epochs", f"the {self._count} of the first line")
        if self._file.peek() is not None:
            self._file.next()
            self._file.wrong("a line after EOF", "nothing")
        position, clock, velocity = (np.stack(parts) for parts in zip(*rows, strict=True))
        return Orbits(
            np.array(times),
            np.array(list(self._column)),
            position,
            clock,
            velocity if self._velocities else None,
            self._frame,
            self._agency,
        )

    def _header(self) -> None:
        file, first = self._file, self._file.next()
        if first[:2] not in ("#c", "#d") or first[2:3] not in ("P", "V"):
            file.wrong(f"'{first[:3]}'", "#cP, #cV, #dP or #dV")
        self._velocities = first[2] == "V"
        file.epoch(first[3:31].split())
        self._count = file.whole(first[32:39], "number of epochs", 1, _MOST_EPOCHS)
        self._frame, self._agency = first[46:51].strip(), first[56:60].strip()
        if file.next()[:2] != "##":
            file.wrong("no second line", "##")
        names, system = self._names(), None
        line = self._line
        while line[:1] in ("+", "%", "/"):
            if line[:2] == "%c" and system is None:
                system = line[9:12]
            line = file.next("the first epoch")
        if system != "GPS":
            file.wrong(f"time system '{system}'", "GPS in the first %c line")
        self._column = {name: i for i, name in enumerate(names)}
        if len(self._column) < len(names):
            file.wrong("a satellite that is listed twice", "each once")
        self._first = line

    def _names(self) -> list[str]:
        file, line = self._file, self._file.next()
        if line[:2] != "+ ":
            file.wrong(f"'{line[:3]}'", "the list of satellites, '+ '")
        count = file.whole(line[2:6], "number of satellites", 1, _MOST_SATELLITES)
        names: list[str] = []
        while line[:2] == "+ ":
            for k in range(9, 60, 3):
                if len(names) < count:
                    names.append(file.satellite(line[k : k + 3]))
            line = file.next("++")
        if len(names) < count:
            file.wrong(f"{len(names)} satellites", f"the {count} of the first line of the list")
        self._line = line
        return names

    def _epoch(self) -> tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
        file, m = self._file, len(self._column)
        position, velocity = np.full((m, 3), np.nan), np.full((m, 3), np.nan)
        clock, seen = np.full(m, np.nan), set()
        while (line := file.next("EOF"))[:1] in ("P", "V", "E") and line != "EOF":
            kind, name = line[:1], line[1:4]
            if kind == "E":
                continue
            column = self._column.get(file.satellite(name))
            if column is None or (kind, column) in seen:
                file.wrong(f"{kind}{name}", "a satellite of the header, once an epoch")
            if kind == "V" and not self._velocities:
                file.wrong("a velocity", "none, as the first line says P")
            seen.add((kind, column))
            limit = _FAR if kind == "P" else _FAST * 10
            x = [file.number(line[k : k + 14], "x, y or z", -limit, limit) for k in (4, 18, 32)]
            if kind == "V":
                velocity[column] = np.nan if not any(x) else np.array(x) * 0.1
                continue
            position[column] = np.nan if not any(x) else np.array(x) * 1e3
            if line[46:60].strip():
                t = file.number(line[46:60], "clock", -1e6, 1e6)
                clock[column] = t * 1e-6 if abs(t) < NO_CLOCK else np.nan
        return line, (position, clock, velocity)
