"""Virtual kinematic earthquakes as a high-rate network records them, one shard at a time."""

from dataclasses import dataclass

import numpy as np

from slipbench.datasets.noise.high_rate import draw_noise
from slipbench.datasets.physics.pgd import SCALINGS, expected_pgd
from slipbench.datasets.physics.rupture import PATCHES, Ruptures, ramps, ruptures, static_patches
from slipbench.datasets.physics.source import Range, Sampling, sample
from slipbench.datasets.preprocess.snapshot import QUIET_S, chosen, snapshots
from slipbench.datasets.preprocess.static_offset import rupture_seconds
from slipbench.datasets.recipes.rapid_virtual_network import Network, draw_places
from slipbench.datasets.recipes.rapid_virtual_options import RapidGaps, RapidVirtualOptions, RapidWaves
from slipbench.datasets.store.plan import Shard

STEP_S = 1.0
#: Columns of the array ``source``: name and unit.
PARAMETERS = (
    ("depth of the centroid", "km"),
    ("depth of the hypocentre", "km"),
    ("strike", "degree"),
    ("dip", "degree"),
    ("rake", "degree"),
    ("length", "km"),
    ("width", "km"),
    ("duration of the rupture", "s"),
)


@dataclass(frozen=True)
class Events:
    """`n` virtual earthquakes and the `m` places of stations that could see each.

    Parameters
    ----------
    mw : ndarray, shape (n,)
        Moment magnitude.
    rupture : Ruptures
        Patches.
    east_km, north_km : ndarray, shape (n, m)
        Stations from the epicentre; NaN beyond the last one.
    motion_m : ndarray, shape (n, m, t, 3)
        Displacement without noise, east, north, up, float32.
    time_s : ndarray, shape (t,)
        Seconds after the origin time; negative before it, where nothing moves.
    counts : dict of int
        Policies of the sources.
    """

    mw: np.ndarray
    rupture: Ruptures
    east_km: np.ndarray
    north_km: np.ndarray
    motion_m: np.ndarray
    time_s: np.ndarray
    counts: dict[str, int]

    @property
    def hypocentral_km(self) -> np.ndarray:
        """Distance (n, m) of the stations from the hypocentre."""
        return np.sqrt(self.east_km**2 + self.north_km**2 + self.rupture.hypocentre_km[:, None] ** 2)


def draw_events(
    n: int, o: RapidVirtualOptions, networks: tuple[Network, ...], rng: np.random.Generator
) -> Events:
    """Random earthquakes, their networks, and how the ground moves there."""
    s = o.sources
    anywhere = Range(low=-1.0, high=1.0)  # on a flat map: latitude and longitude are not used
    sampling = Sampling(
        variant="all",
        longitude=anywhere,
        latitude=anywhere,
        depth_km=s.depth_km,
        mw=s.mw,
        stress_drop=s.stress_drop,
    )
    parameters, counts = sample(n, rng, sampling)
    speed, wave, rise = (rng.uniform(r.low, r.high, n) for r in (s.rupture_km_s, s.wave_km_s, s.rise))
    broken = ruptures(parameters, speed, s.roughness, rng)
    east, north = np.full((2, n, o.most_stations), np.nan)
    for k in range(n):
        there = draw_places(networks, o.network, rng)
        away = np.sqrt(there[0] ** 2 + there[1] ** 2 + broken.hypocentre_km[k] ** 2)
        pick = chosen(away, o.most_stations)
        east[k, : len(pick)], north[k, : len(pick)] = there[0][pick], there[1][pick]
    time = np.arange(-QUIET_S, o.last_s + 1, STEP_S)
    # stations that are not there stand far away, and their motion is taken out again
    x, y = (np.where(np.isfinite(a), a, 1e4) for a in (east, north))
    static = static_patches(broken, x, y, o.poisson)
    duration = np.array([rupture_seconds(mw) for mw in parameters["mw"]])
    moving = time >= 0
    motion = np.zeros((n, o.most_stations, len(time), 3), np.float32)
    motion[:, :, moving] = ramps(static, broken, x, y, wave, rise * duration, time[moving])
    offset = np.linalg.norm(static.sum(axis=2), axis=-1)
    distance = np.sqrt(x**2 + y**2 + broken.hypocentre_km[:, None] ** 2)
    motion[:, :, moving] += _waves(
        o.waves, parameters["mw"], distance, offset, distance / wave[:, None], duration, time[moving], rng
    )
    motion[np.isnan(east)] = np.nan
    return Events(parameters["mw"], broken, east, north, motion, time, counts)


