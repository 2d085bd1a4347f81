"""What high frequencies lose on their way: anelastic attenuation of the path and of the site."""

import numpy as np
from scipy.fft import next_fast_len


def attenuate(
    x: np.ndarray, rate_hz: float, travel_s: np.ndarray, kappa_s: float, q0: float, q_power: float
) -> np.ndarray:
    """Multiply the spectrum by exp(-pi f kappa) exp(-pi f travel / Q), Q = q0 max(f, 1 Hz)^q_power.

    Without a change of phase, so an onset spreads by about kappa + travel / q0 to both sides. It works on
    differences of the series, which are zero at both ends: a static offset stays as it is, but for what has
    not arrived when the record ends. Source: Boore (2003); for kappa Anderson and Hough (1984).

    Parameters
    ----------
    x : ndarray, shape (..., time)
        Displacement that is at rest at the first and at the last epoch.
    rate_hz : float
        Epochs per second.
    travel_s : ndarray, shape (...)
        Travel time of the wave, s; it broadcasts against the series.
    kappa_s : float
        Site, s.
    q0, q_power : float
        Path.
    """
    steps = np.diff(x, axis=-1)
    n = next_fast_len(2 * steps.shape[-1], real=True)
    f = np.fft.rfftfreq(n, 1 / rate_hz)
    inverse_q = np.maximum(f, 1.0) ** -q_power / q0
    loss = np.exp(-np.pi * f * (kappa_s + np.asarray(travel_s)[..., None] * inverse_q))
    less = np.fft.irfft(np.fft.rfft(steps, n, axis=-1) * loss, n, axis=-1)[..., : steps.shape[-1]]
    out = np.empty(x.shape)
    out[..., 0] = x[..., 0]
    out[..., 1:] = x[..., :1] + np.cumsum(less, axis=-1)
    return out
