"""The stations of a store of real earthquakes: those in the grid with data in at least one event."""

from dataclasses import replace

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.physics.distance import ground_distance
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_real_events import Dropped, Gathered, Observed

_SAME_STATION_M = 1000.0


def in_grid(found: Gathered, grid: Grid) -> Gathered:
    """The events with their stations inside the grid; the others are counted, events without one dropped.

    Raises
    ------
    InputError
        When no event is left.
    """
    events, dropped = [], list(found.dropped)
    policy, outside = "stations_outside_the_grid", 0
    for event in found.events:
        inside = grid.holds(event.stations.lat, event.stations.lon)
        outside += int((~inside).sum())
        if inside.any():
            events.append(_only(event, inside))
        else:
            dropped.append(Dropped(event.quake.name, "no usable station in the grid"))
    counts = {**found.counts, policy: found.counts.get(policy, 0) + outside}
    policies = {**found.policies, policy: "stations outside the grid: left out"}
    return _left(replace(found, events=events, dropped=dropped, counts=counts, policies=policies))


def sparse_events(found: Gathered, few: int, drop: bool) -> Gathered:
    """Note, or drop, the events with fewer than `few` stations."""
    events, dropped = [], list(found.dropped)
    policy = {
        "events_too_sparse": f"fewer than {few} stations in the grid: {'dropped' if drop else 'kept, noted'}"
    }
    times = 0
    for event in found.events:
        n = len(event.stations)
        note = f"too sparse: {n} station{'s' if n > 1 else ''} in the grid, {few} wanted"
        times += n < few
        if n >= few:
            events.append(event)
        elif drop:
            dropped.append(Dropped(event.quake.name, note))
        else:
            events.append(replace(event, notes=(*event.notes, note)))
    counts = {**found.counts, "events_too_sparse": times}
    return _left(
        replace(found, events=events, dropped=dropped, counts=counts, policies={**found.policies, **policy})
    )


def thinned_events(found: Gathered, n: int, rng: np.random.Generator) -> Gathered:
    """The events at `n` stations of their union, drawn at random.

    Raises
    ------
    InputError
        When there are fewer.
    """
    codes = network(found).code
    if n > len(codes):
        raise InputError(
            "input.n_stations",
            f"{n} asked for, {len(codes)} in the grid",
            f"at most {len(codes)}",
            "ask for fewer",
        )
    chosen = {codes[k] for k in rng.choice(len(codes), size=n, replace=False)}
    events = [_only(e, np.array([c in chosen for c in e.stations.code], bool)) for e in found.events]
    return replace(found, events=events)


def network(found: Gathered) -> Stations:
    """Union of the events' stations, sorted by code, each where its first event has it.

    Raises
    ------
    InputError
        When two events have a station of one name in different places.
    """
    place: dict[str, tuple[float, float, float]] = {}
    for event in found.events:
        s = event.stations
        for code, *where in zip(s.code, s.lat, s.lon, s.height, strict=True):
            first = place.setdefault(code, (float(where[0]), float(where[1]), float(where[2])))
            away = float(ground_distance(*map(np.array, (*first[:2], *where[:2]))))
            if away > _SAME_STATION_M:
                raise InputError(
                    f"{event.quake.name}: station {code}",
                    f"{away / 1e3:.0f} km from where another event has it",
                    "one place for each name",
                    "build a store of each network",
                )
    codes = tuple(sorted(place))
    lat, lon, height = np.array([place[c] for c in codes]).T
    return Stations(codes, lat, lon, height)


def spread(found: Gathered, stations: Stations) -> tuple[np.ndarray, np.ndarray]:
    """Offsets of all events at all stations.

    Returns
    -------
    offset : ndarray, shape (events, m, 2)
        mm; NaN where an event has no data.
    index : ndarray of int, shape (events, m)
        Place of each station among the event's own; -1 where it has no data.
    """
    column = {code: k for k, code in enumerate(stations.code)}
    offset = np.full((len(found.events), len(stations), 2), np.nan)
    index = np.full(offset.shape[:2], -1)
    for k, event in enumerate(found.events):
        at = [column[c] for c in event.stations.code]
        offset[k, at] = event.offset_mm
        index[k, at] = np.arange(len(at))
    return offset, index


def _only(event: Observed, keep: np.ndarray) -> Observed:
    window = None if event.window_mm is None else event.window_mm[:, keep]
    return replace(
        event, stations=event.stations.take(keep), offset_mm=event.offset_mm[keep], window_mm=window
    )


def _left(found: Gathered) -> Gathered:
    if not found.events:
        told = "; ".join(f"{d.event}: {d.reason}" for d in found.dropped[:3])
        raise InputError(
            "input",
            f"no event is left ({len(found.dropped)} dropped{': ' + told if told else ''})",
            "at least one",
            "choose other events, or another grid",
        )
    return found
