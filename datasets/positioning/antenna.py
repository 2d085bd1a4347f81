"""Antennas of satellites and receivers: what ANTEX files hold, and offsets found from broadcast orbits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.positioning.series import Orbits
from slipbench.datasets.positioning.text_file import TextFile

KIND = "an ANTEX file"
#: Least number of epochs that an estimated offset rests on.
_LEAST_EPOCHS = 12
_FREQUENCIES = {"G": ("G01", "G02", "G05"), "E": ("E01", "E05", "E07"), "R": ("R01", "R02")}
_NADIR_DEGREES = 17


@dataclass(frozen=True)
class Antenna:
    """One antenna of an ANTEX file (Rothacher and Schmid 2010).

    Parameters
    ----------
    kind : str
        Type and radome, 20 characters, or the block of a satellite.
    satellite : str
        Its name such as ``G05``; empty for receivers.
    first, last : datetime64[ns]
        When it is valid; NaT where that is open.
    """

    kind: str
    satellite: str
    first: np.datetime64
    last: np.datetime64

    def valid(self, time: np.datetime64) -> bool:
        """Whether it is valid at a time."""
        return not (time < self.first or time > self.last)


def read_antex(path: Path) -> list[Antenna]:
    """Antennas in a file; ``.gz`` is unpacked. Offsets and variations are left to the engine.

    An antenna that breaks off where the next one begins is left out, as the engine leaves it out.

    Raises
    ------
    InputError
        When the file is missing or damaged or not ANTEX, or its last antenna does not end.
    """
    file = TextFile(path, KIND)
    if "ANTEX VERSION / SYST" not in file.next():
        file.wrong("another first line", "ANTEX VERSION / SYST")
    while file.next("END OF HEADER")[60:].strip() != "END OF HEADER":
        pass
    found = []
    while file.peek() is not None:
        if file.next()[60:].strip() == "START OF ANTENNA" and (antenna := _antenna(file)):
            found.append(antenna)
    return found


def _antenna(file: TextFile) -> Antenna | None:
    kind, satellite = "", ""
    when: dict[str, np.datetime64] = dict.fromkeys(("VALID FROM", "VALID UNTIL"), np.datetime64("NaT", "ns"))
    while (label := (line := file.next("END OF ANTENNA"))[60:].strip()) != "END OF ANTENNA":
        if (file.peek() or "")[60:].strip() == "START OF ANTENNA":
            return None
        if label == "TYPE / SERIAL NO":
            kind, word = line[:20], line[20:40].strip()
            # receivers have a serial number there, or nothing
            satellite = word if len(word) == 3 and word[0] in _FREQUENCIES and word[1:].isdigit() else ""
        elif label in when:
            when[label] = file.epoch(line[:43].split())
    if not kind.strip():
        file.wrong("an antenna without its type", "TYPE / SERIAL NO")
    return Antenna(kind, satellite, when["VALID FROM"], when["VALID UNTIL"])


def estimated_offsets(broadcast: Orbits, precise: Orbits) -> dict[str, float]:
    """How far each satellite's phase centre lies below its centre of mass, m, towards the Earth.

    Broadcast ephemerides describe the phase centre, precise orbits the centre of mass; their mean difference
    along the radius is the offset that the broadcaster has in mind. For GPS that differs from the IGS's
    (Montenbruck et al. 2015), which positions hardly feel: a user on the ground is at most 14 degrees off the
    axis, so clocks and ambiguities take up 97 % of an offset. Sideways offsets cannot be told from errors of
    the orbits and stay zero.

    Parameters
    ----------
    broadcast, precise : Orbits
        At the same epochs, of the same satellites.

    Returns
    -------
    dict
        By satellite, where both have at least 12 epochs.
    """
    down = -precise.position_m / np.linalg.norm(precise.position_m, axis=-1, keepdims=True)
    below = ((broadcast.position_m - precise.position_m) * down).sum(-1)
    count = np.isfinite(below).sum(0)
    return {
        str(name): float(np.nanmean(below[:, k]))
        for k, name in enumerate(precise.satellite)
        if count[k] >= _LEAST_EPOCHS
    }


def antex_text(offsets: dict[str, float], first: np.datetime64, last: np.datetime64) -> str:
    """An ANTEX file of satellites with these offsets towards the Earth (m), and no variations."""
    lines = [
        _line("     1.4            M", "ANTEX VERSION / SYST"),
        _line("A", "PCV TYPE / REFANT"),
        _line("offsets from broadcast less precise orbits", "COMMENT"),
        _line("", "END OF HEADER"),
    ]
    for name, offset in offsets.items():
        lines.append(_line("", "START OF ANTENNA"))
        lines.append(_line(f"{'ESTIMATED':20}{name:20}", "TYPE / SERIAL NO"))
        lines.append(_line("     0.0", "DAZI"))
        lines.append(_line(f"     0.0{_NADIR_DEGREES:6.1f}   1.0", "ZEN1 / ZEN2 / DZEN"))
        frequencies = _FREQUENCIES[name[0]]
        lines.append(_line(f"{len(frequencies):6d}", "# OF FREQUENCIES"))
        lines += [_line(_stamp(first), "VALID FROM"), _line(_stamp(last), "VALID UNTIL")]
        for frequency in frequencies:
            lines.append(_line(f"   {frequency}", "START OF FREQUENCY"))
            lines.append(_line(f"{0:10.2f}{0:10.2f}{offset * 1e3:10.2f}", "NORTH / EAST / UP"))
            lines.append("   NOAZI" + f"{0:8.2f}" * (_NADIR_DEGREES + 1))
            lines.append(_line(f"   {frequency}", "END OF FREQUENCY"))
        lines.append(_line("", "END OF ANTENNA"))
    return "\n".join([*lines, ""])


def _line(text: str, label: str) -> str:
    return f"{text:<60}{label}"


def _stamp(time: np.datetime64) -> str:
    t = time.astype("datetime64[s]").item()
    return f"{t.year:6d}{t.month:6d}{t.day:6d}{t.hour:6d}{t.minute:6d}{t.second:13.7f}"
