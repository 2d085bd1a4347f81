"""Real earthquakes as observed: what a network saw of each, and what was left out and why."""

from dataclasses import dataclass, field

import numpy as np

from slipbench.datasets.preprocess.neighbours import NeighbourRule, neighbour_outliers
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_options import COMPONENTS
from slipbench.datasets.recipes.source_real_truth import Quake
from slipbench.datasets.store.plan import Source


@dataclass(frozen=True)
class Left:
    """A station of one event that was left out, and why."""

    station: str
    reason: str


@dataclass(frozen=True)
class Observed:
    """One earthquake at its own stations, all of them usable.

    Parameters
    ----------
    quake : Quake
        The earthquake.
    stations : Stations
        Stations with data.
    offset_mm : ndarray, shape (m, 2)
        Static offset, east and north, mm.
    left : tuple of Left
        Stations of the event that were left out.
    window_mm : ndarray, shape (days, m, 2), optional
        Measured daily positions; without them the offset is a step in made noise.
    notes : tuple of str
        What else a reader should know about it.
    """

    quake: Quake
    stations: Stations
    offset_mm: np.ndarray
    left: tuple[Left, ...] = ()
    window_mm: np.ndarray | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dropped:
    """An earthquake that was left out altogether, and why."""

    event: str
    reason: str


@dataclass
class Gathered:
    """All earthquakes of one input.

    Parameters
    ----------
    about : str
        One sentence on the origin.
    offset : str
        What the offsets are.
    events : list of Observed
        In the order of the store.
    dropped : list of Dropped
        The others.
    counts : dict of int
        How often each policy was applied.
    policies : dict of str
        What each of them is.
    sources : list of Source
        Files read.
    """

    about: str
    offset: str
    policies: dict[str, str]
    events: list[Observed] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = {**dict.fromkeys(self.policies, 0), **self.counts}

    def count(self, policy: str, times: int = 1) -> None:
        """Note that a policy was applied; it must have been described."""
        self.counts[policy] += times


def off_neighbours(
    stations: Stations, values_mm: np.ndarray, names: tuple[str, ...], rule: NeighbourRule
) -> dict[int, str]:
    """Stations (by number) whose values (m, k) do not fit those around, and why; `names` of the k values."""
    rough = [name not in COMPONENTS for name in names]
    outlier, expected = neighbour_outliers(stations.lat, stations.lon, values_mm, rule, rough)
    reasons = {}
    for k in np.flatnonzero(outlier.any(axis=1)):
        worst = int(np.argmax(np.where(outlier[k], np.abs(values_mm[k] - expected[k]), -1.0)))
        found, wanted = values_mm[k, worst] / 1e3, expected[k, worst] / 1e3
        reasons[int(k)] = f"{names[worst]} {found:.2f} m, its neighbours {wanted:.2f} m"
    return reasons
