"""Growth of post-seismic displacement with time."""

import numpy as np


def log_growth(days: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """log10(1 + t / tau): what afterslip of velocity-strengthening friction gives (Marone et al. 1991).

    Costantino et al. (2023), eq. 9; Bevis and Brown (2014) write it with a natural logarithm.

    Parameters
    ----------
    days : ndarray
        Days t since the earthquake; 0 is returned before it and on its day.
    tau : ndarray
        Relaxation time, days, above 0.
    """
    return np.log10(1 + np.maximum(days, 0) / tau)
