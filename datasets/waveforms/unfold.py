"""Noise at a high rate from noise that was measured at a low one."""

import numpy as np

from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise, PowerLaw

#: Half of the highest rate that receivers are run at, Hz: as far as their noise is taken to be white.
BAND_HZ = 25.0


def unfold(noise: HighRateNoise, measured_hz: float = 1.0, band_hz: float = BAND_HZ) -> HighRateNoise:
    """The same noise before it was sampled.

    A receiver that is set to a low rate filters nothing, so its samples hold the white noise of the whole
    band, folded 2 band / rate times into half of the rate. Taken apart, the white part is as many times
    lower and the power law goes on below it: the corner moves up. That the coloured part folds
    too is left out; it matters where the measured corner is near half of the rate.

    Parameters
    ----------
    noise : HighRateNoise
        As fitted to samples at `measured_hz`.
    measured_hz : float
        Rate of the samples, Hz.
    band_hz : float
        Where the receiver's noise ends, Hz; that it is white up to there is an assumption.
    """
    folds = 2 * band_hz / measured_hz

    def law(name: str) -> PowerLaw:
        old: PowerLaw = getattr(noise, name)
        corner = old.corner_hz * folds ** (1 / old.index)
        return PowerLaw(white_mm=old.white_mm / np.sqrt(folds), corner_hz=corner, index=old.index)

    return noise.model_copy(update={name: law(name) for name in COMPONENTS})


def folded_density(
    law: PowerLaw, frequency_hz: np.ndarray, rate_hz: float = 1.0, band_hz: float = BAND_HZ
) -> np.ndarray:
    """One-sided spectral density (m^2/Hz) of samples at `rate_hz` of noise that reaches up to `band_hz`.

    Parameters
    ----------
    law : PowerLaw
        Of the noise before it is sampled.
    frequency_hz : ndarray
        Above 0, up to half of the rate.
    rate_hz, band_hz : float
        The band is a multiple of the rate.
    """
    f = np.asarray(frequency_hz, np.float64)
    parts = [
        law.density(k * rate_hz + f) + law.density((k + 1) * rate_hz - f)
        for k in range(round(band_hz / rate_hz))
    ]
    return np.sum(parts, axis=0)
