"""Ionosphere maps and the files of satellite positioning, which are read whole or refused.

A row is a value where a file can miss values (orbits, clocks, maps), and a record otherwise.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from slipbench.datasets.positioning.antenna import read_antex
from slipbench.datasets.positioning.b2b import BIAS, CLOCK, ORBIT, Corrections
from slipbench.datasets.positioning.b2b_text import read_corrections
from slipbench.datasets.positioning.clk import read_clk
from slipbench.datasets.positioning.clk_text import clk_text
from slipbench.datasets.positioning.rinex_nav import read_navigation
from slipbench.datasets.positioning.rinex_obs import unpack_observations
from slipbench.datasets.positioning.solution import read_solution
from slipbench.datasets.positioning.sp3 import read_sp3
from slipbench.datasets.positioning.sp3_text import sp3_text
from slipbench.datasets.readers.ionex import read_ionex
from slipbench.datasets.readers.rows import Read

from .made_ionex import ionex_bytes, made_maps
from .made_satellites import (
    END,
    HEAD,
    T0,
    b2b_text,
    cnav1_record,
    made_clocks,
    made_orbits,
    navigation_record,
)
from .sample import Sample, counted, text

_NAMES = ("G01", "E05", "R24", "C21", "G24", "J02")
_HEAD4 = HEAD.replace("3.05", "4.00")


def rows_in(data: bytes) -> list[str]:
    """Lines as the readers of positioning files see them."""
    return [line.rstrip("\r") for line in data.decode("latin-1").split("\n")]


def below(data: bytes, label: str) -> list[str]:
    """Lines after the first with this label."""
    found = rows_in(data)
    return found[next(k for k, line in enumerate(found) if label in line) + 1 :]


def sp3(rng: np.random.Generator, n: int) -> bytes:
    orbits = made_orbits(rng, int(rng.integers(1, 4)), _NAMES[:n], bool(rng.random() < 0.5))
    return sp3_text(orbits, "c" if rng.random() < 0.5 else "d").encode()


def count_sp3(path: Path, _: str) -> Read:
    found = read_sp3(path)
    here = [np.isfinite(found.position_m).all(-1), np.isfinite(found.clock_s)]
    if found.velocity_m_s is not None:
        here.append(np.isfinite(found.velocity_m_s).all(-1))
    return counted(int(sum(h.sum() for h in here)))


def values_of_sp3(data: bytes) -> int:
    count = 0
    for line in rows_in(data):
        if line[:1] in ("P", "V") and line != "EOF":
            count += any(float(line[k : k + 14].strip()) for k in (4, 18, 32))
        if line[:1] == "P" and line[46:60].strip():
            count += abs(float(line[46:60].strip())) < 999_999
    return count


def clk(rng: np.random.Generator, n: int) -> bytes:
    return clk_text(made_clocks(rng, int(rng.integers(2, 4)), _NAMES[:n])).encode()


def values_of_clk(data: bytes) -> int:
    return sum(line.startswith("AS") for line in below(data, "END OF HEADER"))


def navigation(rng: np.random.Generator, n: int) -> bytes:
    names = [_NAMES[k] for k in rng.permutation(len(_NAMES))[:n]]
    values = {"af0": float(rng.normal(0, 1e-4)), "m0": float(rng.uniform(-3, 3))}
    if rng.random() < 0.5:
        return (HEAD + END + "".join(navigation_record(name, **values) for name in names)).encode()
    kinds = {"E": "INAV", "R": "FDMA", "C": "D1"}
    records = [f"> EPH {k} {kinds.get(k[0], 'LNAV')}\n{navigation_record(k, **values)}" for k in names]
    return (_HEAD4 + END + "".join(records) + cnav1_record(**values)).encode()


def count_navigation(path: Path, _: str) -> Read:
    found = read_navigation(path)
    return counted(len(found.kepler) + len(found.state))


def records_of_navigation(data: bytes) -> int:
    """First lines of records that are read: of RINEX 4 those below a message that is read; copies once."""
    found, current, read = set(), [], True
    for line in [*below(data, "END OF HEADER"), "> EPH X X"]:
        if line[:1] not in (" ", "") and current:
            found.add("\n".join(" ".join(part.split()) for part in current))
            current = []
        if line[:1] == ">":
            head = line.split()
            kinds = {"G": "LNAV", "J": "LNAV", "E": "INAV FNAV", "C": "D1 D2 D1D2 CNV1", "R": "FDMA"}
            read = head[1] == "EPH" and head[3] in kinds.get(head[2][0], "").split()
        elif read and (current or line[:1] in tuple("GECJR")):
            current.append(line)
    return len(found)


def corrections(rng: np.random.Generator, n: int) -> bytes:
    at = [(T0 + np.timedelta64(48 * k, "s"), _NAMES[k]) for k in range(n)]
    x = rng.normal(0, 1, (n, 4)).round(4)
    orbit = [(*a, 1, 31, 1, 3, tuple(v[:3]), (0.0, 0.0, 0.0)) for a, v in zip(at, x, strict=True)]
    clock = [(*a, 1, -1, 1, (v[3], 0.0, 0.0)) for a, v in zip(at, x, strict=True)]
    bias = [(*a, 1, kind, v[0]) for a, v in zip(at, x, strict=True) for kind in ("1C", "5P")]
    made = Corrections(np.array(orbit, ORBIT), np.array(clock, CLOCK), np.array(bias, BIAS), "iodc")
    return b2b_text(made).encode()


def count_corrections(path: Path, _: str) -> Read:
    found = read_corrections(path)
    return counted(len(found.orbit) + len(found.clock) + len(found.bias))


def rows_of_corrections(data: bytes) -> int:
    found: set[tuple] = set()
    kind, time = "", ()
    for line in rows_in(data):
        parts = line.split()
        if parts[:1] == [">"]:
            kind, time = parts[1], tuple(float(p) for p in parts[2:8]) if len(parts) > 7 else ()
        elif parts and "BIAS" in kind and "CODE" in kind:
            skip = 2 if len(parts) % 2 == 0 else 3
            head = (kind, time, parts[0], *(int(p) for p in parts[1 : skip - 1]))
            found |= {(*head, s, float(v)) for s, v in zip(parts[skip::2], parts[skip + 1 :: 2], strict=True)}
        elif parts and kind in ("ORBIT", "ORBIT_URAI", "CLOCK") and "-26.2144" not in parts:
            found.add((kind.split("_")[0], time, parts[0], *(float(p) for p in parts[1:])))
    return len(found)


def positions(rng: np.random.Generator, n: int) -> bytes:
    out = [
        "% program   : RTKLIB ver.2.4.3 b34",
        "%  GPST          x-ecef(m)      y-ecef(m)      z-ecef(m)   Q  ns",
    ]
    for k in range(n):
        x = np.array([3582105.291, 532589.7313, 5232754.8054]) + rng.normal(0, 0.05, 3)
        xyz = " ".join(f"{v:14.4f}" for v in x)
        out.append(f"2111 {345600 + 30 * k:10.3f} {xyz}   6  {rng.integers(5, 20):2d}   0.0100   0.0100")
    return text(out)


def rows_of_positions(data: bytes) -> int:
    return sum(not line.startswith("%") for line in rows_in(data)[:-1])


def observations(rng: np.random.Generator, n: int) -> bytes:
    head = [
        ("     3.04           OBSERVATION DATA    M (MIXED)", "RINEX VERSION / TYPE"),
        ("ESBC", "MARKER NAME"),
        ("31190              ASH701945E_M    SNOW", "ANT # / TYPE"),
        ("  3582105.2910   532589.7313  5232754.8054", "APPROX POSITION XYZ"),
        ("G    2 C1C L1C", "SYS / # / OBS TYPES"),
        ("    30.000", "INTERVAL"),
        ("  2020     6    25     0     0    0.0000000     GPS", "TIME OF FIRST OBS"),
        ("", "END OF HEADER"),
    ]
    out = [f"{line:<60}{label}" for line, label in head]
    for k in range(n):
        out.append(f"> 2020 06 25 00 00 {30 * k % 60:2d}.0000000  0  1")
        out.append(f"G{rng.integers(1, 33):02d}  {rng.uniform(2e7, 3e7):.3f}")
    return text(out)


def count_observations(path: Path, _: str) -> Read:
    with TemporaryDirectory() as folder:
        unpack_observations(path, Path(folder) / "obs.rnx")
    return counted(1)


def antennas(rng: np.random.Generator, n: int) -> bytes:
    out = [f"{'     1.4            M':<60}ANTEX VERSION / SYST", f"{'':60}END OF HEADER"]
    for k in range(n):
        out += [
            f"{'':60}START OF ANTENNA",
            f"{'BLOCK IIF':20}{_NAMES[k]:20}{'':20}TYPE / SERIAL NO",
            f"  2014     5    17     0     0    0.0000000{'':17}VALID FROM",
            f"{rng.normal():10.2f}{0:10.2f}{1600:10.2f}{'':30}NORTH / EAST / UP",
            f"{'':60}END OF ANTENNA",
        ]
    return text(out)


def blocks_of_antennas(data: bytes) -> int:
    """Blocks that begin and end, none beginning inside."""
    count, inside = 0, False
    for line in below(data, "END OF HEADER"):
        label = line[60:].strip()
        count += inside and label == "END OF ANTENNA"
        inside = label == "START OF ANTENNA" or (inside and label != "END OF ANTENNA")
    return count


def ionex(rng: np.random.Generator, n: int) -> bytes:
    maps = made_maps(rng, n, 60.0, rms=bool(rng.random() < 0.5))
    return ionex_bytes(
        maps, version=1.0 if rng.random() < 0.5 else 1.1, own_exponent=bool(rng.random() < 0.3)
    )


def count_ionex(path: Path, _: str) -> Read:
    found = read_ionex(path)
    return counted(found.tec.size + (0 if found.rms is None else found.rms.size))


def values_of_ionex(data: bytes) -> int:
    """Numbers between the lines of labels inside maps of TEC and RMS."""
    count, inside = 0, False
    for line in data.decode("latin-1").splitlines():
        label = line[60:].strip()
        if label in ("START OF TEC MAP", "START OF RMS MAP"):
            inside = True
        elif label.startswith("END OF"):
            inside = False
        elif inside and not any(c.isalpha() for c in label):
            count += -(-len(line.rstrip()) // 5)
    return count


SATELLITE_SAMPLES = {
    "ionex": Sample(count_ionex, ionex, values_of_ionex),
    "sp3": Sample(count_sp3, sp3, values_of_sp3),
    "rinex_clk": Sample(
        lambda p, _: counted(int(np.isfinite(read_clk(p).clock_s).sum())), clk, values_of_clk
    ),
    "rinex_nav": Sample(count_navigation, navigation, records_of_navigation),
    "rinex_obs": Sample(count_observations, observations, lambda _: 1),
    "antex": Sample(lambda p, _: counted(len(read_antex(p))), antennas, blocks_of_antennas),
    "b2b": Sample(count_corrections, corrections, rows_of_corrections),
    "rtklib_pos": Sample(lambda p, _: counted(len(read_solution(p).time)), positions, rows_of_positions),
}
