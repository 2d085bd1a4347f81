"""Ionosphere maps as the text of an IONEX file (Schaer, Gurtner and Feltens 1998, versions 1.0 and 1.1)."""

from collections.abc import Iterator

import numpy as np

from slipbench.datasets.readers.ionex import NO_VALUE, VERSIONS, Ionex

_PER_LINE, _WIDTH = 16, 5


def ionex_text(
    maps: Ionex,
    exponent: int = -1,
    version: float = 1.0,
    own_exponent: bool = False,
    program: str = "slipbench",
    comment: str = "",
) -> str:
    """The whole file; `read_ionex` gives the maps back, rounded to ten to the exponent.

    Parameters
    ----------
    maps : Ionex
        Maps on an even grid of tenths of a degree; NaN is written as 9999.
    exponent : int
        Values are whole multiples of ten to this power, TECU.
    version : float
        1.0 or 1.1.
    own_exponent : bool
        Whether every map names the exponent, and the header that of the format's default.
    program, comment : str
        For the header.

    Raises
    ------
    ValueError
        For another version, and for a value of so many multiples that it would read as missing or more.
    """
    if version not in VERSIONS:
        raise ValueError(f"IONEX version {version}; there are {VERSIONS}")
    interval = int(np.diff(maps.time[:2]).astype(int)[0]) if len(maps.time) > 1 else 0
    height = f"  {maps.height_km:6.1f}"
    lines = [
        _line(f"{version:8.1f}            IONOSPHERE MAPS     GNS", "IONEX VERSION / TYPE"),
        _line(f"{program:20.20}{'':20}{'':20}", "PGM / RUN BY / DATE"),
        *([_line(comment[:60], "COMMENT")] if comment else []),
        _line(_epoch(maps.time[0]), "EPOCH OF FIRST MAP"),
        _line(_epoch(maps.time[-1]), "EPOCH OF LAST MAP"),
        _line(f"{interval:6d}", "INTERVAL"),
        _line(f"{len(maps.time):6d}", "# OF MAPS IN FILE"),
        _line("  NONE", "MAPPING FUNCTION"),
        _line(f"{0:8.1f}", "ELEVATION CUTOFF"),
        _line("", "OBSERVABLES USED"),
        _line(f"{6371:8.1f}", "BASE RADIUS"),
        _line(f"{2:6d}", "MAP DIMENSION"),
        _line(f"{height}{maps.height_km:6.1f}{0:6.1f}", "HGT1 / HGT2 / DHGT"),
        _line(f"  {_axis(maps.lat)}", "LAT1 / LAT2 / DLAT"),
        _line(f"  {_axis(maps.lon)}", "LON1 / LON2 / DLON"),
        _line(f"{-1 if own_exponent else exponent:6d}", "EXPONENT"),
        _line("", "END OF HEADER"),
    ]
    for kind, grids in (("TEC", maps.tec), ("RMS", maps.rms)):
        for number, grid in enumerate(() if grids is None else grids, 1):
            lines.append(_line(f"{number:6d}", f"START OF {kind} MAP"))
            lines.append(_line(_epoch(maps.time[number - 1]), "EPOCH OF CURRENT MAP"))
            if own_exponent:
                lines.append(_line(f"{exponent:6d}", "EXPONENT"))
            lines += _rows(maps, grid, exponent)
            lines.append(_line(f"{number:6d}", f"END OF {kind} MAP"))
    return "\n".join([*lines, _line("", "END OF FILE")]) + "\n"


def _rows(maps: Ionex, grid: np.ndarray, exponent: int) -> Iterator[str]:
    values = np.rint(np.where(np.isnan(grid), 0.0, grid) / 10.0**exponent).astype(np.int64)
    if (np.abs(values) >= NO_VALUE).any():
        raise ValueError(f"a value of {np.nanmax(np.abs(grid)):g} TECU does not fit with exponent {exponent}")
    values[np.isnan(grid)] = NO_VALUE
    for lat, row in zip(maps.lat, values.tolist(), strict=True):
        yield _line(f"  {lat:6.1f}{_axis(maps.lon)}{maps.height_km:6.1f}", "LAT/LON1/LON2/DLON/H")
        words = [f"{value:{_WIDTH}d}" for value in row]
        yield from ("".join(words[k : k + _PER_LINE]) for k in range(0, len(words), _PER_LINE))


def _line(text: str, label: str) -> str:
    return f"{text:<60}{label}"


def _epoch(time: np.datetime64) -> str:
    t = time.astype("datetime64[s]").item()
    return "".join(f"{v:6d}" for v in (t.year, t.month, t.day, t.hour, t.minute, t.second))


def _axis(values: np.ndarray) -> str:
    return f"{values[0]:6.1f}{values[-1]:6.1f}{values[1] - values[0]:6.1f}"
