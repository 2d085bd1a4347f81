"""The median magnitude of the other earthquakes: what one knows without any record."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, Estimate, Estimator, EstimatorOptions
from slipbench.benchmarks.rapid.records import Records
from slipbench.datasets.registry import Info


class OthersOptions(EstimatorOptions):
    """There is nothing to choose."""

    estimator: Literal["others"] = Field("others", description="median magnitude of the other earthquakes")


@ESTIMATORS.register(
    Info(
        name="others",
        task="rapid",
        summary="median Mw of the other earthquakes; sees no record",
        reference="forecast verification, e.g. Murphy 1992",
        licence="Apache-2.0",
    )
)
class Others(Estimator):
    """A guess from the first second on. Its standard deviation is that of the magnitudes."""

    Options = OthersOptions
    learns = True

    def fit(self, records: Records) -> None:
        """Take the median and the standard deviation (of two or more)."""
        spread = float(np.std(records.mw, ddof=1)) if len(records) > 1 else float("nan")
        self.fitted = {"median Mw": float(np.median(records.mw)), "std Mw": spread}

    def estimate(self, records: Records) -> Estimate:
        """The same at every second."""
        shape = (len(records), len(records.seconds))
        mw, sigma = (np.full(shape, value) for value in self.fitted.values())
        return Estimate(mw, sigma, np.zeros(shape, int))
