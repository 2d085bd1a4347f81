"""Earthquake sources: moment, crack scaling and the random sources of the S1 task."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.options import Options

SHEAR_MODULUS_PA = 30e9


def moment(mw: np.ndarray) -> np.ndarray:
    """Seismic moment in N m of a moment magnitude: 10^(1.5 Mw + 9.1) (Hanks and Kanamori 1979)."""
    return 10.0 ** (1.5 * np.asarray(mw, np.float64) + 9.1)


def magnitude(m0: np.ndarray) -> np.ndarray:
    """Moment magnitude of a seismic moment in N m."""
    return (np.log10(m0) - 9.1) / 1.5


@dataclass(frozen=True)
class Crack:
    """Circular crack and the rectangle of equal area: radius, length, width and mean slip in metres."""

    radius: np.ndarray
    length: np.ndarray
    width: np.ndarray
    slip: np.ndarray


def crack(m0: np.ndarray, stress_drop: np.ndarray, shear_modulus: float = SHEAR_MODULUS_PA) -> Crack:
    """Size and mean slip of a circular crack (Eshelby 1957), and the 2:1 rectangle of its area.

    R = (7/16 M0 / stress drop)^(1/3), L = sqrt(2 pi) R, W = L / 2, slip = 16 / (7 pi) stress drop / mu R;
    Costantino et al. (2023) print equation 5 without R, which has no length.

    Parameters
    ----------
    m0 : ndarray
        Moment, N m.
    stress_drop : ndarray
        Static stress drop, Pa.
    shear_modulus : float
        mu, Pa. mu * slip * pi R^2 equals `m0`.
    """
    radius = np.cbrt(7 / 16 * m0 / stress_drop)
    length = np.sqrt(2 * np.pi) * radius
    slip = 16 / (7 * np.pi) * stress_drop / shear_modulus * radius
    return Crack(radius, length, length / 2, slip)


def lognormal_parameters(mean: float, std: float) -> tuple[float, float]:
    """Parameters (mu, sigma) of the normal of the logarithm, from arithmetic mean and deviation."""
    variance = np.log1p((std / mean) ** 2)
    return float(np.log(mean) - variance / 2), float(np.sqrt(variance))


class Range(Options):
    """Uniform range."""

    low: float = Field(description="lower end")
    high: float = Field(description="upper end")

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not self.low < self.high:
            raise ValueError("low < high is needed")
        return self


class StressDrop(Options):
    """Lognormal stress drop; draws outside the bounds are drawn again and counted."""

    mean_mpa: float = Field(3.0, gt=0, description="arithmetic mean before truncation, MPa")
    std_mpa: float = Field(30.0, gt=0, description="arithmetic standard deviation before truncation, MPa")
    truncation: Literal["redraw", "none"] = Field("redraw", description="what to do outside the bounds")
    low_mpa: float = Field(0.1, gt=0, description="lower bound, MPa")
    high_mpa: float = Field(100.0, gt=0, description="upper bound, MPa")

    @model_validator(mode="after")
    def _bounds_hold_something(self) -> "StressDrop":
        mu, sigma = lognormal_parameters(self.mean_mpa, self.std_mpa)
        low, high = ((np.log(b) - mu) / sigma for b in (self.low_mpa, self.high_mpa))
        if self.truncation == "redraw" and not (low < 4 and high > -4 and high - low > 0.05):
            raise ValueError("low_mpa ... high_mpa holds next to nothing of the distribution")
        return self


#: Uniform ranges in degrees of strike, dip and rake.
MECHANISMS: dict[str, tuple[tuple[float, float], ...]] = {
    "thrust": ((160.0, 240.0), (20.0, 30.0), (75.0, 100.0)),
    "all": ((0.0, 360.0), (0.0, 90.0), (-180.0, 180.0)),
}


class Sampling(Options):
    """Random sources of Costantino et al. (2023), section 2.2.1."""

    variant: Literal["thrust", "all"] = Field("thrust", description="mechanisms: thrust, or any")
    longitude: Range = Field(Range(low=139.0, high=146.0), description="centroid, degrees east")
    latitude: Range = Field(Range(low=35.0, high=41.0), description="centroid, degrees north")
    depth_km: Range = Field(Range(low=2.0, high=100.0), description="centroid depth, km")
    mw: Range = Field(Range(low=5.8, high=8.5), description="moment magnitude")
    stress_drop: StressDrop = Field(StressDrop(), description="static stress drop")
    surface: Literal["redraw", "push_down"] = Field(
        "redraw",
        description="faults too near the surface: draw depth, angles and stress drop again, or lower them",
    )
    min_top_km: float = Field(0.5, ge=0, description="least depth of the fault's upper edge, km")

    @model_validator(mode="after")
    def _room_for_faults(self) -> "Sampling":
        if self.depth_km.low < 0:
            raise ValueError("depth_km must not be negative")
        if not (self.latitude.low >= -80 and self.latitude.high <= 80):
            raise ValueError("latitude must lie in -80 ... 80")
        if self.surface == "redraw":
            # The smallest top depth that the ranges allow must be reachable by every magnitude.
            drop = self.stress_drop.high_mpa if self.stress_drop.truncation == "redraw" else 100.0
            half = crack(moment(np.array(self.mw.high)), np.array(drop * 1e6)).width / 2
            reach = self.depth_km.high * 1e3 - half * np.sin(np.deg2rad(MECHANISMS[self.variant][1][0]))
            if reach <= self.min_top_km * 1e3:
                raise ValueError("no fault of the largest magnitude fits below the surface; use push_down")
        return self


#: Order of the columns of the ``source`` array: name and unit.
PARAMETERS = (
    ("latitude", "degree"),
    ("longitude", "degree"),
    ("depth", "m"),
    ("mw", "1"),
    ("strike", "degree"),
    ("dip", "degree"),
    ("rake", "degree"),
    ("stress_drop", "Pa"),
    ("length", "m"),
    ("width", "m"),
    ("slip", "m"),
)

_MOST_REDRAWS = 10_000


def sample(
    n: int, rng: np.random.Generator, options: Sampling
) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Draw sources.

    A redraw keeps latitude, longitude and Mw, so the targets stay uniform; the other parameters are
    conditional on a buried fault.

    Parameters
    ----------
    n : int
        Number of sources.
    rng : Generator
        Random stream.
    options : Sampling
        Ranges and policies.

    Returns
    -------
    parameters : dict of ndarray, shape (n,)
        The `PARAMETERS`, in their units.
    counts : dict of int
        How often each policy was applied: ``stress_drop_redrawn``, and ``surface_redrawn`` or
        ``surface_pushed_down``.
    """
    out = {
        "latitude": rng.uniform(options.latitude.low, options.latitude.high, n),
        "longitude": rng.uniform(options.longitude.low, options.longitude.high, n),
        "mw": rng.uniform(options.mw.low, options.mw.high, n),
    }
    m0 = moment(out["mw"])
    counts = {"stress_drop_redrawn": 0}
    names = ("depth", "strike", "dip", "rake", "stress_drop", "length", "width", "slip")
    out |= {name: np.empty(n) for name in names}
    todo, redrawn = np.arange(n), 0
    for _ in range(_MOST_REDRAWS):
        drawn = _draw(m0[todo], rng, options, counts)
        for name in names:
            out[name][todo] = drawn[name]
        lowest = options.min_top_km * 1e3 + out["width"] / 2 * np.sin(np.deg2rad(out["dip"]))
        high = np.flatnonzero(out["depth"] < lowest)
        if options.surface == "push_down":
            out["depth"][high] = lowest[high]
            return out, counts | {"surface_pushed_down": len(high)}
        todo, redrawn = high, redrawn + len(high)
        if not len(todo):
            return out, counts | {"surface_redrawn": redrawn}
    raise RuntimeError(f"{len(todo)} sources found no place below the surface in {_MOST_REDRAWS} draws")


def _draw(
    m0: np.ndarray, rng: np.random.Generator, options: Sampling, counts: dict[str, int]
) -> dict[str, np.ndarray]:
    n = len(m0)
    strike, dip, rake = (rng.uniform(low, high, n) for low, high in MECHANISMS[options.variant])
    depth = rng.uniform(options.depth_km.low, options.depth_km.high, n) * 1e3
    drop = options.stress_drop
    mu, sigma = lognormal_parameters(drop.mean_mpa, drop.std_mpa)
    stress = rng.lognormal(mu, sigma, n)
    while drop.truncation == "redraw":
        out_of_bounds = np.flatnonzero((stress < drop.low_mpa) | (stress > drop.high_mpa))
        if not len(out_of_bounds):
            break
        counts["stress_drop_redrawn"] += len(out_of_bounds)
        stress[out_of_bounds] = rng.lognormal(mu, sigma, len(out_of_bounds))
    made = crack(m0, stress * 1e6)
    return {
        "depth": depth,
        "strike": strike,
        "dip": dip,
        "rake": rake,
        "stress_drop": stress * 1e6,
        "length": made.length,
        "width": made.width,
        "slip": made.slip,
    }
