"""Orbits and clocks at any epochs from the broadcast ephemerides of a file."""

from typing import Literal

import numpy as np

from slipbench.datasets.positioning.glonass import glonass_clocks, glonass_states
from slipbench.datasets.positioning.gps_time import Time, seconds
from slipbench.datasets.positioning.kepler import kepler_clocks, kepler_states
from slipbench.datasets.positioning.rinex_nav import Ephemerides
from slipbench.datasets.positioning.series import Orbits

#: From how long before its time until how long after it an ephemeris is used, seconds. Galileo's are fitted
#: to what follows: an hour before their time they are metres off.
USED_S = {
    "G": (7200.0, 7200.0),
    "J": (7200.0, 7200.0),
    "E": (1200.0, 10_800.0),
    "C": (3600.0, 3600.0),
    "R": (900.0, 900.0),
}
#: Bit of Galileo's data source that tells which message an ephemeris came in.
_GALILEO = {"inav": 0b101, "fnav": 0b010}


def broadcast_orbits(
    ephemerides: Ephemerides,
    satellite: np.ndarray,
    time: np.ndarray,
    galileo: Literal["inav", "fnav"] = "fnav",
) -> Orbits:
    """Positions, velocities and clocks of satellites at epochs, from the nearest healthy ephemerides.

    Parameters
    ----------
    ephemerides : Ephemerides
        Of one file.
    satellite : sequence of str, shape (m,)
        Names such as ``G05``.
    time : ndarray, shape (n,), datetime64[ns]
        GPS time.
    galileo : {"fnav", "inav"}
        Message of Galileo: clocks for E1 and E5a, or for E1 and E5b.

    Returns
    -------
    Orbits
        Of the phase centres, with velocities; NaN where no healthy ephemeris is within `USED_S`.
    """
    names = np.asarray(satellite)
    kepler, state = usable(ephemerides.kepler, galileo), ephemerides.state
    state = state[state["health"] == 0]
    picks = nearest(kepler, names, time)
    moving = nearest(state, names, time)
    position = np.full((len(time), len(names), 3), np.nan)
    velocity, clock = position.copy(), np.full(position.shape[:2], np.nan)
    for records, chosen in ((kepler, picks), (state, moving)):
        rows, columns = np.nonzero(chosen >= 0)
        if not rows.size:
            continue
        eph, when = records[chosen[rows, columns]], time[rows]
        if records is kepler:
            x, v = kepler_states(eph, when)
            t = kepler_clocks(eph, when)
        else:
            x, v = glonass_states(eph, when)
            t = glonass_clocks(eph, when, x, v)
        position[rows, columns], velocity[rows, columns], clock[rows, columns] = x, v, t
    return Orbits(time, names, position, clock, velocity)


def usable(kepler: np.ndarray, galileo: Literal["inav", "fnav"] = "fnav") -> np.ndarray:
    """Healthy ephemerides, and of Galileo those of one message."""
    of_galileo = np.char.startswith(kepler["satellite"], "E")
    right = (kepler["source"] & _GALILEO[galileo]) != 0
    return kepler[(kepler["health"] == 0) & (~of_galileo | right)]


def nearest(records: np.ndarray, satellite: np.ndarray, time: Time) -> np.ndarray:
    """Index of the ephemeris nearest in time, int64 [n, m]; -1 where none is within `USED_S`."""
    out = np.full((len(time), len(satellite)), -1)
    for column, name in enumerate(satellite):
        rows = np.flatnonzero(records["satellite"] == name)
        picks = nearest_in_time(records["toe"][rows], time, *USED_S[str(name)[0]])
        out[picks >= 0, column] = rows[picks[picks >= 0]]
    return out


def nearest_in_time(toe: Time, time: Time, early_s: float, late_s: float) -> np.ndarray:
    """Index of the nearest of the ascending `toe` that is used at `time`, or -1; int64 of time's shape.

    One is used from `early_s` seconds before its own time until `late_s` seconds after it.
    """
    if not len(toe):
        return np.full(np.shape(time), -1)
    early, late = seconds(early_s), seconds(late_s)
    after = np.minimum(np.searchsorted(toe, time), len(toe) - 1)
    before = np.maximum(after - 1, 0)
    # the earlier one stays until it is too old, or the later one is nearer and used already
    nearer = (abs(toe[after] - time) < abs(time - toe[before])) | (time - toe[before] > late)
    pick = np.where((toe[after] - time <= early) & nearer, after, before)
    age = time - toe[pick]
    return np.where((age <= late) & (age >= -early), pick, -1)
