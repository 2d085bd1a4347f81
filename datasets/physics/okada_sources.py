"""Rectangular dislocations that Okada's (1985) solution is asked for."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.physics.angles import sind

Array = np.ndarray


@dataclass(frozen=True)
class Sources:
    """Rectangular dislocations; every field has shape (n,).

    Parameters
    ----------
    east, north : ndarray
        Centroid on a flat map, metres.
    depth : ndarray
        Centroid depth, metres, positive down.
    strike, dip, rake : ndarray
        Degrees; strike clockwise from north, dip to the right of strike (0 to 90), rake of the hanging
        wall's motion counter-clockwise from strike (0 left-lateral, 90 thrust).
    length, width : ndarray
        Along strike and down dip, metres.
    slip : ndarray
        Shear slip, metres.
    opening : ndarray
        Tensile opening, metres.
    """

    east: Array
    north: Array
    depth: Array
    strike: Array
    dip: Array
    rake: Array
    length: Array
    width: Array
    slip: Array
    opening: Array

    def __len__(self) -> int:
        return len(self.depth)


def check(sources: Sources) -> None:
    """Refuse what the solution does not hold for.

    Raises
    ------
    ValueError
        When a source reaches above the surface or its dip is outside 0 ... 90 degrees.
    """
    dip, width, depth = (np.asarray(a, np.float64) for a in (sources.dip, sources.width, sources.depth))
    if np.any((dip < 0) | (dip > 90)):
        raise ValueError("dip must lie in 0 ... 90 degrees")
    reach = width / 2 * sind(dip)
    if np.any(depth - reach < -1e-9 * (depth + reach + width)):
        raise ValueError("the fault reaches above the surface")
