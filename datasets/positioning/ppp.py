"""Precise point positioning of one station by the engine, from files to a table of displacements."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.positioning.antenna import antex_text, estimated_offsets, read_antex
from slipbench.datasets.positioning.broadcast import broadcast_orbits
from slipbench.datasets.positioning.frames import decimal_year, to_european
from slipbench.datasets.positioning.ppp_inputs import Inputs, epochs_of, find_files, read_inputs, unpack
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.rinex_obs import ObservationHeader
from slipbench.datasets.positioning.rtklib import (
    PACKAGED_ANTENNAS,
    engine_options,
    find_engine,
    package_version,
    run_engine,
)
from slipbench.datasets.positioning.solution import PPP, Solution, read_solution

#: Names that orbit files give to frames which are ITRF2014 to a millimetre.
_ITRF2014 = ("IGb14", "IGS14", "ITRF1", "ITR14", "IG14")


@dataclass(frozen=True)
class Positioned:
    """What came out, and of what.

    Parameters
    ----------
    solution : Solution
        Precise point positions only, in `frame`.
    header : ObservationHeader
        Of the observations.
    reference_m : ndarray, shape (3,)
        Position that the solution is compared with, m.
    frame : str
        Frame of both.
    step_s : float
        Seconds between epochs: the header's interval, else the smallest step of the solution.
    epochs, unused : int
        Epochs of the observations, and those after the last orbit or clock, which were not positioned.
    engine : str
        Program and versions.
    keys : dict
        The engine's options.
    antennas : dict
        Where the ``receiver``'s came from, ``satellites`` of the ANTEX file, ``estimated`` offsets (m), and
        satellites that have ``none``.
    sources : dict
        SHA-256 of every input file by name.
    """

    solution: Solution
    header: ObservationHeader
    reference_m: np.ndarray
    frame: str
    step_s: float
    epochs: int
    unused: int
    engine: str
    keys: dict[str, str]
    antennas: dict[str, object]
    sources: dict[str, str]


def position(options: PositionOptions, data: Path | None, folder: Path) -> Positioned:
    """Run the engine on the files of `options` inside `folder`, which is empty and the caller's to remove.

    Raises
    ------
    InputError
        When the engine is missing or fails, a file is missing, damaged or of another kind, the files are not
        of the same day, satellites lack clocks or antennas, or no epoch could be positioned.
    """
    engine = find_engine()
    files = find_files(options, data)
    inputs = read_inputs(options, files, folder)
    keys, antennas = _antennas(options, files["antennas"][0], inputs, folder)
    names = ["obs.rnx", *unpack(files["navigation"], folder, "nav", "rnx")]
    names += unpack(files["orbits"], folder, "orbit", "sp3") + unpack(files["clocks"], folder, "clock", "clk")
    out = run_engine(engine, folder, engine_options(options, *keys), names, inputs.last)
    found = read_solution(out)
    good = found.quality == PPP
    if not good.any():
        where = files["observations"][0]
        raise InputError(
            where, "no epoch could be positioned", "two frequencies of enough satellites", "check the inputs"
        )
    solution = Solution(
        found.time[good], found.position_m[good], found.quality[good], found.satellites[good], found.program
    )
    header = inputs.header
    solution, reference = _compared(options, solution, header, files["orbits"][0], inputs.orbits[0].frame)
    epochs, unused = epochs_of(header, inputs.last)
    version = package_version()
    return Positioned(
        solution,
        header,
        reference,
        options.reference_frame,
        _step(header, solution),
        epochs,
        unused,
        f"{engine.name}, {found.program}{f' (Debian package {version})' if version else ''}",
        engine_options(options, *keys),
        antennas,
        {path.name: file_sha256(path) for group in files.values() for path in group},
    )


def _antennas(
    options: PositionOptions, path: Path, inputs: Inputs, folder: Path
) -> tuple[tuple[str, str], dict[str, object]]:
    """Names of the engine's antenna files, and where each kind of antenna comes from."""
    listed = read_antex(path)
    when = inputs.header.first
    orbits = inputs.orbits[-1]
    there = {a.satellite for a in listed if a.satellite and a.valid(when)}
    wanted = {str(s) for s in orbits.satellite if str(s)[0] in options.systems}
    estimated: dict[str, float] = {}
    if missing := sorted(wanted - there):
        if options.satellite_offsets == "antex":
            raise InputError(
                path,
                f"no antenna of {len(missing)} satellites ({', '.join(missing[:4])} ...) on {str(when)[:10]}",
                "all of the systems used",
                "take the IGS's full file, or set satellite_offsets: broadcast",
            )
        broadcast = broadcast_orbits(inputs.ephemerides, orbits.satellite, orbits.time)
        found = estimated_offsets(broadcast, orbits)
        estimated = {name: round(found[name], 4) for name in missing if name in found}
    (name,) = unpack([path], folder, "antenna", "atx")
    day = np.timedelta64(1, "D")
    if estimated:
        text = antex_text(estimated, when - day, inputs.header.last + day)
        with (folder / name).open("a") as f:
            f.write(text.partition("END OF HEADER\n")[2])
    kind = inputs.header.antenna
    receiver, from_where = "", f"none for {kind.strip() or 'a station without antenna type'}"
    if any(a.kind == kind and not a.satellite for a in listed):
        receiver, from_where = name, path.name
    elif kind.strip() and PACKAGED_ANTENNAS.is_file() and _packaged(kind):
        receiver, from_where = str(PACKAGED_ANTENNAS), PACKAGED_ANTENNAS.name
    about: dict[str, object] = {
        "receiver": from_where,
        "satellites": sorted(wanted & there),
        "estimated": estimated,
        "none": sorted(wanted - there - set(estimated)),
    }
    return (name, receiver), about


def _packaged(kind: str) -> bool:
    with PACKAGED_ANTENNAS.open(encoding="latin-1") as f:
        return any(line[:20] == kind for line in f)


def _compared(
    options: PositionOptions, found: Solution, header: ObservationHeader, orbits: Path, frame: str
) -> tuple[Solution, np.ndarray]:
    """The solution in the reference's frame, and the reference."""
    reference = np.array(options.reference_m or header.position_m, float)
    if not np.isfinite(reference).all() or np.linalg.norm(reference) < 1e6:
        raise InputError(
            "reference_m", "not given, and the header has no position", "x, y, z in m", "give reference_m"
        )
    if options.reference_frame != "ITRF2014":
        if frame not in _ITRF2014:
            raise InputError(
                orbits,
                f"orbits in {frame or 'an unnamed frame'}",
                "ITRF2014",
                "set reference_frame: ITRF2014",
            )
        year = decimal_year(found.time[len(found.time) // 2])
        moved = to_european(found.position_m, options.reference_frame, year)
        found = Solution(found.time, moved, found.quality, found.satellites, found.program)
    return found, reference


def _step(header: ObservationHeader, found: Solution) -> float:
    if np.isfinite(header.interval_s) and header.interval_s > 0:
        return header.interval_s
    return float(np.diff(found.time).min() / np.timedelta64(1, "s")) if len(found.time) > 1 else 1.0
