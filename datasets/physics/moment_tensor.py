"""Moment tensor of a double couple."""

import numpy as np

from slipbench.datasets.physics.angles import cosd, sind


def double_couple(strike: np.ndarray, dip: np.ndarray, rake: np.ndarray) -> np.ndarray:
    """Moment tensor of unit moment: slip direction times fault normal, made symmetric.

    Source: Aki and Richards (2002), box 4.4, turned from north, east, down to east, north, up.

    Parameters
    ----------
    strike, dip, rake : ndarray, shape (...)
        Degrees; they broadcast.

    Returns
    -------
    ndarray, shape (..., 3, 3)
        Axes east, north, up; the trace is 0.
    """
    strike, dip, rake = np.broadcast_arrays(strike, dip, rake)
    normal = np.stack([sind(dip) * cosd(strike), -sind(dip) * sind(strike), cosd(dip)], axis=-1)
    along = np.stack([sind(strike), cosd(strike), np.zeros(strike.shape)], axis=-1)
    up_dip = np.stack([-cosd(dip) * cosd(strike), cosd(dip) * sind(strike), sind(dip)], axis=-1)
    slip = cosd(rake)[..., None] * along + sind(rake)[..., None] * up_dip
    half = slip[..., :, None] * normal[..., None, :]
    return half + np.swapaxes(half, -1, -2)
