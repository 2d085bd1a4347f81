"""Satellites made from numbers: ephemerides, navigation files, corrections as text."""

import numpy as np

from slipbench.datasets.positioning.b2b import Corrections
from slipbench.datasets.positioning.rinex_nav import KEPLER, NO_ISSUE, Ephemerides
from slipbench.datasets.positioning.series import Clocks, Orbits

T0 = np.datetime64("2020-06-25T00:00:00", "ns")
HEAD = "     3.05           NAVIGATION DATA     MIXED               RINEX VERSION / TYPE\n"
END = f"{'':60}END OF HEADER\n"


def epochs(n: int, step_s: float = 30.0) -> np.ndarray:
    return T0 + np.arange(n) * np.timedelta64(round(step_s * 1e9), "ns")


def made_orbits(
    rng: np.random.Generator,
    n: int = 3,
    names: tuple[str, ...] = ("E05", "G01", "G24"),
    velocities: bool = False,
) -> Orbits:
    """Random positions in whole mm, clocks in whole ps; some are missing."""
    shape = (n, len(names))
    position = rng.integers(-(10**10), 10**10, (*shape, 3)) * 1e-3
    clock = rng.integers(-(10**9), 10**9, shape) * 1e-12
    velocity = rng.integers(-(10**10), 10**10, (*shape, 3)) * 1e-7 if velocities else None
    gone = rng.random(shape) < 0.2
    position[gone], clock[rng.random(shape) < 0.2] = np.nan, np.nan
    return Orbits(epochs(n, 900), np.array(names), position, clock, velocity, "IGb14", "TEST")


def made_clocks(
    rng: np.random.Generator, n: int = 4, names: tuple[str, ...] = ("E05", "G01", "R24")
) -> Clocks:
    clock = np.float64([f"{v:.12e}" for v in rng.normal(0, 1e-4, n * len(names))]).reshape(n, -1)
    clock[rng.random(clock.shape) < 0.2] = np.nan
    clock[:, 0], clock[-1, :] = 1e-9, 2e-9
    return Clocks(epochs(n), np.array(names), clock)


def ephemeris(satellite: str = "G05", **values: float) -> dict[str, float | str]:
    """Elements of an ordinary medium orbit; `values` win. Times are seconds after `T0`, in GPS time."""
    base = dict.fromkeys((n for n in KEPLER.names or () if n not in ("satellite", "toc", "toe")), 0.0)
    base |= {"sqrt_a": 5153.6, "e": 0.01, "i0": 0.96, "omega0": 1.1, "omega": 0.4, "m0": 0.7}
    base |= {"omega_dot": -8e-9, "delta_n": 4.5e-9, "cuc": 1e-6, "cus": 8e-6, "crc": 200.0, "crs": 20.0}
    base |= {
        "cic": 1e-7,
        "cis": -5e-8,
        "i_dot": 2e-10,
        "af0": 1e-4,
        "af1": 1e-11,
        "issue": 31,
        "issue_clock": 31,
    }
    at = float(values.pop("at", 0.0))
    base["toe_s"] = 345_600.0 + at
    if satellite[0] == "C" and not values.get("a_dot"):
        base["issue_clock"] = NO_ISSUE
    return {**base, **values, "satellite": satellite, "at": at}


def ephemerides(*given: dict[str, float | str]) -> Ephemerides:
    rows = []
    for one in given:
        when = T0 + np.timedelta64(round(float(one["at"]) * 1e9), "ns")
        rows.append(tuple(when if n in ("toc", "toe") else one[n] for n in KEPLER.names or ()))
    table = np.array(rows, KEPLER)
    table = table[np.lexsort((table["toe"], table["satellite"]))]
    from slipbench.datasets.positioning.rinex_nav import STATE

    return Ephemerides(table, np.zeros(0, STATE))


def _fields(values: list[float]) -> str:
    return "".join(f"{v:19.12e}" for v in values)


def _record(first: str, clock: list[float], lines: list[list[float]]) -> str:
    return first + _fields(clock) + "\n" + "".join(f"    {_fields(line)}\n" for line in lines)


