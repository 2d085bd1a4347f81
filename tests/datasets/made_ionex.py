"""Made ionosphere maps and their files: where the reader's tests start."""

import numpy as np

from slipbench.datasets.ionex_text import ionex_text
from slipbench.datasets.readers.ionex import Ionex

AUX = [
    f"{'DIFFERENTIAL CODE BIASES':<60}START OF AUX DATA",
    f"{'   01    -0.1     0.0':<60}PRN / BIAS / RMS",
    f"{'DIFFERENTIAL CODE BIASES':<60}END OF AUX DATA",
]


def ionex_bytes(maps: Ionex, exponent: int = -1, version: float = 1.0, own_exponent: bool = False) -> bytes:
    """A file with these maps, a comment and a block that the reader has no use for."""
    lines = ionex_text(maps, exponent, version, own_exponent, comment="a comment").splitlines()
    end = next(k for k, line in enumerate(lines) if line.endswith("END OF HEADER"))
    return ("\n".join([*lines[:end], *AUX, *lines[end:]]) + "\n").encode()


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
