"""Displacement from the acceleration that a strong-motion instrument records."""

import numpy as np
from scipy.integrate import cumulative_trapezoid

from slipbench.datasets.waveforms.high_pass import CORNER_HZ, ORDER, pass_through, rest_epochs


def displacement_of(
    acceleration: np.ndarray,
    rate_hz: float,
    baseline_s: float = 0.0,
    corner_hz: float | None = CORNER_HZ,
    order: int = ORDER,
    causal: bool = False,
) -> np.ndarray:
    """Integrate twice and take off what is slower than a corner frequency.

    Document 003, section 3.1, integrates and then applies a 4th-order Butterworth high-pass at 0.02 Hz,
    without saying whether it runs causally. Integration and filter commute; here the filter goes first, since
    what it takes off would otherwise grow with the square of time. Integrals are trapezoids. A permanent
    displacement does not survive the filter.

    Parameters
    ----------
    acceleration : ndarray, shape (..., time)
        m/s^2, even steps, no gaps.
    rate_hz : float
        Samples per second.
    baseline_s : float
        The mean of that many seconds at the start is taken as zero acceleration; 0 takes nothing.
    corner_hz : float, optional
        Corner of the filter; None integrates without a filter, from rest.
    order, causal
        As for `high_pass`; the ground does not accelerate before and after the record.

    Returns
    -------
    ndarray, shape (..., time)
        m.

    Raises
    ------
    ValueError
        Missing samples, an impossible corner, or a baseline longer than the record.
    """
    a = np.asarray(acceleration, np.float64)
    n, quiet = a.shape[-1], round(baseline_s * rate_hz)
    if quiet > n:
        raise ValueError(f"a baseline of {quiet} samples in a record of {n}")
    if quiet:
        a = a - a[..., :quiet].mean(axis=-1, keepdims=True)
    if corner_hz is None:
        return _twice(a, rate_hz)
    rest = rest_epochs(rate_hz, corner_hz)
    padded = np.pad(a, [(0, 0)] * (a.ndim - 1) + [(rest, rest)])
    moved = _twice(pass_through(padded, rate_hz, corner_hz, order, causal), rate_hz)
    return moved[..., rest : rest + n]


def _twice(a: np.ndarray, rate_hz: float) -> np.ndarray:
    if not np.isfinite(a).all():
        raise ValueError("an integral needs every sample")
    velocity = cumulative_trapezoid(a, dx=1 / rate_hz, axis=-1, initial=0)
    return cumulative_trapezoid(velocity, dx=1 / rate_hz, axis=-1, initial=0)


def acceleration_of(displacement: np.ndarray, rate_hz: float) -> np.ndarray:
    """Second differences (m/s^2) of a displacement (..., time) in m; the first and last sample are 0.

    What an ideal instrument would have recorded of a made displacement, up to order step^2.
    """
    x = np.asarray(displacement, np.float64)
    out = np.zeros(x.shape)
    out[..., 1:-1] = (x[..., 2:] - 2 * x[..., 1:-1] + x[..., :-2]) * rate_hz**2
    return out
