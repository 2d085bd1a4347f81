"""Orbits written as SP3-c or SP3-d (Hilla 2010, 2016)."""

from typing import Literal

import numpy as np

from slipbench.datasets.positioning.gps_time import week_and_seconds
from slipbench.datasets.positioning.series import Orbits

_NO_CLOCK = "999999.999999"
_PER_LINE = 17
#: SP3-c has five lines of satellites, and five of accuracies.
_LINES_C = 5


def sp3_text(orbits: Orbits, version: Literal["c", "d"] = "c", comments: tuple[str, ...] = ()) -> str:
    """A file of these orbits, rounded to 1 mm, 1 ps and 0.1 um/s; accuracies are "unknown".

    Parameters
    ----------
    orbits : Orbits
        What is written; epochs may have gaps, and the interval of the header is the smallest step.
    version : {"c", "d"}
        SP3-c holds at most 85 satellites.
    comments : tuple of str
        Lines for the header, up to 57 characters each.

    Raises
    ------
    ValueError
        For more than 85 satellites in SP3-c, no epoch, or a value that the columns cannot hold.
    """
    n, m = orbits.clock_s.shape
    if n == 0 or m == 0 or (version == "c" and m > _LINES_C * _PER_LINE):
        raise ValueError(f"{n} epochs of {m} satellites do not go into an SP3-{version} file")
    lines = [*_header(orbits, version), *_comments(comments)]
    velocity = orbits.velocity_m_s
    for k, time in enumerate(orbits.time):
        lines.append(f"*  {_stamp(time)}")
        for j, name in enumerate(orbits.satellite):
            clock = orbits.clock_s[k, j]
            c = _NO_CLOCK if np.isnan(clock) else f"{clock * 1e6:.6f}"
            lines.append(f"P{name}{_triple(orbits.position_m[k, j] * 1e-3)}{c:>14}")
            if velocity is not None:
                lines.append(f"V{name}{_triple(velocity[k, j] * 10)}{_NO_CLOCK:>14}")
    widest = max(len(line) for line in lines)
    if widest > 60 + 20:
        raise ValueError("a value that is too large for its columns")
    return "\n".join([*lines, "EOF", ""])


def _triple(x: np.ndarray) -> str:
    text = "".join(f"{0.0 if np.isnan(v) else v:14.6f}" for v in x)
    if len(text) != 42:
        raise ValueError("a coordinate that is too large for its columns")
    return text


def _stamp(time: np.datetime64) -> str:
    t = time.astype("datetime64[m]").item()
    second = (time - time.astype("datetime64[m]")) / np.timedelta64(1, "s")
    return f"{t.year:4d} {t.month:2d} {t.day:2d} {t.hour:2d} {t.minute:2d} {second:11.8f}"


def _header(orbits: Orbits, version: str) -> list[str]:
    time, names = orbits.time, [str(s) for s in orbits.satellite]
    week, second = week_and_seconds(time[0])
    step = (np.diff(time).min() / np.timedelta64(1, "s")) if len(time) > 1 else 0.0
    since_1858 = (time[0] - np.datetime64("1858-11-17", "ns")) / np.timedelta64(1, "D")
    kind = "P" if orbits.velocity_m_s is None else "V"
    made_by = f"ORBIT {orbits.frame[:5]:>5} FIT {orbits.agency[:4]:>4}"
    first = f"#{version}{kind}{_stamp(time[0])} {len(time):7d} {made_by}"
    second_line = f"## {week:4d} {second:15.8f} {step:14.8f} {int(since_1858):5d} {since_1858 % 1:15.13f}"
    rows = max(_LINES_C, -(-len(names) // _PER_LINE))
    padded = [*names, *["  0"] * (rows * _PER_LINE - len(names))]
    lists = ["".join(padded[r * _PER_LINE : (r + 1) * _PER_LINE]) for r in range(rows)]
    out = [first, second_line]
    out += [f"+  {len(names) if r == 0 else '':>3}   {text}" for r, text in enumerate(lists)]
    out += ["++       " + "  0" * _PER_LINE] * rows
    system = names[0][0] if len({n[0] for n in names}) == 1 else "M"
    out.append(f"%c {system:2} cc GPS ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc")
    out.append("%c cc cc ccc ccc cccc cccc cccc cccc ccccc ccccc ccccc ccccc")
    out += ["%f  0.0000000  0.000000000  0.00000000000  0.000000000000000"] * 2
    out += ["%i    0    0    0    0      0      0      0      0         0"] * 2
    return out


def _comments(comments: tuple[str, ...]) -> list[str]:
    return [f"/* {text[:57]}" for text in (*comments, *[""] * (4 - len(comments)))]
