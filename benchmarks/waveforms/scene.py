"""The earthquakes, stations and noise that the comparisons share."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.noise.high_rate import HighRateNoise, draw_noise
from slipbench.datasets.noise.high_rate_fit import HighRateFit, fit_high_rate
from slipbench.datasets.preprocess.hampel import nan_median
from slipbench.datasets.readers.high_rate import HighRate, read_high_rate
from slipbench.datasets.waveforms.broadband import Ground, Shot, broadband
from slipbench.datasets.waveforms.unfold import unfold

#: Rates of document 003, Hz.
RATES = (1.0, 5.0, 10.0, 50.0)
FASTEST = RATES[-1]
#: Seconds before the origin time, from which the position before is taken.
QUIET_S = 60.0
#: The record whose noise is used: two minutes of 1,210 stations before the earthquake.
NOISE_OF = "miyagi2011"
#: The Dingri earthquake of 2025 as document 003 gives it (strike and dip of Wang et al. therein; normal
#: faulting) at the distance of its station XZZF. It does not give the azimuth; west shows all components.
DINGRI = Shot(
    np.array(7.1),
    np.array(52.24),
    np.array(10.0),
    np.array(270.0),
    np.array(187.0),
    np.array(40.0),
    np.array(-90.0),
)


@dataclass(frozen=True)
class Scene:
    """What the studies start from.

    Parameters
    ----------
    ground : Ground
        The solid of the made earthquakes.
    record : HighRate
        The real record.
    fit : HighRateFit
        Noise fitted to its quiet part, at 1 Hz.
    noise : HighRateNoise
        The same noise before it was sampled, of one station at the median level.
    seed : int
        Root of the random streams.
    """

    ground: Ground
    record: HighRate
    fit: HighRateFit
    noise: HighRateNoise
    seed: int

    def stream(self, *key: int) -> np.random.Generator:
        """Random stream of one part of a study."""
        return np.random.default_rng([self.seed, *key])

    def noise_at(self, stations: int, n: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
        """Noise of stations that share nothing, shape (stations, 3, n), m."""
        return draw_noise(self.noise, stations, 1, n, 1 / rate_hz, rng)[:, 0].transpose(0, 2, 1)


def record_path(data: Path | None) -> Path:
    """Where the real record is.

    Raises
    ------
    InputError
        When the data folder is not set.
    """
    if data is None:
        raise InputError(
            "SLIPBENCH_DATA", "is not set", f"the folder that holds high_rate/{NOISE_OF}.npz", "set it"
        )
    return data / "high_rate" / f"{NOISE_OF}.npz"


def scene_of(data: Path | None, seed: int) -> Scene:
    """Read the real record and fit its noise.

    Raises
    ------
    InputError
        When the data folder is not set, or the record cannot be used.
    """
    path = record_path(data)
    record, _ = read_high_rate(path, "drop")
    if record.event is None:
        raise InputError(path, "does not say when the earthquake was", "origin_time", "add it")
    quiet = int(record.event.time_unix - record.start_unix)
    fit = fit_high_rate({NOISE_OF: (record.enu_m[:, :, :quiet], record.step_s)})
    alike = fit.noise.model_copy(update={"station_spread": 0.0, "network_spread": 0.0, "common_mode": 0.0})
    return Scene(Ground(), record, fit, unfold(alike, 1 / record.step_s), seed)


def times(distance_km: float, ground: Ground, after_s: float = 90.0, rate_hz: float = FASTEST) -> np.ndarray:
    """Seconds after the origin, from `QUIET_S` before it to `after_s` after the S wave."""
    end = distance_km * 1e3 / ground.beta_m_s + after_s
    return np.arange(-round(QUIET_S * rate_hz), round(end * rate_hz)) / rate_hz


def from_before(moved: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Displacement (..., time) from the median of the time before the earthquake."""
    return moved - nan_median(moved[..., time_s < 0])[..., None]


def thrusts(mw: float, distance_km: float, depth_km: float, n: int, rng: np.random.Generator) -> Shot:
    """Earthquakes with the thrust mechanisms of document 001 at random azimuths from the station."""
    return Shot(
        np.full(n, mw),
        np.full(n, distance_km),
        np.full(n, depth_km),
        rng.uniform(0, 360, n),
        rng.uniform(160, 240, n),
        rng.uniform(20, 30, n),
        rng.uniform(75, 100, n),
    )


def made(scene: Scene, shot: Shot, time_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Displacement of `broadband` in the scene's ground."""
    return broadband(shot, time_s, scene.ground, rng)
