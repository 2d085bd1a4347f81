"""The files of a positioning run: found, read, unpacked for the engine, and checked against each other."""

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.rinex_nav import Ephemerides, read_navigation
from slipbench.datasets.positioning.rinex_obs import ObservationHeader, unpack_observations
from slipbench.datasets.positioning.series import Clocks, Orbits
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.datasets.recipes.data_file import data_file

#: Fewest satellites of a system that must have orbits and clocks, and shortest stretch of time.
_LEAST_SATELLITES, _LEAST_TIME = 4, np.timedelta64(10, "m")
_DAY = np.timedelta64(1, "D")


class Inputs(NamedTuple):
    """What the files hold; `last` is the last epoch that has orbits and clocks."""

    header: ObservationHeader
    ephemerides: Ephemerides
    orbits: list[Orbits]
    clocks: list[Clocks]
    last: np.datetime64


def find_files(options: PositionOptions, data: Path | None) -> dict[str, list[Path]]:
    """Paths of the input files by their option.

    Raises
    ------
    InputError
        When one is missing.
    """
    given = {
        "observations": [options.observations],
        "navigation": [options.navigation],
        "orbits": options.orbits,
        "clocks": options.clocks,
        "antennas": [options.antennas],
    }
    return {key: [data_file(data, name, key)[0] for name in names] for key, names in given.items()}


def read_inputs(options: PositionOptions, files: dict[str, list[Path]], folder: Path) -> Inputs:
    """Read everything, and write ``obs.rnx`` into the folder.

    Raises
    ------
    InputError
        When a file is damaged or of another kind, the files are not of the same day, or fewer than four
        satellites of a system have orbits and clocks.
    """
    header = unpack_observations(files["observations"][0], folder / "obs.rnx")
    ephemerides = read_navigation(files["navigation"][0])
    orbits = [read_sp3(path) for path in files["orbits"]]
    clocks = [read_clk(path) for path in files["clocks"]]
    last = header.last
    for key, times in (("orbits", [o.time for o in orbits]), ("clocks", [c.time for c in clocks])):
        last = min(last, _common_end(key, files[key][-1], times, header))
    for system in options.systems:
        _check_system(system, files, header, orbits, clocks, last)
    toe = np.concatenate([ephemerides.kepler["toe"], ephemerides.state["toe"]])
    if not ((toe >= header.first - _DAY) & (toe <= last + _DAY)).any():
        raise InputError(
            files["navigation"][0],
            f"ephemerides of {_span(toe.min(), toe.max())}, but observations of {_span(header.first, last)}",
            "the same day",
            "correct navigation",
        )
    return Inputs(header, ephemerides, orbits, clocks, last)


def _common_end(key: str, path: Path, times: list[np.ndarray], header: ObservationHeader) -> np.datetime64:
    first, end = min(t[0] for t in times), max(t[-1] for t in times)
    if min(header.last, end) - max(header.first, first) < _LEAST_TIME:
        raise InputError(
            path,
            f"{key} of {_span(first, end)}, but observations of {_span(header.first, header.last)}",
            "files of the same day",
            f"correct {key}",
        )
    return end


def _check_system(
    system: str,
    files: dict[str, list[Path]],
    header: ObservationHeader,
    orbits: list[Orbits],
    clocks: list[Clocks],
    last: np.datetime64,
) -> None:
    if header.systems and system not in header.systems:
        raise InputError(
            files["observations"][0],
            f"no observations of system {system}",
            f"one of {header.systems}",
            "leave it out of systems",
        )
    timed: set[str] = set()
    for part in clocks:
        inside = (part.time >= header.first) & (part.time <= last)
        timed |= {str(s) for s in part.satellite[np.isfinite(part.clock_s[inside]).any(0)]}
    both = {str(s) for o in orbits for s in o.satellite if str(s)[0] == system} & timed
    if len(both) < _LEAST_SATELLITES:
        raise InputError(
            files["clocks"][0],
            f"clocks of {len(both)} satellites of system {system} that have orbits",
            f"at least {_LEAST_SATELLITES}",
            "take clocks of the same products, or leave the system out",
        )


def _span(first: np.datetime64, last: np.datetime64) -> str:
    return f"{str(first)[:16]} to {str(last)[:16]}"


def unpack(paths: list[Path], folder: Path, stem: str, suffix: str) -> list[str]:
    """Plain copies in the folder, under suffixes by which the engine knows kinds of files; their names."""
    names = []
    for k, path in enumerate(paths):
        raw = path.read_bytes()
        names.append(f"{stem}{k}.{suffix}")
        (folder / names[-1]).write_bytes(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return names


def epochs_of(header: ObservationHeader, last: np.datetime64) -> tuple[int, int]:
    """Epochs of the observations, and how many of them come after `last`; zeros without an interval."""
    step = header.interval_s
    if not np.isfinite(step) or step <= 0:
        return 0, 0
    spans = [(t - header.first) / np.timedelta64(1, "s") for t in (header.last, last)]
    count = [round(float(span) / step) + 1 for span in spans]
    return count[0], count[0] - count[1]
