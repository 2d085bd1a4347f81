"""Simple kinematic earthquakes: patches of a rectangle that slip one after the other.

Every patch moves the ground by its static displacement (`okada`), as a smooth ramp that begins when the S
wave from the patch arrives. Waves that come and go are not in it.
"""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada import Sources, displacement

#: Patches along strike and down dip.
PATCHES = (8, 4)


@dataclass(frozen=True)
class Ruptures:
    """`n` ruptures of `p` patches; kilometres are from the epicentre, on a flat map.

    Parameters
    ----------
    east_km, north_km, depth_km : ndarray, shape (n, p)
        Centres of the patches.
    slip_m : ndarray, shape (n, p)
        Slip.
    begins_s : ndarray, shape (n, p)
        When the rupture reaches the patch, seconds after the origin time.
    length_km, width_km, strike, dip, rake : ndarray, shape (n,)
        Size of a patch; angles in degrees as in `Sources`.
    hypocentre_km : ndarray, shape (n,)
        Depth of the hypocentre.
    """

    east_km: np.ndarray
    north_km: np.ndarray
    depth_km: np.ndarray
    slip_m: np.ndarray
    begins_s: np.ndarray
    length_km: np.ndarray
    width_km: np.ndarray
    strike: np.ndarray
    dip: np.ndarray
    rake: np.ndarray
    hypocentre_km: np.ndarray

    def centroid_km(self) -> np.ndarray:
        """East, north and depth (n, 3) of the centroid: the patches' mean, weighted by their moment."""
        weight = self.slip_m / self.slip_m.sum(axis=1, keepdims=True)
        return np.stack([(weight * x).sum(axis=1) for x in (self.east_km, self.north_km, self.depth_km)], -1)


def ruptures(
    parameters: dict[str, np.ndarray], speed_km_s: np.ndarray, roughness: float, rng: np.random.Generator
) -> Ruptures:
    """Random ruptures of rectangles: somewhere on each is the hypocentre, from where it breaks at one speed.

    Slip varies from patch to patch as the exponential of a normal field that neighbours share in part, and
    falls off at the edges; the moment is that of the parameters.

    Parameters
    ----------
    parameters : dict of ndarray, shape (n,)
        From `source.sample`; place and stress drop are not used.
    speed_km_s : ndarray, shape (n,)
        Speed of the rupture.
    roughness : float
        Standard deviation of the logarithm of slip.
    rng : Generator
        Random stream.
    """
    p, n, (along, down) = parameters, len(speed_km_s), PATCHES
    x, y = ((np.arange(k) + 0.5) / k - 0.5 for k in PATCHES)
    x, y = (a.ravel() for a in np.meshgrid(x, y, indexing="ij"))
    wide = rng.standard_normal((n, along + 2, down + 2))
    field = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(1, 2)).sum(axis=(3, 4)) / 3
    weight = np.exp(roughness * field.reshape(n, -1)) * np.sqrt(np.cos(np.pi * x) * np.cos(np.pi * y))
    slip = p["slip"][:, None] * weight / weight.mean(axis=1, keepdims=True)
    length, width = p["length"] / 1e3, p["width"] / 1e3
    start = rng.uniform(-0.4, 0.4, (2, n, 1))
    strike_km, dip_km = (x - start[0]) * length[:, None], (y - start[1]) * width[:, None]
    sin, cos = sind(p["strike"])[:, None], cosd(p["strike"])[:, None]
    level = dip_km * cosd(p["dip"])[:, None]
    depth = p["depth"][:, None] / 1e3 + y * width[:, None] * sind(p["dip"])[:, None]
    begin = p["depth"] / 1e3 + start[1, :, 0] * width * sind(p["dip"])
    return Ruptures(
        east_km=strike_km * sin + level * cos,
        north_km=strike_km * cos - level * sin,
        depth_km=depth,
        slip_m=slip,
        begins_s=np.hypot(strike_km, dip_km) / speed_km_s[:, None],
        length_km=length / along,
        width_km=width / down,
        strike=p["strike"],
        dip=p["dip"],
        rake=p["rake"],
        hypocentre_km=begin,
    )


def static_patches(r: Ruptures, east_km: np.ndarray, north_km: np.ndarray, poisson: float) -> np.ndarray:
    """Static displacement (n, m, p, 3) in m of every patch at stations (n, m), km from the epicentres."""
    n, p = r.slip_m.shape
    flat = (1e3 * r.east_km, 1e3 * r.north_km, 1e3 * r.depth_km)
    east, north, depth = (a.ravel() for a in flat)
    length, width, strike, dip, rake = (
        np.repeat(a, p) for a in (1e3 * r.length_km, 1e3 * r.width_km, r.strike, r.dip, r.rake)
    )
    sources = Sources(east, north, depth, strike, dip, rake, length, width, r.slip_m.ravel(), np.zeros(n * p))
    x, y = (np.repeat(1e3 * a, p, axis=0) for a in (east_km, north_km))
    moved = displacement(sources, x, y, poisson, np.float32)
    return moved.reshape(n, p, -1, 3).transpose(0, 2, 1, 3)


def ramps(
    static: np.ndarray,
    r: Ruptures,
    east_km: np.ndarray,
    north_km: np.ndarray,
    wave_km_s: np.ndarray,
    rise_s: np.ndarray,
    time_s: np.ndarray,
) -> np.ndarray:
    """Displacement (n, m, t, 3) in m, float32, of ruptures at stations.

    Parameters
    ----------
    static : ndarray, shape (n, m, p, 3)
        From `static_patches`.
    r : Ruptures
        The n ruptures.
    east_km, north_km : ndarray, shape (n, m)
        Stations, from the epicentres.
    wave_km_s, rise_s : ndarray, shape (n,)
        Speed of the S wave; duration of a patch's slip.
    time_s : ndarray, shape (t,)
        Seconds after the origin time.
    """
    out = np.empty((*static.shape[:2], len(time_s), 3), np.float32)
    for k, (speed, rise) in enumerate(zip(wave_km_s, rise_s, strict=True)):
        away = np.sqrt(
            (east_km[k, :, None] - r.east_km[k]) ** 2
            + (north_km[k, :, None] - r.north_km[k]) ** 2
            + r.depth_km[k] ** 2
        )
        onset = (r.begins_s[k] + away / speed).astype(np.float32)
        x = np.clip((time_s.astype(np.float32)[None, :, None] - onset[:, None]) / np.float32(rise), 0, 1)
        out[k] = (x * x * (3 - 2 * x)) @ static[k].astype(np.float32)
    return out
