"""Noise of high-rate positions: white with a power law below a corner frequency, partly common to a network.

The one-sided spectrum of a component is W (1 + (corner / f)^index), the same for all stations but for their
level. A share of the variance is the same series at all stations of a network (satellite orbits and clocks).
"""

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options

COMPONENTS = ("east", "north", "up")


class PowerLaw(Options):
    """Spectrum of one component at the median station."""

    white_mm: float = Field(gt=0, description="standard deviation of the white part in samples of 1 Hz, mm")
    corner_hz: float = Field(gt=0, description="frequency below which the power law is the larger part, Hz")
    index: float = Field(ge=0, le=3, description="exponent of the power law; 1 flicker, 2 random walk")

    def density(self, frequency: np.ndarray) -> np.ndarray:
        """One-sided power spectral density (m^2 / Hz) at frequencies above 0 (Hz)."""
        return 2e-6 * self.white_mm**2 * (1 + (self.corner_hz / frequency) ** self.index)


class HighRateNoise(Options):
    """Noise of a network; the defaults are those of the fit in configs/noise/high_rate.yaml, rounded."""

    east: PowerLaw = Field(PowerLaw(white_mm=0.77, corner_hz=1.25, index=0.93), description="east component")
    north: PowerLaw = Field(PowerLaw(white_mm=1.2, corner_hz=0.55, index=1.0), description="north component")
    up: PowerLaw = Field(PowerLaw(white_mm=2.7, corner_hz=0.33, index=1.1), description="up component")
    station_spread: float = Field(
        0.26, ge=0, description="standard deviation of the logarithm of a station's level in its network"
    )
    network_spread: float = Field(
        0.36, ge=0, description="standard deviation of the logarithm of a network's level"
    )
    common_mode: float = Field(
        0.1, ge=0, le=1, description="share of the variance that all stations of a network have in common"
    )


def draw_noise(
    options: HighRateNoise, n: int, m: int, times: int, step_s: float, rng: np.random.Generator
) -> np.ndarray:
    """Random noise of `n` networks of `m` stations.

    Gaussian, made from its spectrum over more than twice the length, so that the two ends do not depend on
    each other; slower variations than that are left out.

    Returns
    -------
    ndarray, shape (n, m, times, 3), float32
        East, north, up, m.
    """
    length = 1 << int(np.ceil(np.log2(2 * times)))
    frequency = np.fft.rfftfreq(length, step_s)[1:]
    density = np.stack([getattr(options, name).density(frequency) for name in COMPONENTS])
    # irfft divides by the length: a coefficient of variance P length / (2 step) has the density P
    size = np.zeros((3, len(frequency) + 1), np.float32)
    size[:, 1:] = np.sqrt(density * length / (4 * step_s))
    level = np.exp(
        options.network_spread * rng.standard_normal((n, 1))
        + options.station_spread * rng.standard_normal((n, m))
    )
    out = np.empty((n, m, times, 3), np.float32)
    alone, shared = np.sqrt(1 - options.common_mode), np.sqrt(options.common_mode)
    for k in range(n):
        parts = rng.standard_normal((m + 1, 3, size.shape[1], 2), np.float32)
        spectrum = parts.view(np.complex64)[..., 0] * size
        series = np.fft.irfft(spectrum, length, axis=-1)[..., :times]
        mixed = alone * series[:m] + shared * series[m]
        out[k] = (level[k, :, None, None] * mixed).transpose(0, 2, 1)
    return out
