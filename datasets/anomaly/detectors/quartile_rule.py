"""The quartile rule of document 002 on the values before each epoch."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.datasets.anomaly.detectors.base import DETECTORS, Detector, DetectorOptions, before, enough
from slipbench.datasets.anomaly.quartiles import REACH, Method, quartiles
from slipbench.datasets.registry import Info


class QuartileRuleOptions(DetectorOptions):
    """Options of the quartile rule."""

    detector: Literal["quartile_rule"] = "quartile_rule"
    name: str = "quartile_rule"
    threshold: float = Field(REACH, gt=0, description="interquartile ranges beyond the nearer quartile")
    window: int = Field(30, ge=4, description="epochs before, whose quartiles count")
    method: Method = Field("halves", description="halves (document 002) or linear (NumPy)")


@DETECTORS.register(
    Info(
        name="quartile_rule",
        task="anomaly",
        summary="interquartile ranges beyond the quartiles of the epochs before",
        reference="Tukey 1977; Wang et al. 2024 (document 002), section 1.2",
        licence="Apache-2.0",
    )
)
class QuartileRule(Detector):
    """Distance of a value from the nearer quartile of those before it, in their interquartile range.

    The document takes the quartiles of the whole record, 80 s after the origin included; nobody has those
    when the value comes.
    """

    Options = QuartileRuleOptions
    options: QuartileRuleOptions

    @property
    def warm_up(self) -> int:
        """The window."""
        return self.options.window

    def statistic(self, x: np.ndarray) -> np.ndarray:
        """Negative between the quartiles; the document's anomalies are those above 1.5."""
        windows = before(x, self.options.window)
        low, high = quartiles(windows, self.options.method)
        return beyond(np.asarray(x, np.float64), low, high, enough(windows), both=True)


def beyond(x: np.ndarray, low: np.ndarray, high: np.ndarray, known: np.ndarray, both: bool) -> np.ndarray:
    """Interquartile ranges from the upper quartile (or the nearer one, if `both`), NaN where not known."""
    far = np.maximum(x - high, low - x) if both else x - high
    reach = high - low
    return np.divide(far, reach, out=np.full(x.shape, np.nan), where=known & (reach > 0))
