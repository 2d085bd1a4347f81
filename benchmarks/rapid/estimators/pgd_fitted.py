"""Peak ground displacement with coefficients fitted on the other earthquakes."""

from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, Estimate, Estimator
from slipbench.benchmarks.rapid.estimators.pgd import PeakOptions, from_peaks
from slipbench.benchmarks.rapid.records import Records
from slipbench.datasets.physics.pgd import Scaling
from slipbench.datasets.physics.pgd_stations import station_peaks
from slipbench.datasets.registry import Info


class PgdFittedOptions(PeakOptions):
    """Options of the fitted relation."""

    estimator: Literal["pgd_fitted"] = Field("pgd_fitted", description="peak displacement, fitted")


@ESTIMATORS.register(
    Info(
        name="pgd_fitted",
        task="rapid",
        summary="the same relation, its coefficients by least squares on the other earthquakes",
        reference="Crowell et al. 2013 (the relation)",
        licence="Apache-2.0",
        limits="three earthquakes of different size at least; made earthquakes are not used",
    )
)
class PgdFitted(Estimator):
    """Least squares of log10 PGD at the stations that the screening leaves at the end of the records.

    Every earthquake has the same weight, however many stations saw it.
    """

    Options = PgdFittedOptions
    options: PgdFittedOptions
    learns = True

    def fit(self, records: Records) -> None:
        """Fit A, B and C.

        Raises
        ------
        ValueError
            When the earthquakes do not determine the coefficients.
        """
        design, value, used = [], [], 0
        for k in range(len(records)):
            km = records.hypocentral_km[k]
            some = np.isfinite(km)
            peaks = station_peaks(
                records.displacement[k, some], records.time, km[some], self.options.screening
            )
            last = peaks.used[:, -1]
            if last.sum() < self.options.least_stations:
                continue
            weight, used = 1 / np.sqrt(last.sum()), used + 1
            mw = np.full(last.sum(), records.mw[k])
            row = np.column_stack([np.ones_like(mw), mw, mw * np.log10(km[some][last])])
            design.append(weight * row)
            value.append(weight * np.log10(peaks.peak_m[last, -1]))
        if not design or np.linalg.matrix_rank(matrix := np.concatenate(design)) < 3:
            raise ValueError(f"{used} earthquakes with enough stations do not determine A, B and C")
        a, b, c = (float(x) for x in np.linalg.lstsq(matrix, np.concatenate(value), rcond=None)[0])
        self.scaling = Scaling(a, b, c, 1.0, f"fitted on {used} earthquakes")
        self.fitted = {"A": a, "B": b, "C": c}

    def estimate(self, records: Records) -> Estimate:
        """Magnitudes at every second by the last fit."""
        return from_peaks(records, self.options, self.scaling)
