"""What the relation of peak displacement makes of noise: no wave enters."""

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from slipbench.benchmarks.rapid.estimators.base import ESTIMATORS, Estimate, Estimator
from slipbench.benchmarks.rapid.estimators.pgd import PublishedOptions, from_peaks
from slipbench.benchmarks.rapid.records import Records
from slipbench.datasets.physics.pgd import SCALINGS
from slipbench.datasets.physics.pgd_stations import NOISE_PEAK, StationPeaks
from slipbench.datasets.registry import Info


class PgdNoiseOptions(PublishedOptions):
    """Options of the relation on noise."""

    estimator: Literal["pgd_noise"] = Field("pgd_noise", description="peak displacement of noise alone")
    peak: float = Field(
        NOISE_PEAK, gt=0, description="peak of noise over its root mean square length before the origin"
    )


@ESTIMATORS.register(
    Info(
        name="pgd_noise",
        task="rapid",
        summary="the relation on a peak of the noise before the origin instead of the waves'",
        reference="own",
        licence="Apache-2.0",
        limits="a record that is no better than this has told nothing",
    )
)
class PgdNoise(Estimator):
    """Counts the same stations at the same seconds, but never looks at their waves."""

    Options = PgdNoiseOptions
    options: PgdNoiseOptions

    def estimate(self, records: Records) -> Estimate:
        """Magnitudes at every second."""
        return from_peaks(records, self.options, SCALINGS[self.options.coefficients], self._noise)

    def _noise(self, peaks: StationPeaks) -> StationPeaks:
        noise = np.broadcast_to(self.options.peak * peaks.noise_m[:, None], peaks.peak_m.shape)
        return replace(peaks, peak_m=noise, used=peaks.used & np.isfinite(noise))
