"""The sliding time-varying frequency of document 002 as a rule: amplitudes above their usual ones."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.datasets.anomaly.detectors.base import DETECTORS, Detector, DetectorOptions, before, enough
from slipbench.datasets.anomaly.detectors.quartile_rule import beyond
from slipbench.datasets.anomaly.quartiles import REACH, Method, quartiles
from slipbench.datasets.anomaly.spectrum import WINDOW, sliding_spectrum
from slipbench.datasets.registry import Info


class FrequencyOptions(DetectorOptions):
    """Options of the sliding frequency."""

    detector: Literal["frequency"] = "frequency"
    name: str = "frequency"
    threshold: float = Field(REACH, gt=0, description="interquartile ranges above the upper quartile")
    spectrum: int = Field(WINDOW, ge=4, description="epochs of one spectrum; the step is one")
    window: int = Field(30, ge=4, description="epochs before, the quartiles of whose amplitudes count")
    method: Method = Field("halves", description="halves (document 002) or linear (NumPy)")


@DETECTORS.register(
    Info(
        name="frequency",
        task="anomaly",
        summary="amplitude of the latest epochs' spectrum beyond the quartiles of those before",
        reference="Wang et al. 2024 (document 002), section 2.2",
        licence="Apache-2.0",
    )
)
class Frequency(Detector):
    """Band amplitude: the root of the summed squares of all amplitudes but that of frequency 0.

    The document shows maps and gives no rule; here the rule is its own one, on the upper side only (less
    oscillation is no earthquake). A spectrum stands at its last epoch. Neighbouring spectra share all epochs
    but one, so their quartiles rest on few independent values.
    """

    Options = FrequencyOptions
    options: FrequencyOptions

    @property
    def warm_up(self) -> int:
        """The first spectrum, then the window."""
        return self.options.spectrum - 1 + self.options.window

    def statistic(self, x: np.ndarray) -> np.ndarray:
        """Interquartile ranges above the upper quartile of the amplitudes before."""
        amplitude, _ = sliding_spectrum(x, self.options.spectrum)
        band = np.sqrt((amplitude[..., 1:] ** 2).sum(axis=-1))
        windows = before(band, self.options.window)
        low, high = quartiles(windows, self.options.method)
        return beyond(band, low, high, enough(windows), both=False)
