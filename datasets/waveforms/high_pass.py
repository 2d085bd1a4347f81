"""Butterworth high-pass filters that start and end at rest."""

import numpy as np
from scipy.signal import butter, sosfilt

#: Order and corner (Hz) of document 003, section 3.1.
ORDER, CORNER_HZ = 4, 0.02
#: Extension of a record before and after, in periods of the corner: the slowest pole of order 4 falls to
#: exp(-2 pi 0.38 10) = 4e-11 in that time.
_REST_PERIODS = 10.0


def high_pass(
    x: np.ndarray, rate_hz: float, corner_hz: float = CORNER_HZ, order: int = ORDER, causal: bool = False
) -> np.ndarray:
    """What a displacement has above a corner frequency.

    The series is at rest at its first value before it begins and, for the acausal filter, stays at its last
    value after it ends.

    Parameters
    ----------
    x : ndarray, shape (..., time)
        Even steps, no gaps.
    rate_hz : float
        Epochs per second.
    corner_hz : float
        Where a sine keeps 1/sqrt(2) of its amplitude (causal) or half of it (acausal).
    order : int
        Of the Butterworth design.
    causal : bool
        Once forward: the past only, with a delay that depends on frequency. Otherwise forward and backward:
        no delay, twice the order, and what comes later changes what came before.

    Raises
    ------
    ValueError
        Missing epochs, or a corner that is not between 0 and the Nyquist frequency.
    """
    x = np.asarray(x, np.float64)
    rest = rest_epochs(rate_hz, corner_hz)
    padded = np.pad(x - x[..., :1], [(0, 0)] * (x.ndim - 1) + [(rest, rest)], mode="edge")
    return pass_through(padded, rate_hz, corner_hz, order, causal)[..., rest : rest + x.shape[-1]]


def rest_epochs(rate_hz: float, corner_hz: float) -> int:
    """Epochs after which the filter has forgotten what it saw."""
    return int(np.ceil(_REST_PERIODS * rate_hz / corner_hz))


def pass_through(x: np.ndarray, rate_hz: float, corner_hz: float, order: int, causal: bool) -> np.ndarray:
    """Filter a series (..., time) that is at rest and zero before it begins, as it stands."""
    if not np.isfinite(x).all():
        raise ValueError("a filter with memory needs every epoch")
    if not 0 < corner_hz < rate_hz / 2:
        raise ValueError(f"a corner of {corner_hz:g} Hz at {rate_hz:g} epochs per second")
    sections = butter(order, corner_hz, "highpass", fs=rate_hz, output="sos")
    forward = sosfilt(sections, x, axis=-1)
    return forward if causal else sosfilt(sections, forward[..., ::-1], axis=-1)[..., ::-1]
