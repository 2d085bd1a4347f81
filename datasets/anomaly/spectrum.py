"""Sliding time-varying frequency: the spectrum of the latest few epochs, every epoch."""

import numpy as np

#: Epochs of a window in document 002.
WINDOW = 10


def velocity(position: np.ndarray, interval: float = 1.0) -> np.ndarray:
    """Differences of neighbouring positions over their interval (s).

    Parameters
    ----------
    position : ndarray, shape (..., n)
        Any unit of length.
    interval : float
        Seconds between epochs.

    Returns
    -------
    ndarray, shape (..., n)
        Unit of length per second at the later of both epochs, so that nothing is known before it could be;
        NaN at the first.
    """
    position = np.asarray(position, np.float64)
    out = np.full(position.shape, np.nan)
    out[..., 1:] = np.diff(position, axis=-1) / interval
    return out


def sliding_spectrum(
    x: np.ndarray, window: int = WINDOW, interval: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes of the sines and cosines in every window of a series.

    Parameters
    ----------
    x : ndarray, shape (..., n)
        Series.
    window : int
        Epochs of a window; the step is one.
    interval : float
        Seconds between epochs.

    Returns
    -------
    amplitude : ndarray, shape (..., n, window // 2 + 1)
        In the unit of x: a sine of amplitude A at one of the frequencies gives A there. It stands at the last
        epoch of its window; NaN for the epochs before the first full window and where a value is missing.
    frequency : ndarray, shape (window // 2 + 1,)
        Hertz.
    """
    x = np.asarray(x, np.float64)
    if not 2 <= window <= x.shape[-1]:
        raise ValueError(f"a window of {window} epochs in a series of {x.shape[-1]}")
    windows = np.lib.stride_tricks.sliding_window_view(x, window, axis=-1)
    weight = np.full(window // 2 + 1, 2.0 / window)
    weight[0] = 1 / window
    if window % 2 == 0:
        weight[-1] = 1 / window
    amplitude = np.full((*x.shape, len(weight)), np.nan)
    amplitude[..., window - 1 :, :] = np.abs(np.fft.rfft(windows, axis=-1)) * weight
    return amplitude, np.fft.rfftfreq(window, interval)
