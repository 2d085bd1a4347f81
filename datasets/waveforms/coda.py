"""Scattered waves: the source's pulse, many times over, after the S wave."""

import numpy as np
from scipy.signal import fftconvolve

#: Shape of the envelope: at 0.2 of its time it is largest, at the end it has fallen to 0.05 (Boore 2003).
_PEAK, _LEFT = 0.2, 0.05
#: Length of the envelope over the duration of the motion (Boore 2003).
_STRETCH = 2.0


def envelope(s: np.ndarray, duration_s: np.ndarray) -> np.ndarray:
    """Window of Saragoni and Hart (1974) as in Boore (2003), largest at 1; 0 before the start.

    Parameters
    ----------
    s : ndarray
        Time after the start, s.
    duration_s : ndarray
        Duration of the motion, s; it broadcasts against `s`.
    """
    b = -_PEAK * np.log(_LEFT) / (1 + _PEAK * (np.log(_PEAK) - 1))
    x = np.maximum(s, 0.0) / (_STRETCH * duration_s)
    return (x / _PEAK * np.exp(1 - x / _PEAK)) ** b


def scatterers(
    time_s: np.ndarray, start_s: np.ndarray, duration_s: np.ndarray, rate_hz: float, rng: np.random.Generator
) -> np.ndarray:
    """Random series whose expected energy spectrum is 1 at every frequency: arrivals of scattered waves.

    Parameters
    ----------
    time_s : ndarray, shape (time,)
        Even steps of 1 / `rate_hz`.
    start_s, duration_s : ndarray, shape (...)
        Beginning, and duration of the motion, s. Each series draws its own numbers.
    rate_hz : float
        Samples per second.
    rng : Generator
        Random stream.

    Returns
    -------
    ndarray, shape (..., time)
        1/s: convolved (times the step) with a pulse it gives a series that has, on average, the pulse's
        energy spectrum, as far as the envelope ends within the times.
    """
    shape = envelope(time_s - np.asarray(start_s)[..., None], np.asarray(duration_s)[..., None])
    # the envelope's energy on the infinite axis, so that a record cut off does not get louder
    u = np.linspace(0.0, 20 * _STRETCH, 20_001)
    energy = (envelope(u, np.array(1.0)) ** 2).sum() * (u[1] - u[0]) * np.asarray(duration_s)[..., None]
    return rng.standard_normal(shape.shape) * shape * np.sqrt(rate_hz / energy)


def convolve(arrivals: np.ndarray, pulse: np.ndarray, rate_hz: float) -> np.ndarray:
    """Arrivals (..., time), 1/s, with a pulse (..., time) from its first sample on; unit of the pulse."""
    return fftconvolve(arrivals, pulse, axes=-1)[..., : arrivals.shape[-1]] / rate_hz
