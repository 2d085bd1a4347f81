"""Orbits and clocks of satellites at epochs: what precise files hold and corrections give."""

from dataclasses import dataclass

import numpy as np

#: Speed of light, m/s (exact).
LIGHT = 299_792_458.0


@dataclass(frozen=True)
class Clocks:
    """Clock offsets of m satellites at n epochs.

    Parameters
    ----------
    time : ndarray, shape (n,), datetime64[ns]
        GPS time, ascending.
    satellite : ndarray, shape (m,), str
        Names such as ``G05``, each once.
    clock_s : ndarray, shape (n, m)
        Seconds by which the satellite's clock is ahead of GPS time, without the periodic relativistic effect;
        NaN where missing.
    """

    time: np.ndarray
    satellite: np.ndarray
    clock_s: np.ndarray


@dataclass(frozen=True)
class Orbits:
    """Positions and clock offsets of m satellites at n epochs.

    Parameters
    ----------
    time : ndarray, shape (n,), datetime64[ns]
        GPS time, ascending.
    satellite : ndarray, shape (m,), str
        Names such as ``G05``, each once.
    position_m : ndarray, shape (n, m, 3)
        Earth-fixed x, y, z in m, of the centre of mass in precise files; NaN where missing.
    clock_s : ndarray, shape (n, m)
        As in `Clocks`.
    velocity_m_s : ndarray, shape (n, m, 3), or None
        Earth-fixed, m/s, where there are velocities; NaN where missing.
    frame : str
        Name of the terrestrial frame in the file, up to 5 characters.
    agency : str
        Who made them, up to 4 characters.
    """

    time: np.ndarray
    satellite: np.ndarray
    position_m: np.ndarray
    clock_s: np.ndarray
    velocity_m_s: np.ndarray | None = None
    frame: str = ""
    agency: str = ""

    @property
    def clocks(self) -> Clocks:
        """The clock offsets alone."""
        return Clocks(self.time, self.satellite, self.clock_s)
