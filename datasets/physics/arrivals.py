"""When the first P and S waves of an earthquake reach a station, to a few seconds."""

import numpy as np

#: km/s; no P wave within 1,500 km has a higher average along the straight line (IASP91: 7.95).
FASTEST_P = 8.0
#: km/s in crust and mantle, and the seconds that the way down and up costs.
_CRUST_S, _MANTLE_S, _DELAY_S = 3.5, 4.5, 7.0


def earliest_p(hypocentral_km: np.ndarray) -> np.ndarray:
    """Seconds after the origin before which no wave can arrive, from hypocentral distances in km."""
    return np.asarray(hypocentral_km, np.float64) / FASTEST_P


def first_s(hypocentral_km: np.ndarray) -> np.ndarray:
    """Seconds from the origin to the first S wave: direct, or along the mantle where that is sooner.

    Within 4 s of IASP91 (Kennett and Engdahl 1991) for depths of 10 to 50 km and distances to 1,500 km.

    Parameters
    ----------
    hypocentral_km : ndarray
        Hypocentral distance, km.
    """
    distance = np.asarray(hypocentral_km, np.float64)
    return np.minimum(distance / _CRUST_S, distance / _MANTLE_S + _DELAY_S)
