"""Peak ground displacement with published coefficients."""

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, Estimate, Estimator, EstimatorOptions
from slipbench.benchmarks.rapid.records import Records
from slipbench.datasets.physics.pgd import SCALINGS, Scaling
from slipbench.datasets.physics.pgd_stations import (
    Combination,
    Screening,
    StationPeaks,
    combined,
    magnitude_variance,
    station_magnitudes,
    station_peaks,
)
from slipbench.datasets.registry import Info


class PeakOptions(EstimatorOptions):
    """Options of estimators from peak displacement."""

    combine: Combination = Field("mean", description="how the stations' magnitudes become one")
    screening: Screening = Field(Screening(), description="stations and samples that count")
    least_stations: int = Field(4, ge=1, description="with fewer stations there is no estimate")
    scatter: float = Field(
        0.25, gt=0, description="standard deviation of log10 PGD about the relation, for inverse variances"
    )


class PublishedOptions(PeakOptions):
    """Options of estimators with published coefficients."""

    coefficients: Literal["ruhl2019", "crowell2016", "melgar2015"] = Field(
        "ruhl2019", description="Ruhl et al. (2019), Crowell et al. (2016) or Melgar et al. (2015)"
    )


class PgdOptions(PublishedOptions):
    """Options of the published relations."""

    estimator: Literal["pgd"] = Field("pgd", description="peak displacement, published coefficients")


def _same(peaks: StationPeaks) -> StationPeaks:
    return peaks


def from_peaks(
    records: Records,
    options: PeakOptions,
    scaling: Scaling,
    change: Callable[[StationPeaks], StationPeaks] = _same,
) -> Estimate:
    """Estimates of all earthquakes by one relation, from `change` of their peaks."""
    found = [_one(records, k, options, scaling, change) for k in range(len(records))]
    mw, sigma, stations, last = (np.array(values) for values in zip(*found, strict=True))
    return Estimate(mw, sigma, stations, last)


def _one(
    records: Records,
    k: int,
    options: PeakOptions,
    scaling: Scaling,
    change: Callable[[StationPeaks], StationPeaks],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    km = records.hypocentral_km[k]
    some = np.flatnonzero(np.isfinite(km))
    peaks = change(station_peaks(records.displacement[k, some], records.time, km[some], options.screening))
    single = station_magnitudes(peaks, km[some], scaling)
    variance = magnitude_variance(peaks, km[some], scaling, options.scatter)
    mw, sigma = combined(single, variance, options.combine, options.least_stations)
    last = np.full(len(km), np.nan)
    last[some] = single[:, -1]
    return mw, sigma, np.isfinite(single).sum(axis=0), last


@ESTIMATORS.register(
    Info(
        name="pgd",
        task="rapid",
        summary="log10 PGD = A + B Mw + C Mw log10 R with published coefficients",
        reference="Ruhl et al. 2019; Crowell et al. 2016; Melgar et al. 2015",
        licence="Apache-2.0",
        limits="the hypocentre and the origin time are taken as known",
    )
)
class Pgd(Estimator):
    """Every station's magnitude from its running peak, combined at every second."""

    Options = PgdOptions
    options: PgdOptions

    def estimate(self, records: Records) -> Estimate:
        """Magnitudes at every second."""
        return from_peaks(records, self.options, SCALINGS[self.options.coefficients])