def _waves(
    o: RapidWaves,
    mw: np.ndarray,
    distance_km: np.ndarray,
    offset_m: np.ndarray,
    arrival_s: np.ndarray,
    duration_s: np.ndarray,
    time_s: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Transient displacement (n, m, t, 3) in m, float32: a wave train from the S arrival on.

    Its largest value is what the static displacement leaves of a peak drawn about `expected_pgd`. Its
    envelope x^2 exp(2 - 2 x) peaks the longer after the arrival, the longer the rupture and the path.
    """
    n, m = distance_km.shape
    scatter = o.between_events * rng.standard_normal((n, 1)) + o.between_stations * rng.standard_normal(
        (n, m)
    )
    peak = expected_pgd(mw[:, None], distance_km, SCALINGS[o.scaling]) * 10**scatter
    size = np.sqrt(np.maximum(peak**2 - offset_m**2, (o.least * offset_m) ** 2))
    period = np.clip(0.5 * duration_s, 4.0, 40.0)[:, None] * np.exp(
        0.3 * rng.standard_normal((n, 1)) + 0.2 * rng.standard_normal((n, m))
    )
    rises = 0.3 * duration_s[:, None] + 0.5 * period + 0.15 * arrival_s * rng.uniform(0, 1, (n, m))
    phase = rng.uniform(0, 2 * np.pi, (n, m))
    ways = rng.standard_normal((2, n, m, 1, 3)).astype(np.float32)
    ways[..., 2] *= 0.5
    since = (time_s - arrival_s[..., None]).astype(np.float32)
    x = np.maximum(since / rises[..., None].astype(np.float32), 0)
    envelope = x * x * np.exp(2 - 2 * x)
    turn = (2 * np.pi * since / period[..., None] + phase[..., None]).astype(np.float32)
    train = (envelope * np.cos(turn))[..., None] * ways[0] + (envelope * np.sin(turn))[..., None] * ways[1]
    largest = np.sqrt((train**2).sum(axis=-1)).max(axis=-1)
    return train * (size / np.maximum(largest, 1e-6)).astype(np.float32)[..., None, None]


def record(
    events: Events, o: RapidVirtualOptions, rng: np.random.Generator
) -> tuple[np.ndarray, dict[str, int]]:
    """What the stations report (n, m, t, 3): motion with noise, NaN where missing; and counts of policies."""
    n, m, t, _ = events.motion_m.shape
    out = events.motion_m + draw_noise(o.noise, n, m, t, STEP_S, rng)
    there = np.isfinite(events.east_km)
    dead, stretch, jump = _gaps(o.gaps, events.time_s, there, rng)
    out += jump
    out[dead] = np.nan
    out[stretch] = np.nan
    counts = {
        "stations_dead": int((dead & there).sum()),
        "stations_with_a_missing_stretch": int((stretch.any(axis=-1) & there & ~dead).sum()),
        "stations_that_jump": int(((jump != 0).any(axis=(2, 3)) & there & ~dead).sum()),
    }
    return out, counts


def _gaps(
    o: RapidGaps, time_s: np.ndarray, there: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dead stations (n, m), missing samples (n, m, t) and jumps (n, m, t, 3) in m."""
    n, m = there.shape
    dead = rng.random((n, m)) < o.dead * rng.random((n, 1))
    quiet = rng.uniform(-QUIET_S, -8, (n, 1))  # records begin at different times before the earthquake
    begin = rng.uniform(time_s[0], time_s[-1], (n, m))
    end = np.where(rng.random((n, m)) < o.dropout, begin + rng.uniform(1, o.dropout_s, (n, m)), begin)
    stretch = (time_s >= begin[..., None]) & (time_s < end[..., None])
    stretch |= time_s < quiet[..., None]
    at = np.where(rng.random((n, m)) < o.broken, rng.uniform(0, time_s[-1], (n, m)), np.inf)
    size = 10 ** rng.uniform(-1.5, 1, (n, m, 1, 1)) * rng.standard_normal((n, m, 1, 3))
    jump = ((time_s >= at[..., None])[..., None] * size).astype(np.float32)
    return dead, stretch, jump


@dataclass(frozen=True)
class RapidMaker:
    """Makes whole shards; picklable. Row r is snapshot r % `seconds_per_event` of an event.

    Parameters
    ----------
    options : RapidVirtualOptions
        Everything that is drawn.
    networks : tuple of Network
        Real networks; none for made ones.
    split : ndarray of uint8
        Split of every event of the store.
    """

    options: RapidVirtualOptions
    networks: tuple[Network, ...]
    split: np.ndarray

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        """Make the events of one shard from its own random stream."""
        o, each = self.options, self.options.seconds_per_event
        number = np.arange(rows.start // each, rows.stop // each)
        n = len(number)
        events = draw_events(n, o, self.networks, rng)
        recorded, gaps = record(events, o, rng)
        low, high = np.log(np.array([o.first_s - 0.5, o.last_s + 0.5]) + o.early_s)
        drawn = np.exp(rng.uniform(low, high, (n, each))) - o.early_s
        seconds = np.clip(np.round(drawn), o.first_s, o.last_s).astype(np.int32)
        r = events.rupture
        made = snapshots(
            recorded,
            float(events.time_s[0]),
            STEP_S,
            events.east_km,
            events.north_km,
            r.hypocentre_km,
            seconds,
        )
        centroid = r.centroid_km()
        columns = (
            centroid[:, 2],
            r.hypocentre_km,
            r.strike,
            r.dip,
            r.rake,
            r.length_km * PATCHES[0],
            r.width_km * PATCHES[1],
            r.begins_s.max(axis=1),
        )
        target = np.concatenate([centroid[:, :2], events.mw[:, None]], axis=1)
        arrays = {
            "snapshot": made.reshape(n * each, *made.shape[2:]),
            "target": np.repeat(target, each, axis=0),
            "second": seconds.ravel(),
            "event": np.repeat(number, each).astype(np.int64),
            "source": np.repeat(np.stack(columns, axis=1), each, axis=0),
            "split": np.repeat(self.split[number], each),
        }
        return Shard(arrays, events.counts | gaps)
