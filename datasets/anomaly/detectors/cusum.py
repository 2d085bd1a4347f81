"""CUSUM: small deviations in one direction that add up."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.datasets.anomaly.detectors.base import DETECTORS, Detector, DetectorOptions, before, enough
from slipbench.datasets.registry import Info


class CusumOptions(DetectorOptions):
    """Options of the cumulative sum."""

    detector: Literal["cusum"] = "cusum"
    name: str = "cusum"
    threshold: float = Field(5.0, gt=0, description="decision interval in standard deviations")
    slack: float = Field(0.5, ge=0, description="standard deviations of every epoch that do not add up")
    window: int = Field(30, ge=4, description="epochs before, which give mean and standard deviation")


@DETECTORS.register(
    Info(
        name="cusum",
        task="anomaly",
        summary="cumulative sums of standardised deviations, upwards and downwards",
        reference="Page 1954; slack and interval as in Montgomery 2013, section 9.1",
        licence="Apache-2.0",
    )
)
class Cusum(Detector):
    """The larger of two sums, S = max(0, S + z - slack) upwards and the same of -z downwards (Page 1954).

    z is standardised by the epochs before. A missing epoch leaves the sums as they are. They run on above the
    threshold: the alarm is where they pass it.
    """

    Options = CusumOptions
    options: CusumOptions

    @property
    def warm_up(self) -> int:
        """The window."""
        return self.options.window

    def statistic(self, x: np.ndarray) -> np.ndarray:
        """Standard deviations of the epochs before."""
        x = np.asarray(x, np.float64)
        windows = before(x, self.options.window)
        there = np.isfinite(windows)
        count = np.maximum(there.sum(axis=-1), 2)
        mean = np.where(there, windows, 0.0).sum(axis=-1) / count
        rest = np.where(there, windows - mean[..., None], 0.0)
        spread = np.sqrt((rest**2).sum(axis=-1) / (count - 1))
        known = np.isfinite(x) & enough(windows) & (spread > 0)
        z = np.divide(x - mean, spread, out=np.zeros(x.shape), where=known)
        sums = np.maximum(self._one_sided(z, known), self._one_sided(-z, known))
        return np.where(known, sums, np.nan)

    def _one_sided(self, z: np.ndarray, known: np.ndarray) -> np.ndarray:
        """S = max(0, S + z - slack): the walk less its lowest point so far."""
        walk = np.cumsum(np.where(known, z - self.options.slack, 0.0), axis=-1)
        return walk - np.minimum(np.minimum.accumulate(walk, axis=-1), 0.0)
