"""Clocks written as RINEX CLK 3.00 (Ray and Gurtner 2010)."""

import numpy as np

from slipbench.datasets.positioning.series import Clocks


def clk_text(clocks: Clocks, program: str = "slipbench", agency: str = "") -> str:
    """A file of these clocks with 13 significant digits; missing values have no record.

    Raises
    ------
    ValueError
        When no clock has a value.
    """
    if np.isnan(clocks.clock_s).all():
        raise ValueError("no clock to write")
    systems = {str(s)[0] for s in clocks.satellite}
    system = systems.pop() if len(systems) == 1 else "M"
    lines = [
        _line(f"     3.00           CLOCK DATA          {system}", "RINEX VERSION / TYPE"),
        _line(f"{program[:20]:20}{agency[:20]:20}", "PGM / RUN BY / DATE"),
        _line("   GPS", "TIME SYSTEM ID"),
        _line("     1    AS", "# / TYPES OF DATA"),
        _line(f"{len(clocks.satellite):6d}", "# OF SOLN SATS"),
    ]
    names = [str(s) for s in clocks.satellite]
    lines += [_line(" ".join(names[k : k + 15]), "PRN LIST") for k in range(0, len(names), 15)]
    lines.append(_line("", "END OF HEADER"))
    for time, row in zip(clocks.time, clocks.clock_s, strict=True):
        stamp = _stamp(time)
        for name, value in zip(names, row, strict=True):
            if not np.isnan(value):
                lines.append(f"AS {name}  {stamp}  1   {value:19.12E}")
    return "\n".join([*lines, ""])


def _line(text: str, label: str) -> str:
    return f"{text:<60}{label}"


def _stamp(time: np.datetime64) -> str:
    t = time.astype("datetime64[m]").item()
    second = (time - time.astype("datetime64[m]")) / np.timedelta64(1, "s")
    return f"{t.year:4d} {t.month:02d} {t.day:02d} {t.hour:02d} {t.minute:02d} {second:9.6f}"