def navigation_record(satellite: str = "G05", **values: float) -> str:
    """A record of RINEX 3 as its system has it (toe and toc at 2020-06-25 00:00 of the system's time)."""
    e = {k: float(v) for k, v in ephemeris(satellite, **values).items() if k != "satellite"}
    if satellite[0] == "R":
        lines = [[15000.0, 1.1, 0.0, 0.0], [-12000.0, 2.2, 0.0, 5.0], [16000.0, -1.3, 1e-9, 0.0]]
        return _record(f"{satellite} 2020 06 24 23 59 42", [-1e-5, 1e-12, 344_000.0], lines)
    week = 755.0 if satellite[0] == "C" else 2111.0
    lines = [
        [e["issue"], e["crs"], e["delta_n"], e["m0"]],
        [e["cuc"], e["e"], e["cus"], e["sqrt_a"]],
        [e["toe_s"], e["cic"], e["omega0"], e["cis"]],
        [e["i0"], e["crc"], e["omega"], e["omega_dot"]],
        [e["i_dot"], e["source"], week, 0.0],
        [2.0, e["health"], -1e-8, max(e["issue_clock"], 0.0)],
        [345_500.0, 4.0],
    ]
    return _record(f"{satellite} 2020 06 25 00 00 00", [e["af0"], e["af1"], 0.0], lines)


def cnav1_record(satellite: str = "C21", **values: float) -> str:
    """A record of BeiDou's B-CNAV1 in RINEX 4."""
    e = {k: float(v) for k, v in ephemeris(satellite, **values).items() if k != "satellite"}
    lines = [
        [e["a_dot"], e["crs"], e["delta_n"], e["m0"]],
        [e["cuc"], e["e"], e["cus"], e["sqrt_a"]],
        [e["toe_s"], e["cic"], e["omega0"], e["cis"]],
        [e["i0"], e["crc"], e["omega"], e["omega_dot"]],
        [e["i_dot"], e["n_dot"], 3.0, 345_000.0],
        [0.0, 0.0, 0.0, 0.0],
        [1e-9, 0.0, 2e-9, 3e-9],
        [0.0, e["health"], 0.0, e["issue_clock"]],
        [345_600.0, 0.0, 0.0, e["issue"]],
    ]
    record = _record(f"{satellite} 2020 06 25 00 00 00", [e["af0"], e["af1"], 0.0], lines)
    return f"> EPH {satellite} CNV1\n{record}"


def navigation_bytes(*records: str) -> bytes:
    return (HEAD + END + "".join(records or (navigation_record(),))).encode()


def _stamp(time: np.datetime64) -> str:
    t = time.astype("datetime64[s]").item()
    return f"{t:%Y %m %d %H %M %S}.0"


def b2b_text(corrections: Corrections) -> str:
    """The layout of PPP-B2b decoders that keep issue numbers; clocks with the IOD Corr."""
    out = []
    for table, kind in ((corrections.orbit, "ORBIT_URAI"), (corrections.clock, "CLOCK")):
        for time in np.unique(table["time"]):
            rows = table[table["time"] == time]
            out.append(f"> {kind} {_stamp(time)} 6 {len(rows)} B2bSatPrn_59 @ {_stamp(time)}")
            for r in rows:
                if kind == "CLOCK":
                    c = [r["c"][0], *(r["c"][1:] * 1e3)]
                    ids = (r["iod_ssr"], 0, r["iod_corr"])
                else:
                    c = [*r["rac"], *(r["rac_rate"] * 1e3)]
                    ids = (r["iod_ssr"], r["iodn"], r["iod_corr"], r["urai"])
                out.append(
                    f"{r['satellite']:4}" + "".join(f"{i:6d}" for i in ids) + "".join(f"{v:11.4f}" for v in c)
                )
    for time in np.unique(corrections.bias["time"]):
        rows = corrections.bias[corrections.bias["time"] == time]
        names = np.unique(rows["satellite"])
        out.append(f"> DIFF_CODE_BIAS {_stamp(time)} 48 {len(names)} B2bSatPrn_59 @ {_stamp(time)}")
        for name in names:
            own = rows[rows["satellite"] == name]
            pairs = "".join(f" {r['signal']:>7} {r['m']:7.4f}" for r in own)
            out.append(f"{name:4} {own[0]['iod_ssr']:5d} {len(own):5d}{pairs}")
    return "\n".join(out) + "\n"
