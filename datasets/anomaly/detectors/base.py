"""What every detector offers: a series of how unusual each epoch is, known when the epoch is measured."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info, Registry

#: Share of the values before an epoch that must be there to judge it: bounds from a handful always fire.
LEAST_SHARE = 0.5


class DetectorOptions(Options):
    """Options that every detector has.

    A detector adds ``detector: Literal["<its name>"]`` and its own, and gives ``name`` its own name as
    default. Windows are counted in epochs.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the detector in the tables")
    threshold: float = Field(gt=0, description="statistic above which an epoch is an anomaly")


class Detector(ABC):
    """Tells of every epoch of a series how unusual it is, from that epoch and those before it.

    Parameters
    ----------
    options : DetectorOptions
        Validated options, an instance of the class attribute `Options`.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[DetectorOptions]]

    def __init__(self, options: Any) -> None:
        self.options = options

    @property
    @abstractmethod
    def warm_up(self) -> int:
        """Epochs of a complete series before the first one that is judged by full windows."""

    @abstractmethod
    def statistic(self, x: np.ndarray) -> np.ndarray:
        """How unusual each epoch is.

        Parameters
        ----------
        x : ndarray, shape (..., n)
            Series such as velocities, time last; NaN is missing. Leading dimensions are series of their own.

        Returns
        -------
        ndarray, shape (..., n)
            Without unit, larger for the more unusual; scaling a series changes nothing. NaN where the epoch
            is missing, too few were measured before, or those do not vary.
        """

    def anomalies(self, x: np.ndarray) -> np.ndarray:
        """Whether the statistic of each epoch is above the threshold, shape (..., n), bool."""
        return self.statistic(x) > self.options.threshold


DETECTORS: Registry[type[Detector]] = Registry("detector", "slipbench.datasets.anomaly.detectors")


def before(x: np.ndarray, window: int) -> np.ndarray:
    """The `window` values before each epoch, shape (..., n, window); NaN before the series begins.

    A view into one padded copy: no window is stored twice.
    """
    x = np.asarray(x, np.float64)
    edge = np.full((*x.shape[:-1], window), np.nan)
    padded = np.concatenate([edge, x[..., :-1]], axis=-1)
    return np.lib.stride_tricks.sliding_window_view(padded, window, axis=-1)


def enough(windows: np.ndarray) -> np.ndarray:
    """Whether at least `LEAST_SHARE` of each window, shape (..., n, window), was measured."""
    return np.isfinite(windows).sum(axis=-1) >= LEAST_SHARE * windows.shape[-1]
