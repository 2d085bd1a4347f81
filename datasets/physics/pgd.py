"""Magnitude from peak ground displacement: log10 PGD = A + B Mw + C Mw log10 R."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scaling:
    """Published coefficients.

    Parameters
    ----------
    a, b, c : float
        A, B and C for a peak displacement in `unit` and the hypocentral distance in km.
    unit : float
        Unit of the peak displacement in metres.
    reference : str
        Where they are from.
    """

    a: float
    b: float
    c: float
    unit: float
    reference: str


#: Document 003 prints B = 1.0009; its own table 2 follows from 1.009, the value of its source.
SCALINGS = {
    "ruhl2019": Scaling(-5.919, 1.009, -0.145, 1.0, "Ruhl et al. 2019"),
    "crowell2016": Scaling(-6.687, 1.500, -0.214, 0.01, "Crowell et al. 2016"),
    "melgar2015": Scaling(-4.434, 1.047, -0.138, 0.01, "Melgar et al. 2015"),
}


def running_pgd(enu: np.ndarray) -> np.ndarray:
    """Largest displacement so far.

    Parameters
    ----------
    enu : ndarray, shape (..., time, 3)
        Displacement east, north, up (m) from the position before the event; NaN where an epoch is missing.

    Returns
    -------
    ndarray, shape (..., time)
        Metres; NaN before the first epoch that is there, and a missing epoch changes nothing.
    """
    size = np.sqrt((np.asarray(enu, np.float64) ** 2).sum(axis=-1))
    return np.fmax.accumulate(size, axis=-1)


def pgd_magnitude(pgd: np.ndarray, distance: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Mw of single stations.

    Parameters
    ----------
    pgd : ndarray
        Peak ground displacement (m), above 0; other values give NaN.
    distance : ndarray
        Hypocentral distance (km) that broadcasts against `pgd`.
    scaling : Scaling
        Coefficients, one of `SCALINGS`.

    Raises
    ------
    ValueError
        For distances at which B + C log10 R is not above 0: a larger event would move the ground less.
    """
    pgd, distance = np.asarray(pgd, np.float64), np.asarray(distance, np.float64)
    slope = scaling.b + scaling.c * np.log10(distance)
    if not (slope > 0).all():
        raise ValueError(f"{scaling.reference} says nothing of a distance of {distance.max():g} km")
    return (np.log10(np.where(pgd > 0, pgd, np.nan) / scaling.unit) - scaling.a) / slope


def expected_pgd(mw: np.ndarray, distance: np.ndarray, scaling: Scaling) -> np.ndarray:
    """Peak ground displacement (m) that the relation gives; the inverse of `pgd_magnitude`."""
    mw, distance = np.asarray(mw, np.float64), np.asarray(distance, np.float64)
    return 10 ** (scaling.a + mw * (scaling.b + scaling.c * np.log10(distance))) * scaling.unit
