"""Post-seismic motion of the S1 dataset, after Costantino et al. (2023), section 3.6.

p_s(t) = H log10(1 + (t - tc) / tau), H ~ U(0.5 c, 1.5 c), tau ~ U(1, 50) days, with c the co-seismic
displacement at station s; p is 0 on the event day itself. What the document leaves open is settled so:

- *c has a sign and is meant for each component*: H = r c with r ~ U(0.5, 1.5). Motion goes on in the
  co-seismic direction.
- *r is drawn for each station* by default, as p_s, H and c belong to "each station s"; its components share
  it, so the direction is kept. ``ratio_per`` offers one r per component, and one per event, which is what a
  slip pattern that does not change would give.
- *tau is drawn for each event*: it has no station in the document, and is one property of the fault.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.options import Options


class PostSeismic(Options):
    """Logarithmic motion after the step."""

    amplitude_low: float = Field(0.5, ge=0, description="least ratio of H to the co-seismic displacement")
    amplitude_high: float = Field(1.5, gt=0, description="largest ratio of H to the co-seismic displacement")
    tau_low_days: float = Field(1.0, gt=0, description="least relaxation time, days")
    tau_high_days: float = Field(50.0, gt=0, description="largest relaxation time, days")
    ratio_per: Literal["station", "component", "event"] = Field(
        "station", description="what has a ratio of its own: stations, their components, or events only"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "PostSeismic":
        for name, low, high in (
            ("amplitude", self.amplitude_low, self.amplitude_high),
            ("tau", self.tau_low_days, self.tau_high_days),
        ):
            if low > high:
                raise ValueError(f"{name}_low must not exceed {name}_high")
        return self

    def ratio_shape(self, n_stations: int, n_components: int) -> tuple[int, ...]:
        """Shape of the ratios of one event."""
        return {"station": (n_stations,), "component": (n_stations, n_components), "event": ()}[
            self.ratio_per
        ]


@dataclass(frozen=True)
class Relaxation:
    """What was drawn for some events.

    Parameters
    ----------
    tau : ndarray, shape (n,)
        Relaxation times, days.
    ratio : ndarray of float32, shape (n, *ratio_shape)
        H / c.
    """

    tau: np.ndarray
    ratio: np.ndarray

    def amplitude(self, offset: np.ndarray) -> np.ndarray:
        """H (n, m, c) of co-seismic offsets (n, m, c), same unit and signs."""
        shared = (1,) * (offset.ndim - self.ratio.ndim)
        return offset * self.ratio.reshape(*self.ratio.shape, *shared)


def draw_relaxation(
    n: int, n_stations: int, n_components: int, rng: np.random.Generator, o: PostSeismic
) -> Relaxation:
    """Draw relaxation times and amplitudes of `n` events."""
    tau = rng.uniform(o.tau_low_days, o.tau_high_days, n)
    shape = (n, *o.ratio_shape(n_stations, n_components))
    # Rounded before they are used, so that the stored ratios are those of the stored positions.
    return Relaxation(tau, rng.uniform(o.amplitude_low, o.amplitude_high, shape).astype(np.float32))
