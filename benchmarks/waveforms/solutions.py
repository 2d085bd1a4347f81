"""Two solutions of one station: made ones with the noise of real records, and one record in two files."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.benchmarks.waveforms.scene import DINGRI, FASTEST, Scene, made, record_path, times
from slipbench.datasets.readers.high_rate import HighRate
from slipbench.datasets.readers.miniseed import read_miniseed
from slipbench.datasets.waveforms.difference import difference, rms_difference
from slipbench.datasets.waveforms.epochs import common_epochs
from slipbench.datasets.waveforms.psd import Spectrum, spectra_of_two
from slipbench.datasets.waveforms.resample import resample

#: Document 003, table 1: mean over nine stations of the root mean square difference between positions with
#: PPP-B2b and with post-processed products; cm, east, north, up.
PUBLISHED_CM = (0.40, 0.41, 1.34)
#: Stations of that table.
STATIONS = 9
#: Length of the compared series; the document does not say its own.
LENGTHS_S = (60.0, 150.0, 300.0)
_CHANNELS = ("LYE", "LYN", "LYZ")
_MINISEED = "20110309_japan_subduction10.geodetic"
#: Segments of the spectra, s.
SEGMENT_S = 60.0


@dataclass(frozen=True)
class TwoSolutions:
    """Made solutions of one station that differ by independent noise.

    Parameters
    ----------
    rms_cm : dict of float to ndarray
        By length (s): root mean square difference at 1 Hz, mean over stations and repetitions, (3,), cm.
    spread_cm : dict of float to ndarray
        Standard deviation of the mean of nine stations over repetitions.
    spectra : tuple of Spectrum
        At 50 Hz: first, second, difference; densities (3, f), mean over stations.
    clean : Spectrum
        Of the ground's motion.
    """

    rms_cm: dict[float, np.ndarray]
    spread_cm: dict[float, np.ndarray]
    spectra: tuple[Spectrum, Spectrum, Spectrum]
    clean: Spectrum


def two_solutions(scene: Scene, repetitions: int) -> TwoSolutions:
    """Make and compare them: the motion of `DINGRI` twice, each time with noise of its own."""
    time = times(float(DINGRI.distance_km), scene.ground, after_s=LENGTHS_S[-1])
    rng = scene.stream(2)
    clean = made(scene, DINGRI, time, rng)
    rms: dict[float, list[np.ndarray]] = {s: [] for s in LENGTHS_S}
    densities = []
    for _ in range(repetitions):
        first, second = (clean + scene.noise_at(STATIONS, len(time), FASTEST, rng) for _ in range(2))
        for seconds in LENGTHS_S:
            window = (time >= 0) & (time < seconds)
            one, other = (resample(x[..., window], FASTEST, 1.0) for x in (first, second))
            rms[seconds].append(100 * rms_difference(one, other, "median")[0].mean(axis=0))
        densities.append(spectra_of_two(first, second, FASTEST, SEGMENT_S))
    spectra = tuple(_mean([d[k] for d in densities]) for k in range(3))
    alone = spectra_of_two(clean, 0 * clean, FASTEST, SEGMENT_S)[0]
    return TwoSolutions(
        {s: np.mean(v, axis=0) for s, v in rms.items()},
        {s: np.std(v, axis=0, ddof=1) for s, v in rms.items()},
        (spectra[0], spectra[1], spectra[2]),
        alone,
    )


def _mean(parts: list[Spectrum]) -> Spectrum:
    density = np.mean([p.density.mean(axis=0) for p in parts], axis=0)
    return Spectrum(parts[0].frequency_hz, density, np.sum([p.segments.sum(axis=0) for p in parts], axis=0))


@dataclass(frozen=True)
class TwoFiles:
    """One real record as NPZ and as miniSEED.

    Parameters
    ----------
    stations, epochs : int
        Compared.
    rms_mm : ndarray, shape (3,)
        Root mean square difference, mean over stations, offsets removed, mm.
    largest_mm : float
        Largest difference of the same.
    """

    stations: int
    epochs: int
    rms_mm: np.ndarray
    largest_mm: float


def two_files(record: HighRate, data: Path) -> TwoFiles:
    """Compare them on their common stations and epochs."""
    folder = record_path(data).parent
    values, read = read_miniseed(folder / f"{_MINISEED}.mseed.tar.gz", folder / f"{_MINISEED}.dat", "drop")
    parts = read.table["id"].str.split(".", expand=True)
    there = {(s, c): line for s, c, line in zip(parts[1], parts[3], read.table.index, strict=True)}
    time = record.start_unix + record.step_s * np.arange(record.enu_m.shape[-1])
    first, second = [], []
    for enu, station in zip(record.enu_m, record.stations["station"], strict=True):
        lines = [there[station, c] for c in _CHANNELS if (station, c) in there]
        traces = read.table.loc[lines]
        if len(lines) < 3 or traces["start"].nunique() > 1 or traces["samples"].nunique() > 1:
            continue
        begins = traces["start"].iloc[0].tz_localize("UTC").timestamp()
        theirs = begins + np.arange(traces["samples"].iloc[0]) / traces["sampling_hz"].iloc[0]
        i, j = common_epochs(time, theirs)
        if len(i) == len(time):
            first.append(enu[:, i])
            second.append(np.stack([values[k][j] for k in lines]))
    one, two = np.array(first, np.float64), np.array(second)
    rms, _ = rms_difference(one, two, "median")
    largest = np.nanmax(np.abs(difference(one, two, "median")))
    return TwoFiles(len(one), len(time), 1e3 * np.nanmean(rms, axis=0), float(1e3 * largest))
