"""STA/LTA: the average amplitude of the latest epochs over that of those before."""

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.anomaly.detectors.base import DETECTORS, Detector, DetectorOptions, before, enough
from slipbench.datasets.registry import Info


class StaLtaOptions(DetectorOptions):
    """Options of STA/LTA."""

    detector: Literal["sta_lta"] = "sta_lta"
    name: str = "sta_lta"
    threshold: float = Field(4.0, gt=0, description="ratio; 4 is the usual start (Trnkoczy 2012)")
    short: int = Field(5, ge=1, description="epochs of the short-term average, the latest one included")
    long: int = Field(30, ge=2, description="epochs of the long-term average, those before the short one")

    @model_validator(mode="after")
    def _ordered(self) -> "StaLtaOptions":
        if self.long <= self.short:
            raise ValueError(f"a long window of {self.long} epochs, and a short one of {self.short}")
        return self


@DETECTORS.register(
    Info(
        name="sta_lta",
        task="anomaly",
        summary="short-term average amplitude over the long-term one before it",
        reference="Allen 1978; Withers et al. 1998; Trnkoczy 2012 (NMSOP-2, IS 8.1)",
        licence="Apache-2.0",
    )
)
class StaLta(Detector):
    """Averages of absolute values (Trnkoczy 2012); the long window ends where the short one begins.

    Withers et al. (1998) call that delayed: an onset does not raise its own background, and the ratio r has
    no upper limit. The classic ratio with a long window of both together, L = short + long epochs, is
    L r / (short r + long).
    """

    Options = StaLtaOptions
    options: StaLtaOptions

    @property
    def warm_up(self) -> int:
        """Both windows; the latest epoch is in the short one."""
        return self.options.long + self.options.short - 1

    def statistic(self, x: np.ndarray) -> np.ndarray:
        """The ratio, of the epochs that were measured; 1 where nothing changes."""
        size, o = np.abs(np.asarray(x, np.float64)), self.options
        short = before(np.concatenate([size, size[..., -1:]], axis=-1), o.short)[..., 1:, :]
        long = before(size, o.long + o.short - 1)[..., : o.long]
        known = np.isfinite(size) & enough(short) & enough(long)
        high, low = _mean(short), _mean(long)
        return np.divide(high, low, out=np.full(size.shape, np.nan), where=known & (low > 0))


def _mean(windows: np.ndarray) -> np.ndarray:
    """Mean over the last axis of what was measured; 0 where nothing was."""
    there = np.isfinite(windows)
    total = np.where(there, windows, 0.0).sum(axis=-1)
    return total / np.maximum(there.sum(axis=-1), 1)
