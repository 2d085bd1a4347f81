"""PPP-B2b corrections applied to broadcast orbits, clocks and code measurements.

After BDS-SIS-ICD-PPP-B2b-1.0 (2020), sections 6 and 7, as given in equations 1 to 4 of the study of the 2025
Dingri earthquake: radial, along-track and cross-track corrections are subtracted from the broadcast orbit,
the clock correction over the speed of light from the broadcast clock, the code bias from the measurement.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from slipbench.datasets.positioning.broadcast import USED_S, nearest_in_time, usable
from slipbench.datasets.positioning.gps_time import Time, between, seconds
from slipbench.datasets.positioning.kepler import kepler_clocks, kepler_states
from slipbench.datasets.positioning.rinex_nav import Ephemerides
from slipbench.datasets.positioning.series import LIGHT, Orbits

#: Nominal validity of a correction in seconds (ICD, table 6-3).
ORBIT_VALID_S, CLOCK_VALID_S, BIAS_VALID_S = 96.0, 12.0, 86_400.0
#: Index of accuracy that says "unknown" or "too large": such corrections are not used.
UNRELIABLE = (0, 63)
#: What stands for an issue number that the file does not give; it fits every other.
NOT_GIVEN = -1
ORBIT = np.dtype(
    [("time", "datetime64[ns]"), ("satellite", "U3")]
    + [(name, np.int64) for name in ("iod_ssr", "iodn", "iod_corr", "urai")]
    + [("rac", float, 3), ("rac_rate", float, 3)]
)
CLOCK = np.dtype(
    [("time", "datetime64[ns]"), ("satellite", "U3")]
    + [(name, np.int64) for name in ("iod_ssr", "iodn", "iod_corr")]
    + [("c", float, 3)]
)
BIAS = np.dtype(
    [("time", "datetime64[ns]"), ("satellite", "U3"), ("iod_ssr", np.int64), ("signal", "U3"), ("m", float)]
)


@dataclass(frozen=True)
class Corrections:
    """Decoded corrections, each table ascending in time.

    Parameters
    ----------
    orbit : ndarray of `ORBIT`
        ``rac`` radial, along-track and cross-track in m, ``rac_rate`` in m/s; ``iodn`` names the ephemeris.
    clock : ndarray of `CLOCK`
        ``c``: C0 in m, C1 in m/s, C2 in m/s^2. Orbit and clock belong together where ``iod_ssr`` and
        ``iod_corr`` (or ``iodn``, where the clock has one) are the same.
    bias : ndarray of `BIAS`
        Differential code biases in m.
    issue : {"iodc", "iode"}
        Which of a GPS ephemeris's numbers ``iodn`` is: IODC in PPP-B2b, IODE in RTCM corrections.
    """

    orbit: np.ndarray
    clock: np.ndarray
    bias: np.ndarray
    issue: Literal["iodc", "iode"] = "iodc"


def satellite_axes(position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Unit vectors along radius, track and normal: the columns of [e_R e_A e_C], shape (..., 3, 3).

    Equation 1: e_R = r / |r|, e_C = r x v / |r x v|, e_A = e_C x e_R; right-handed as (R, A, C).

    Parameters
    ----------
    position, velocity : ndarray, shape (..., 3)
        In the same frame. Corrections of PPP-B2b and RTCM go with the Earth-fixed velocity.
    """
    radial = position / np.linalg.norm(position, axis=-1, keepdims=True)
    normal = np.cross(position, velocity)
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    return np.stack([radial, np.cross(normal, radial), normal], axis=-1)


def corrected_position(position: np.ndarray, velocity: np.ndarray, rac: np.ndarray) -> np.ndarray:
    """Equation 2: X = X_broadcast - [e_R e_A e_C] dO, so a radial correction of +1 m lowers by 1 m.

    Parameters
    ----------
    position, velocity : ndarray, shape (..., 3)
        Of the broadcast ephemeris, m and m/s.
    rac : ndarray, shape (..., 3)
        Radial, along-track and cross-track correction, m.
    """
    return position - (satellite_axes(position, velocity) @ rac[..., None])[..., 0]


def corrected_clock(clock_s: np.ndarray, c0_m: np.ndarray) -> np.ndarray:
    """Equation 3: t = t_broadcast - C0 / c, seconds."""
    return clock_s - c0_m / LIGHT


def corrected_code(code_m: np.ndarray, bias_m: np.ndarray) -> np.ndarray:
    """Equation 4: P - DCB, metres."""
    return code_m - bias_m


