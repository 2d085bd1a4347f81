"""Real earthquakes by their published static offsets."""

from pathlib import Path

import numpy as np

from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.readers.offsets import read_offsets
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_options import COMPONENTS
from slipbench.datasets.recipes.source_real_events import Gathered, Left, Observed, off_neighbours
from slipbench.datasets.recipes.source_real_options import CoseismicInput
from slipbench.datasets.recipes.source_real_truth import Truths
from slipbench.datasets.store.plan import Source

SEA_FLOOR = "_"


def gather_coseismic(o: CoseismicInput, data: Path | None, truths: Truths) -> Gathered:
    """Read the offsets of every event; sea-floor sites, second sites of a place and outliers are left out.

    Raises
    ------
    InputError
        For unusable files, and for an event without a true place.
    """
    out = Gathered(
        about="observed static offsets of daily GNSS positions",
        offset="observed static displacement",
        policies={
            "sea_floor_sites": f"code begins with '{SEA_FLOOR}', in the file: {o.sea_floor}",
            "sites_in_one_place": f"within {o.same_place_m:g} m of an earlier one, in the file: dropped",
            "stations_off_their_neighbours": "offset does not fit those around, in the file: dropped",
        },
    )
    for event in o.events:
        path, name = data_file(data, event.file, f"input.events: {event.name}")
        table = read_offsets(path).table
        out.sources.append(Source.of(path, name))
        stations = Stations(
            tuple(table.station), table.lat.to_numpy(), table.lon.to_numpy(), np.full(len(table), np.nan)
        )
        offset = 1e3 * table[["east_m", "north_m"]].to_numpy()
        why: dict[int, str] = {}
        below = [k for k, c in enumerate(stations.code) if c.startswith(SEA_FLOOR)]
        out.count("sea_floor_sites", len(below))
        if o.sea_floor == "drop":
            why |= dict.fromkeys(below, "site at the sea floor")
        twins = _in_one_place(stations, o.same_place_m, set(why))
        out.count("sites_in_one_place", len(twins))
        why |= twins
        rest = np.array([k for k in range(len(stations)) if k not in why], int)
        wrong = off_neighbours(stations.take(rest), offset[rest], COMPONENTS, o.outliers)
        out.count("stations_off_their_neighbours", len(wrong))
        why |= {int(rest[k]): reason for k, reason in wrong.items()}
        kept = np.array([k not in why for k in range(len(stations))])
        left = tuple(Left(stations.code[k], why[k]) for k in sorted(why))
        quake = truths.of_time(event.name, event.time)
        out.events.append(Observed(quake, stations.take(kept), offset[kept], left))
    return out


def _in_one_place(stations: Stations, nearer_m: float, skip: set[int]) -> dict[int, str]:
    """Stations within `nearer_m` of an earlier one that is kept, with the reason; those of `skip` aside."""
    away = ground_distance(stations.lat[:, None], stations.lon[:, None], stations.lat, stations.lon)
    found: dict[int, str] = {}
    for second, first in zip(*np.nonzero(np.tril(away < nearer_m, -1)), strict=True):
        if not {int(first), int(second)} & (found.keys() | skip):
            found[int(second)] = f"{away[second, first]:.0f} m from {stations.code[first]}"
    return found
