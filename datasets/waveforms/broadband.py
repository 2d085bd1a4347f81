"""Made displacement of earthquakes at any sampling rate: waves and offset of one formula, a random coda."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from slipbench.datasets.physics.moment_tensor import double_couple
from slipbench.datasets.physics.source import moment
from slipbench.datasets.waveforms.attenuation import attenuate
from slipbench.datasets.waveforms.brune import Growth, corner_frequency
from slipbench.datasets.waveforms.coda import convolve, scatterers
from slipbench.datasets.waveforms.point_source import Medium, full_space, ray

#: Root mean square of the radiation pattern of S waves over the focal sphere (Aki and Richards 2002).
S_PATTERN = np.sqrt(2 / 5)


class Ground(Medium):
    """The solid and what it does to waves; defaults for rock in the crust after Boore (2003)."""

    stress_drop_pa: float = Field(8e6, gt=0, description="stress drop of Brune's source, Pa (assumed)")
    surface: float = Field(2.0, gt=0, description="amplification by the free surface")
    kappa_s: float = Field(0.04, ge=0, description="attenuation of the site, s")
    q0: float = Field(180.0, gt=0, description="quality factor up to 1 Hz")
    q_power: float = Field(0.45, ge=0, lt=1, description="its power of the frequency above 1 Hz")
    coda: float = Field(
        0.5, ge=0, description="spectral amplitude of scattered over direct S waves (assumed)"
    )
    coda_s: float = Field(10.0, gt=0, description="duration of scattered waves at the source, s (assumed)")
    coda_s_km: float = Field(0.05, ge=0, description="growth of that duration with distance, s/km")


@dataclass(frozen=True)
class Shot:
    """Earthquakes as single stations see them; all fields broadcast to one shape (...).

    Parameters
    ----------
    mw : ndarray
        Moment magnitude.
    distance_km : ndarray
        Hypocentral distance, km.
    depth_km : ndarray
        Positive down.
    azimuth : ndarray
        From the epicentre to the station, degrees clockwise from north.
    strike, dip, rake : ndarray
        Degrees.
    """

    mw: np.ndarray
    distance_km: np.ndarray
    depth_km: np.ndarray
    azimuth: np.ndarray
    strike: np.ndarray
    dip: np.ndarray
    rake: np.ndarray


def broadband(shot: Shot, time_s: np.ndarray, ground: Ground, rng: np.random.Generator) -> np.ndarray:
    """Displacement of the ground, free of noise.

    The point source of `full_space` with Brune's moment function (omega-squared spectrum: P and S pulses,
    near-field ramp, static offset), doubled at the surface, plus scattered waves: arrivals with random sign
    and size under the envelope of Boore (2003) from the S wave on, each with the far-field S pulse, shared
    equally by the components. Then attenuation. What it has not: a finite fault (a station nearer than the
    source's radius sees too much), layers, surface waves, and the half-space's own static field.

    Parameters
    ----------
    shot : Shot
        Sources and stations, shape (...).
    time_s : ndarray, shape (time,)
        Seconds after the origin time, even steps, starting before the P wave.
    ground : Ground
        The solid.
    rng : Generator
        Random stream of the coda; the same stream gives the same waves.

    Returns
    -------
    ndarray, shape (..., 3, time)
        m, east, north, up.
    """
    mw, km, depth, azimuth, strike, dip, rake = np.broadcast_arrays(
        shot.mw, shot.distance_km, shot.depth_km, shot.azimuth, shot.strike, shot.dip, shot.rake
    )
    m0, rate_hz = moment(mw), 1 / (time_s[1] - time_s[0])
    corner = corner_frequency(m0, ground.stress_drop_pa, ground.beta_m_s)
    growth = Growth(2 * np.pi * corner[..., None])
    way = ray(km * 1e3, azimuth, depth * 1e3)
    tensor = m0[..., None, None] * double_couple(strike, dip, rake)
    waves = full_space(tensor, way, growth, time_s, ground)
    travel = (way.length / ground.beta_m_s)[..., None]
    if ground.coda:
        per_moment = 4 * np.pi * ground.density * ground.beta_m_s**3 * way.length
        size = ground.coda * S_PATTERN / np.sqrt(3) * m0 / per_moment
        pulse = size[..., None] * growth.speed(time_s - time_s[0])
        start = np.broadcast_to(travel, (*mw.shape, 3))
        duration = (ground.coda_s + ground.coda_s_km * km)[..., None]
        arrivals = scatterers(time_s, start, duration, rate_hz, rng)
        waves = waves + convolve(arrivals, pulse[..., None, :], rate_hz)
    return ground.surface * attenuate(waves, rate_hz, travel, ground.kappa_s, ground.q0, ground.q_power)