def corrected_orbits(
    ephemerides: Ephemerides,
    corrections: Corrections,
    satellite: np.ndarray,
    time: np.ndarray,
    galileo: Literal["inav", "fnav"] = "inav",
) -> Orbits:
    """Broadcast orbits and clocks with their corrections at epochs.

    At each epoch the newest clock correction counts, with the newest orbit correction of the same issues that
    came before it, and the ephemeris that the orbit correction names.

    Parameters
    ----------
    ephemerides : Ephemerides
        Of GPS, Galileo, BeiDou or QZSS; for BeiDou those of B-CNAV1.
    corrections : Corrections
        Of the same day.
    satellite : sequence of str, shape (m,)
        Names.
    time : ndarray, shape (n,), datetime64[ns]
        GPS time.
    galileo : {"inav", "fnav"}
        Message that Galileo's corrections refer to.

    Returns
    -------
    Orbits
        Of the point that the corrections refer to; NaN where a valid correction or its ephemeris is missing.
    """
    names = np.asarray(satellite)
    kepler = usable(ephemerides.kepler, galileo)
    position, velocity = np.full((2, len(time), len(names), 3), np.nan)
    clock = np.full(position.shape[:2], np.nan)
    for column, name in enumerate(names):
        own = (part[part["satellite"] == name] for part in (kepler, corrections.orbit, corrections.clock))
        rows, eph, orbit, ticks = _together(next(own), next(own), next(own), time, corrections.issue)
        if not rows.size:
            continue
        x, v = kepler_states(eph, time[rows])
        age = between(time[rows], orbit["time"])[:, None]
        position[rows, column] = corrected_position(x, v, orbit["rac"] + orbit["rac_rate"] * age)
        velocity[rows, column] = v
        age = between(time[rows], ticks["time"])
        c0 = (ticks["c"] * age[:, None] ** np.arange(3)).sum(-1)
        clock[rows, column] = corrected_clock(kepler_clocks(eph, time[rows]), c0)
    return Orbits(time, names, position, clock, velocity)


def _together(
    kepler: np.ndarray, orbit: np.ndarray, clock: np.ndarray, time: Time, issue: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Epochs at which one satellite has all three, and the three at these epochs."""
    orbit = orbit[~np.isin(orbit["urai"], UNRELIABLE)]
    ticks = latest(clock["time"], time, CLOCK_VALID_S)
    rows = np.flatnonzero(ticks >= 0)
    ticks = ticks[rows]
    tracks = np.full(len(rows), -1)
    for key in np.unique(clock[["iod_ssr", "iodn", "iod_corr"]][ticks]):
        here = np.flatnonzero(clock[["iod_ssr", "iodn", "iod_corr"]][ticks] == key)
        same = np.flatnonzero(np.logical_and.reduce([_fits(orbit[k], key[k]) for k in key.dtype.names]))
        found = latest(orbit["time"][same], time[rows[here]], ORBIT_VALID_S)
        tracks[here] = np.where(found >= 0, same[found] if same.size else -1, -1)
    rows, ticks, tracks = (part[tracks >= 0] for part in (rows, ticks, tracks))
    picks = _named(kepler, orbit["iodn"][tracks], time[rows], issue)
    rows, ticks, tracks, picks = (part[picks >= 0] for part in (rows, ticks, tracks, picks))
    return rows, kepler[picks], orbit[tracks], clock[ticks]


def _fits(values: np.ndarray, wanted: int) -> np.ndarray:
    return (values == wanted) | (values == NOT_GIVEN) | (wanted == NOT_GIVEN)


def _named(kepler: np.ndarray, iodn: np.ndarray, time: Time, issue: str) -> np.ndarray:
    """Index of the ephemeris with the issue that a correction names, nearest in time; -1 for none."""
    out = np.full(len(iodn), -1)
    if not len(kepler):
        return out
    system = str(kepler["satellite"][0])[0]
    field = "issue_clock" if system == "C" or (system in "GJ" and issue == "iodc") else "issue"
    for number in np.unique(iodn):
        here, same = np.flatnonzero(iodn == number), np.flatnonzero(kepler[field] == number)
        found = nearest_in_time(kepler["toe"][same], time[here], *USED_S[system])
        out[here[found >= 0]] = same[found[found >= 0]]
    return out


def latest(given: Time, time: Time, valid_s: float) -> np.ndarray:
    """Index of the newest of the ascending `given` that is not after `time` nor too old; -1 for none."""
    if not len(given):
        return np.full(np.shape(time), -1)
    pick = np.searchsorted(given, time, side="right") - 1
    age = time - given[np.maximum(pick, 0)]
    return np.where((pick >= 0) & (age <= seconds(valid_s)), pick, -1)


def code_biases(
    corrections: Corrections, satellite: np.ndarray, signal: np.ndarray, time: np.ndarray
) -> np.ndarray:
    """Differential code biases in m, shape (n, m, s); NaN where there is no valid one.

    Parameters
    ----------
    corrections : Corrections
        As read.
    satellite, signal : sequence of str, shape (m,) and (s,)
        Names such as ``C21``, and tracking modes in RINEX's letters such as ``1P``.
    time : ndarray, shape (n,), datetime64[ns]
        GPS time.
    """
    table = corrections.bias
    out = np.full((len(time), len(satellite), len(signal)), np.nan)
    for j, name in enumerate(satellite):
        for k, mode in enumerate(signal):
            own = table[(table["satellite"] == name) & (table["signal"] == mode)]
            pick = latest(own["time"], time, BIAS_VALID_S)
            out[pick >= 0, j, k] = own["m"][pick[pick >= 0]]
    return out
