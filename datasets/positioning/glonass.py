"""Positions, velocities and clocks from GLONASS ephemerides (ICD GLONASS 5.1, appendix 3)."""

import numpy as np

from slipbench.datasets.positioning.gps_time import Time, between
from slipbench.datasets.positioning.series import LIGHT

_GM, _J2, _RADIUS, _SPIN = 3.9860044e14, 1.0826257e-3, 6_378_136.0, 7.2921150e-5
#: Steps of an integration; a quarter of an hour in steps of 30 s leaves errors far below a millimetre.
_STEPS = 30


def glonass_states(ephemerides: np.ndarray, time: Time) -> tuple[np.ndarray, np.ndarray]:
    """Position (m) and velocity (m/s) in PZ-90, shape (..., 3), by fourth-order Runge-Kutta integration.

    Parameters
    ----------
    ephemerides : ndarray of `rinex_nav.STATE`, any shape
        One for each result; the pull of Sun and Moon is taken as constant, as the ICD has it.
    time : ndarray, datetime64[ns], broadcasts against `ephemerides`
        GPS time, at most some 15 minutes from the ephemerides.
    """
    t = between(time, ephemerides["toe"])
    pull = np.broadcast_to(ephemerides["acceleration"], (*t.shape, 3))
    x = np.broadcast_to(ephemerides["position"], pull.shape)
    v = np.broadcast_to(ephemerides["velocity"], pull.shape)
    h = (t / _STEPS)[..., None]
    for _ in range(_STEPS):
        a1 = _acceleration(x, v, pull)
        v2, x2 = v + h / 2 * a1, x + h / 2 * v
        a2 = _acceleration(x2, v2, pull)
        v3, x3 = v + h / 2 * a2, x + h / 2 * v2
        a3 = _acceleration(x3, v3, pull)
        v4, x4 = v + h * a3, x + h * v3
        a4 = _acceleration(x4, v4, pull)
        x = x + h / 6 * (v + 2 * v2 + 2 * v3 + v4)
        v = v + h / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
    return x, v


def glonass_clocks(
    ephemerides: np.ndarray, time: Time, position: np.ndarray, velocity: np.ndarray
) -> np.ndarray:
    """Seconds by which clocks are ahead of GPS time, up to the difference of the systems' times.

    Broadcast clocks of GLONASS contain the periodic relativistic effect; it is taken out, as everywhere here.
    """
    t = between(time, ephemerides["toe"])
    return ephemerides["af0"] + ephemerides["af1"] * t + 2 * (position * velocity).sum(-1) / LIGHT**2


def _acceleration(x: np.ndarray, v: np.ndarray, pull: np.ndarray) -> np.ndarray:
    r2 = (x**2).sum(-1, keepdims=True)
    central = -_GM / (r2 * np.sqrt(r2))
    flat = 1.5 * _J2 * (_RADIUS**2 / r2) * central
    z2 = 5 * x[..., 2:] ** 2 / r2
    shape = np.concatenate([1 - z2, 1 - z2, 3 - z2], -1)
    turning = np.stack(
        [
            _SPIN**2 * x[..., 0] + 2 * _SPIN * v[..., 1],
            _SPIN**2 * x[..., 1] - 2 * _SPIN * v[..., 0],
            np.zeros_like(x[..., 0]),
        ],
        -1,
    )
    return (central + flat * shape) * x + turning + pull
