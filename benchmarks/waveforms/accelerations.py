"""Strong motion beside GNSS at one station: what a double integral gives back of a made earthquake."""

from dataclasses import dataclass

import numpy as np

from slipbench.benchmarks.waveforms.scene import DINGRI, FASTEST, QUIET_S, Scene, from_before, made, times
from slipbench.datasets.waveforms.high_pass import high_pass
from slipbench.datasets.waveforms.resample import resample
from slipbench.datasets.waveforms.strong_motion import acceleration_of, displacement_of

#: Rate of the accelerations of document 003, Hz.
RATE = 100.0
#: Assumed: white noise of the instrument (standard deviation of samples), and a shift of its zero that the
#: strongest shaking leaves behind; both m/s^2.
NOISE, SHIFT = 1e-4, 1e-3
#: Columns of the comparison.
WAYS = ("truth", "gnss", "no filter", "causal", "acausal")


@dataclass(frozen=True)
class Check:
    """Displacements of one station, m.

    Parameters
    ----------
    time_s : ndarray, shape (t,)
        Seconds after the origin, 1 Hz.
    moved : dict of ndarray, shape (3, t)
        By `WAYS`: the ground, GNSS with noise, integrals of the acceleration without and with filters.
    passed : dict of ndarray, shape (3, t)
        The ground with the causal and with the acausal filter: what the integrals should give.
    """

    time_s: np.ndarray
    moved: dict[str, np.ndarray]
    passed: dict[str, np.ndarray]

    def offset_cm(self, way: str, last_s: float = 30.0) -> np.ndarray:
        """Median of the last seconds, (3,), cm."""
        late = self.time_s > self.time_s[-1] - last_s
        return 100 * np.median(self.moved[way][:, late], axis=-1)

    def rms_cm(self, way: str, reference: np.ndarray) -> np.ndarray:
        """Root mean square of a way less a reference (3, t), (3,), cm."""
        return 100 * np.sqrt(((self.moved[way] - reference) ** 2).mean(axis=-1))


def check(scene: Scene) -> Check:
    """Make the motion of `DINGRI` at 100 Hz, its acceleration with errors, and its GNSS positions at 1 Hz."""
    time = times(float(DINGRI.distance_km), scene.ground, rate_hz=RATE)
    rng = scene.stream(3)
    clean = made(scene, DINGRI, time, rng)
    acceleration = acceleration_of(clean, RATE) + rng.normal(0, NOISE, clean.shape)
    strongest = np.abs(acceleration).max(axis=0).argmax()
    acceleration[:, strongest:] += SHIFT
    positions = resample(clean, RATE, FASTEST)
    positions = positions + scene.noise_at(1, positions.shape[-1], FASTEST, rng)[0]
    fast = resample(time, RATE, FASTEST)
    moved = {"truth": clean, "no filter": displacement_of(acceleration, RATE, QUIET_S, corner_hz=None)}
    passed = {}
    for way, causal in (("causal", True), ("acausal", False)):
        moved[way] = displacement_of(acceleration, RATE, QUIET_S, causal=causal)
        passed[way] = high_pass(clean, RATE, causal=causal)
    slow = {way: resample(x, RATE, 1.0) for way, x in moved.items()}
    slow["gnss"] = from_before(resample(positions, FASTEST, 1.0), resample(fast, FASTEST, 1.0))
    return Check(resample(time, RATE, 1.0), slow, {k: resample(v, RATE, 1.0) for k, v in passed.items()})
