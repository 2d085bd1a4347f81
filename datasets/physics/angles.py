"""Sines and cosines of degrees that are exact at multiples of 90."""

import numpy as np


def cosd(degrees: np.ndarray) -> np.ndarray:
    """Cosine of an angle in degrees, relatively accurate near 90 (sine of the exact complement)."""
    folded = np.abs(np.mod(np.asarray(degrees, np.float64) + 180.0, 360.0) - 180.0)
    folded = np.where(np.abs(degrees) <= 180.0, np.abs(degrees), folded)
    return np.sin(np.deg2rad(90.0 - folded))


def sind(degrees: np.ndarray) -> np.ndarray:
    """Sine of an angle in degrees, exactly 0 at multiples of 180."""
    reduced = np.mod(np.asarray(degrees, np.float64) + 180.0, 360.0) - 180.0
    reduced = np.where(np.abs(degrees) <= 180.0, degrees, reduced)
    folded = np.where(np.abs(reduced) > 90.0, np.copysign(180.0, reduced) - reduced, reduced)
    return np.sin(np.deg2rad(folded))
