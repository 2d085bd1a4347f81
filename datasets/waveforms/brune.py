"""The omega-squared source: how moment grows with time (Brune 1970)."""

from dataclasses import dataclass

import numpy as np


def corner_frequency(m0: np.ndarray, stress_drop: float, shear_speed: float) -> np.ndarray:
    """Corner frequency in Hz: 0.49 beta (stress drop / M0)^(1/3), SI units.

    Source: Brune (1970, 1971); Boore (2003) has it with km/s, bar and dyn cm: 4.9e6.

    Parameters
    ----------
    m0 : ndarray
        Moment, N m.
    stress_drop : float
        Pa.
    shear_speed : float
        beta at the source, m/s.
    """
    return 0.49 * shear_speed * np.cbrt(stress_drop / np.asarray(m0, np.float64))


def source_radius(corner_hz: np.ndarray, shear_speed: float) -> np.ndarray:
    """Radius in m of Brune's circular source: 2.34 beta / (2 pi corner frequency)."""
    return 2.34 * shear_speed / (2 * np.pi * np.asarray(corner_hz, np.float64))


@dataclass(frozen=True)
class Growth:
    """Share of the moment that is released by a time s after the start: 1 - (1 + w s) exp(-w s).

    Its rate w^2 s exp(-w s) has the spectrum 1 / (1 + (f / corner)^2).

    Parameters
    ----------
    rate : ndarray
        w = 2 pi corner frequency, 1/s; it broadcasts against the times.
    """

    rate: np.ndarray

    def share(self, s: np.ndarray) -> np.ndarray:
        """Share released; 0 before the start."""
        z = self._phase(s)
        return 1 - (1 + z) * np.exp(-z)

    def speed(self, s: np.ndarray) -> np.ndarray:
        """Its rate, 1/s."""
        z = self._phase(s)
        return self.rate * z * np.exp(-z)

    def integral(self, s: np.ndarray) -> np.ndarray:
        """Integral of the share from the start to s, s."""
        z = self._phase(s)
        return (z - 2 + (2 + z) * np.exp(-z)) / self.rate

    def first_moment(self, s: np.ndarray) -> np.ndarray:
        """Integral of time times the share from the start to s, s^2."""
        z = self._phase(s)
        return (z**2 / 2 - 3 + (3 + 3 * z + z**2) * np.exp(-z)) / self.rate**2

    def _phase(self, s: np.ndarray) -> np.ndarray:
        return self.rate * np.maximum(s, 0.0)
