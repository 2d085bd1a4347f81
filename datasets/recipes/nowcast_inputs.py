"""What the nowcast is made from: daily positions and a catalogue, measured or simulated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.catalogue import read_catalogue
from slipbench.datasets.readers.daily import read_daily
from slipbench.datasets.readers.stations import read_stations
from slipbench.datasets.seismicity.catalogue import Catalogue
from slipbench.datasets.seismicity.etas import Etas
from slipbench.datasets.seismicity.network import made_positions, made_stations
from slipbench.datasets.store.plan import Source

DAILY = "daily/japan18_daily.csv.gz"
CATALOGUE = "catalogs/usgs_japan_M2.5_1990_2019.csv.gz"
STATIONS = "stations/ngl_japan_box.csv"

#: Days of a made catalogue before the first day, so that aftershocks and kernels are there.
HISTORY_DAYS = 730


@dataclass(frozen=True)
class Inputs:
    """Positions on the days asked for and a catalogue that reaches beyond them.

    Parameters
    ----------
    kind : {"real", "simulated"}
        Where they come from.
    stations : tuple of str
        Codes.
    lat, lon : ndarray, shape (stations,)
        Degrees.
    enu_mm : ndarray, shape (days, stations, 3)
        East, north, up, mm; NaN where missing.
    catalogue : Catalogue
        Events inside the region, all magnitudes.
    covered : (int, int)
        First and last whole day for which the catalogue is there.
    sources : tuple of Source
        Files read.
    counts : dict
        How often each policy was applied.
    about : str
        One sentence on the origin.
    """

    kind: Literal["real", "simulated"]
    stations: tuple[str, ...]
    lat: np.ndarray
    lon: np.ndarray
    enu_mm: np.ndarray
    catalogue: Catalogue
    covered: tuple[int, int]
    sources: tuple[Source, ...]
    counts: dict[str, int]
    about: str


def has_real(data: Path | None) -> bool:
    """Whether the folder of real data holds everything the nowcast reads."""
    return data is not None and all((data / name).is_file() for name in (DAILY, CATALOGUE, STATIONS))


def real_inputs(
    data: Path | None,
    days: np.ndarray,
    box: tuple[float, float, float, float],
    on_bad_rows: Literal["fail", "drop"],
) -> Inputs:
    """Read the three files below `data`; `box` is south, north, west, east in degrees.

    A station that the station list does not know is left out and counted.

    Raises
    ------
    InputError
        Without a data folder, for unusable files, or when no station has coordinates or positions.
    """
    if data is None:
        raise InputError(
            "SLIPBENCH_DATA", "no data folder", "a folder of real data", "set it, or set source: simulated"
        )
    series = read_daily(data / DAILY)
    catalogue, dropped = read_catalogue(data / CATALOGUE, on_bad_rows)
    known = read_stations(data / STATIONS)
    row_of = {code: row for row, code in enumerate(known.code)}
    have = [i for i, code in enumerate(series.stations) if code in row_of]
    enu = series.on_days(int(days[0]), len(days))[:, have]
    if not np.isfinite(enu).any():
        raise InputError(
            data / DAILY,
            "no position in the period of a station with coordinates",
            f"some from {days[0].astype('datetime64[D]')} on",
            "change start and end",
        )
    located = known.take(np.array([row_of[series.stations[i]] for i in have]))
    return Inputs(
        kind="real",
        stations=located.code,
        lat=located.lat,
        lon=located.lon,
        enu_mm=enu,
        catalogue=catalogue.inside(*box),
        # The first and the last day of a catalogue are hardly ever whole.
        covered=(int(catalogue.time[0]) + 1, int(catalogue.time[-1]) - 1),
        sources=tuple(Source.of(data / name, name) for name in (DAILY, CATALOGUE, STATIONS)),
        counts={
            "catalogue_rows_dropped": dropped,
            "stations_without_coordinates": len(series.stations) - len(have),
        },
        about="daily positions of GNSS stations in Japan (arbitrary origin each) and the USGS catalogue",
    )


def simulated_inputs(
    days: np.ndarray,
    box: tuple[float, float, float, float],
    n_stations: int,
    beyond_days: int,
    etas: Etas,
    seed: int,
) -> Inputs:
    """A made network and an ETAS catalogue over the days, with history before and `beyond_days` after."""
    # A spawn key keeps this stream apart from those of the shards, which are keyed by (seed, shard).
    streams = np.random.SeedSequence(seed, spawn_key=(0,)).spawn(2)
    events, network = (np.random.Generator(np.random.PCG64DXSM(s)) for s in streams)
    first, end = int(days[0]) - HISTORY_DAYS, int(days[-1]) + 1 + beyond_days
    catalogue = etas.simulate(first, end, events)
    lat, lon = made_stations(n_stations, network)
    return Inputs(
        kind="simulated",
        stations=tuple(f"S{i:03d}" for i in range(n_stations)),
        lat=lat,
        lon=lon,
        enu_mm=made_positions(lat, lon, days, catalogue, network),
        catalogue=catalogue.inside(*box),
        covered=(first, end - 1),
        sources=(),
        counts={},
        about=(
            "SIMULATED: a made network with steady, seasonal, slow-slip, co-seismic and post-seismic motion "
            "and noise, and a temporal-spatial ETAS catalogue; positions follow events, never precede them"
        ),
    )
