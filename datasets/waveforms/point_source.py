"""Displacement that a point double couple makes in a homogeneous full space."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field, model_validator

from slipbench.datasets.options import Options
from slipbench.datasets.waveforms.brune import Growth


class Medium(Options):
    """A homogeneous solid."""

    alpha_m_s: float = Field(6062.0, gt=0, description="speed of P waves, m/s")
    beta_m_s: float = Field(3500.0, gt=0, description="speed of S waves, m/s")
    density: float = Field(2800.0, gt=0, description="kg/m^3")

    @model_validator(mode="after")
    def _p_first(self) -> "Medium":
        if not self.alpha_m_s > self.beta_m_s * np.sqrt(4 / 3):
            raise ValueError("alpha_m_s above 1.155 beta_m_s is needed: a positive bulk modulus")
        return self


@dataclass(frozen=True)
class Ray:
    """Straight way from the source to a station.

    Parameters
    ----------
    direction : ndarray, shape (..., 3)
        Unit vector from the source to the station, east, north, up.
    length : ndarray, shape (...)
        Hypocentral distance, m.
    """

    direction: np.ndarray
    length: np.ndarray


def ray(distance_m: np.ndarray, azimuth: np.ndarray, depth_m: np.ndarray) -> Ray:
    """Ray to a station at the surface.

    Parameters
    ----------
    distance_m : ndarray
        Hypocentral, m.
    azimuth : ndarray
        From the epicentre to the station, degrees clockwise from north.
    depth_m : ndarray
        Of the source, m, positive down, at most the distance.

    Raises
    ------
    ValueError
        A source deeper than the station is far.
    """
    distance, azimuth, depth = np.broadcast_arrays(*(np.float64(x) for x in (distance_m, azimuth, depth_m)))
    if not ((distance > 0) & (depth <= distance) & (depth >= 0)).all():
        raise ValueError("a hypocentral distance is at least the depth, and above 0")
    across = np.sqrt(np.maximum(1 - (depth / distance) ** 2, 0.0))
    angle = np.deg2rad(azimuth)
    direction = np.stack([across * np.sin(angle), across * np.cos(angle), depth / distance], axis=-1)
    return Ray(direction, distance)


def full_space(
    tensor: np.ndarray, way: Ray, growth: Growth, time_s: np.ndarray, medium: Medium
) -> np.ndarray:
    """Near-field ramp, intermediate and far-field P and S waves, and the static offset that they leave.

    Aki and Richards (2002), equation 4.29, for a symmetric tensor without a trace.

    Parameters
    ----------
    tensor : ndarray, shape (..., 3, 3)
        Final moment tensor, N m; axes east, north, up.
    way : Ray
        With fields of shape (..., 3) and (...).
    growth : Growth
        How the moment grows; its rate has the shape (..., 1).
    time_s : ndarray, shape (time,)
        Seconds after the origin time.
    medium : Medium
        The solid.

    Returns
    -------
    ndarray, shape (..., 3, time)
        m, east, north, up.
    """
    g, r = way.direction, way.length[..., None]
    turned = np.einsum("...ij,...j->...i", tensor, g)
    radial = (turned * g).sum(axis=-1, keepdims=True) * g
    patterns = _patterns(radial, turned)
    alpha, beta = medium.alpha_m_s, medium.beta_m_s
    p, s = time_s - r / alpha, time_s - r / beta
    # the integral of delay times moment over the delays from r / alpha to r / beta
    ramp = time_s * (growth.integral(p) - growth.integral(s))
    ramp = ramp - growth.first_moment(p) + growth.first_moment(s)
    parts = (
        ramp / r**4,
        growth.share(p) / (alpha * r) ** 2,
        growth.share(s) / (beta * r) ** 2,
        growth.speed(p) / (alpha**3 * r),
        growth.speed(s) / (beta**3 * r),
    )
    total = sum(a[..., :, None] * b[..., None, :] for a, b in zip(patterns, parts, strict=True))
    return np.asarray(total) / (4 * np.pi * medium.density)


def static_offset(tensor: np.ndarray, way: Ray, medium: Medium) -> np.ndarray:
    """Where `full_space` ends, shape (..., 3), m: Aki and Richards (2002), equation 4.34 for a tensor."""
    g, r = way.direction, way.length[..., None]
    turned = np.einsum("...ij,...j->...i", tensor, g)
    radial = (turned * g).sum(axis=-1, keepdims=True) * g
    near, p, s, _, _ = _patterns(radial, turned)
    alpha, beta = medium.alpha_m_s, medium.beta_m_s
    total = near * (beta**-2 - alpha**-2) / 2 + p / alpha**2 + s / beta**2
    return total / (4 * np.pi * medium.density * r**2)


def _patterns(radial: np.ndarray, turned: np.ndarray) -> tuple[np.ndarray, ...]:
    """Radiation patterns: near field, intermediate P and S, far P and S; N m.

    `turned` is the tensor times the ray's direction, `radial` its part along the ray.
    """
    return 15 * radial - 6 * turned, 6 * radial - 2 * turned, 3 * turned - 6 * radial, radial, turned - radial
