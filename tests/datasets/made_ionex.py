"""IONEX files made from arrays: where the reader's tests start."""

import numpy as np

from slipbench.datasets.readers.ionex import Ionex


def _line(text: str, label: str) -> str:
    return f"{text:<60}{label}"


def _epoch(time: np.datetime64) -> str:
    t = time.astype("datetime64[s]").item()
    return "".join(f"{v:6d}" for v in (t.year, t.month, t.day, t.hour, t.minute, t.second))


def _axis(values: np.ndarray) -> str:
    return f"  {values[0]:6.1f}{values[-1]:6.1f}{values[1] - values[0]:6.1f}"


def ionex_bytes(maps: Ionex, exponent: int = -1, version: str = "1.0", own_exponent: bool = False) -> bytes:
    """A file with these maps; values are rounded to 10 to the exponent."""
    lines = [
        _line(f"{version:>8}            IONOSPHERE MAPS     GNSS", "IONEX VERSION / TYPE"),
        _line("made", "PGM / RUN BY / DATE"),
        _line("a comment", "COMMENT"),
        _line(_epoch(maps.time[0]), "EPOCH OF FIRST MAP"),
        _line(_epoch(maps.time[-1]), "EPOCH OF LAST MAP"),
        _line(f"{len(maps.time):6d}", "# OF MAPS IN FILE"),
        _line(f"{2:6d}", "MAP DIMENSION"),
        _line(f"  {maps.height_km:6.1f}{maps.height_km:6.1f}{0:6.1f}", "HGT1 / HGT2 / DHGT"),
        _line(_axis(maps.lat), "LAT1 / LAT2 / DLAT"),
        _line(_axis(maps.lon), "LON1 / LON2 / DLON"),
        _line(f"{-1 if own_exponent else exponent:6d}", "EXPONENT"),
        _line("DIFFERENTIAL CODE BIASES", "START OF AUX DATA"),
        _line("   01    -0.1     0.0", "PRN / BIAS / RMS"),
        _line("DIFFERENTIAL CODE BIASES", "END OF AUX DATA"),
        _line("", "END OF HEADER"),
    ]
    for kind, values in (("TEC", maps.tec), ("RMS", maps.rms)):
        for number, grid in enumerate(() if values is None else values, 1):
            lines.append(_line(f"{number:6d}", f"START OF {kind} MAP"))
            lines.append(_line(_epoch(maps.time[number - 1]), "EPOCH OF CURRENT MAP"))
            if own_exponent:
                lines.append(_line(f"{exponent:6d}", "EXPONENT"))
            for lat, row in zip(maps.lat, grid, strict=True):
                head = f"  {lat:6.1f}{maps.lon[0]:6.1f}{maps.lon[-1]:6.1f}{maps.lon[1] - maps.lon[0]:6.1f}"
                lines.append(_line(f"{head}{maps.height_km:6.1f}", "LAT/LON1/LON2/DLON/H"))
                whole = [9999 if np.isnan(v) else round(v / 10.0**exponent) for v in row]
                lines += ["".join(f"{v:5d}" for v in whole[k : k + 16]) for k in range(0, len(whole), 16)]
            lines.append(_line(f"{number:6d}", f"END OF {kind} MAP"))
    lines.append(_line("", "END OF FILE"))
    return ("\n".join(lines) + "\n").encode()


def made_maps(rng: np.random.Generator, n: int = 3, step: float = 30.0, rms: bool = False) -> Ionex:
    """Small global maps, two hours apart, some nodes without a value."""
    lat = np.arange(60.0, -60.1, -step)
    lon = np.arange(-180.0, 180.1, step)
    time = np.datetime64("2017-01-01T00:00:00") + np.arange(n) * np.timedelta64(7200, "s")
    tec = rng.integers(0, 900, (n, len(lat), len(lon))) / 10
    tec[rng.random(tec.shape) < 0.05] = np.nan
    tec[..., -1] = tec[..., 0]
    error = rng.integers(0, 90, tec.shape) / 10 if rms else None
    return Ionex(time, lat, lon, 450.0, tec, error)
