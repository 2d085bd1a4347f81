"""Stations of virtual earthquakes: real networks thinned and turned, or made ones."""

from pathlib import Path

import numpy as np

from slipbench.datasets.physics.projection import project
from slipbench.datasets.recipes.high_rate_records import read_records
from slipbench.datasets.recipes.rapid_virtual_options import RapidNetwork
from slipbench.datasets.store.plan import Source

#: Mean spacing of made networks, km.
_SPACING_KM = (8.0, 120.0)
#: Real networks that lie within so many km of another with more stations are the same one at another time.
_SAME_KM = 100.0

#: Latitudes and longitudes of a network, degrees.
Network = tuple[np.ndarray, np.ndarray]


def real_networks(data: Path | None) -> tuple[tuple[Network, ...], tuple[Source, ...]]:
    """Networks of the high-rate records in the data folder, each once.

    Raises
    ------
    InputError
        When there is none.
    """
    found: list[Network] = []
    sources = []
    for record in read_records((), data, "network.kind"):
        found.append((record.stations.lat.astype(np.float64), record.stations.lon.astype(np.float64)))
        sources.append(record.source)
    found.sort(key=lambda network: -len(network[0]))
    apart: list[Network] = []
    for lat, lon in found:
        middle = np.median(lat), np.median(lon)
        away = [np.hypot(*(a[0, 0] for a in _flat(*middle, np.median(y), np.median(x)))) for y, x in apart]
        if not away or min(away) > _SAME_KM:
            apart.append((lat, lon))
    return tuple(apart), tuple(sources)


def draw_places(
    networks: tuple[Network, ...], o: RapidNetwork, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """East and north (m,) in km of a random network from a random epicentre.

    A real network is thinned to a number drawn evenly in its logarithm, seen from an epicentre at most
    `offshore_km` from one of its stations, and turned and mirrored at random: no direction is special.
    """
    while True:
        real = networks and rng.random() >= o.made_share
        east, north = _from_real(networks, o, rng) if real else _made(o, rng)
        near = np.hypot(east, north) <= o.reach_km
        if near.sum() >= o.least:
            return east[near], north[near]


def _from_real(
    networks: tuple[Network, ...], o: RapidNetwork, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    lat, lon = networks[rng.integers(len(networks))]
    anchor = rng.integers(len(lat))
    most = len(lat)
    count = round(np.exp(rng.uniform(np.log(min(o.least, most)), np.log(most))))
    pick = rng.choice(most, size=count, replace=False)
    away, angle, turn = rng.uniform(0, o.offshore_km), *rng.uniform(0, 2 * np.pi, 2)
    east, north = (a[0] for a in _flat(lat[anchor], lon[anchor], lat[pick], lon[pick]))
    east, north = east - away * np.sin(angle), north - away * np.cos(angle)
    if rng.random() < 0.5:
        east = -east
    return east * np.cos(turn) - north * np.sin(turn), east * np.sin(turn) + north * np.cos(turn)


def _made(o: RapidNetwork, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Stations evenly scattered on one side of a straight coast."""
    spacing = np.exp(rng.uniform(*np.log(_SPACING_KM)))
    count = int(min(np.pi * (o.reach_km / spacing) ** 2, o.made_most))
    # from the area of as many stations, so that the densest networks are small rather than thinned
    radius = min(o.reach_km, spacing * np.sqrt(count / np.pi) + o.offshore_km)
    away, angle = radius * np.sqrt(rng.random(count)), rng.uniform(0, 2 * np.pi, count)
    east, north = away * np.sin(angle), away * np.cos(angle)
    coast, facing = rng.uniform(-o.reach_km / 3, o.offshore_km), rng.uniform(0, 2 * np.pi)
    land = east * np.sin(facing) + north * np.cos(facing) > coast
    return east[land], north[land]


def _flat(lat0: float, lon0: float, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """East and north (1, m) in km from one place."""
    one = (np.atleast_1d(np.asarray(v, np.float64)) for v in (lat0, lon0, lat, lon))
    east, north, _ = project(*one)
    return east / 1e3, north / 1e3
