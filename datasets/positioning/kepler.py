"""Positions, velocities and clocks from Keplerian broadcast ephemerides, any number at once.

After IS-GPS-200N, tables 20-IV and 30-II and section 20.3.3.3.3.1; for BeiDou BDS-SIS-ICD-B1I-3.0, section
5.2.4.12, whose geostationary satellites are described in a plane that is inclined by 5 degrees, and
BDS-SIS-ICD-B1C-1.0, section 7.8, with changing axis and mean motion.
"""

import numpy as np

from slipbench.datasets.positioning.gps_time import WEEK_S, Time, between

#: Gravitational constant (m^3/s^2) and rotation of the Earth (rad/s) that each system's elements go with.
_GM = {"G": 3.986005e14, "J": 3.986005e14, "E": 3.986004418e14, "C": 3.986004418e14}
_SPIN = {"G": 7.2921151467e-5, "J": 7.2921151467e-5, "E": 7.2921151467e-5, "C": 7.2921150e-5}
_GEO_TILT = np.deg2rad(-5.0)
_ITERATIONS = 12


def kepler_states(ephemerides: np.ndarray, time: Time) -> tuple[np.ndarray, np.ndarray]:
    """Where satellites are and how they move in the rotating Earth-fixed frame of their system.

    Parameters
    ----------
    ephemerides : ndarray of `rinex_nav.KEPLER`, any shape
        One for each result.
    time : ndarray, datetime64[ns], broadcasts against `ephemerides`
        GPS time.

    Returns
    -------
    position, velocity : ndarray, shape (..., 3)
        m and m/s, of the antenna's phase centre (what broadcast ephemerides describe).
    """
    e, system = ephemerides, _letters(ephemerides["satellite"])
    gm, spin = _constants(system, _GM), _constants(system, _SPIN)
    t = between(time, e["toe"])
    n = np.sqrt(gm) / e["sqrt_a"] ** 3 + e["delta_n"]
    anomaly = _eccentric(e["m0"] + (n + e["n_dot"] / 2 * t) * t, e["e"])
    cos_e, sin_e = np.cos(anomaly), np.sin(anomaly)
    anomaly_rate = (n + e["n_dot"] * t) / (1 - e["e"] * cos_e)
    a = e["sqrt_a"] ** 2 + e["a_dot"] * t
    root = np.sqrt(1 - e["e"] ** 2)
    phi = np.arctan2(root * sin_e, cos_e - e["e"]) + e["omega"]
    phi_rate = root * anomaly_rate / (1 - e["e"] * cos_e)
    c2, s2 = np.cos(2 * phi), np.sin(2 * phi)
    u = phi + e["cus"] * s2 + e["cuc"] * c2
    u_rate = phi_rate * (1 + 2 * (e["cus"] * c2 - e["cuc"] * s2))
    r = a * (1 - e["e"] * cos_e) + e["crs"] * s2 + e["crc"] * c2
    r_rate = a * e["e"] * sin_e * anomaly_rate + e["a_dot"] * (1 - e["e"] * cos_e)
    r_rate = r_rate + 2 * phi_rate * (e["crs"] * c2 - e["crc"] * s2)
    i = e["i0"] + e["i_dot"] * t + e["cis"] * s2 + e["cic"] * c2
    i_rate = e["i_dot"] + 2 * phi_rate * (e["cis"] * c2 - e["cic"] * s2)
    geo = _geostationary(e["satellite"])
    node_rate = e["omega_dot"] - np.where(geo, 0.0, spin)
    node = e["omega0"] + node_rate * t - spin * np.mod(e["toe_s"], WEEK_S)
    position, velocity = _turned(r, r_rate, u, u_rate, i, i_rate, node, node_rate)
    if geo.any():
        tilted = _geo_frame(position, velocity, spin, t)
        position = np.where(geo[..., None], tilted[0], position)
        velocity = np.where(geo[..., None], tilted[1], velocity)
    return position, velocity


def kepler_clocks(ephemerides: np.ndarray, time: Time) -> np.ndarray:
    """Seconds by which clocks are ahead of GPS time, without the periodic relativistic effect.

    The signals to which they refer differ: L1 and L2 P(Y) (GPS), E1 and E5b (Galileo I/NAV), E1 and E5a
    (F/NAV), B3I (BeiDou D1 and D2).
    """
    t = between(time, ephemerides["toc"])
    return ephemerides["af0"] + (ephemerides["af1"] + ephemerides["af2"] * t) * t


def _letters(satellite: np.ndarray) -> np.ndarray:
    return np.asarray(satellite).astype("U1")


def _constants(system: np.ndarray, values: dict[str, float]) -> np.ndarray:
    out = np.full(system.shape, np.nan)
    for letter, value in values.items():
        out[system == letter] = value
    return out


def _geostationary(satellite: np.ndarray) -> np.ndarray:
    """BeiDou's C01 to C05 and C59 to C63."""
    names = [f"C{k:02d}" for k in (*range(1, 6), *range(59, 64))]
    return np.isin(satellite, names)


def _eccentric(mean: np.ndarray, e: np.ndarray) -> np.ndarray:
    """Newton's iteration; eccentricities below 0.5 converge to rounding in six steps."""
    out = mean + e * np.sin(mean)
    for _ in range(_ITERATIONS):
        out = out - (out - e * np.sin(out) - mean) / (1 - e * np.cos(out))
    return out


def _turned(
    r: np.ndarray,
    r_rate: np.ndarray,
    u: np.ndarray,
    u_rate: np.ndarray,
    i: np.ndarray,
    i_rate: np.ndarray,
    node: np.ndarray,
    node_rate: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """From the orbit's plane to the frame in which the node is measured."""
    cos_u, sin_u = np.cos(u), np.sin(u)
    x, y = r * cos_u, r * sin_u
    x_rate = r_rate * cos_u - y * u_rate
    y_rate = r_rate * sin_u + x * u_rate
    cos_n, sin_n, cos_i, sin_i = np.cos(node), np.sin(node), np.cos(i), np.sin(i)
    # y in the equator's plane, across the node
    across, across_rate = y * cos_i, y_rate * cos_i - y * sin_i * i_rate
    position = np.stack([x * cos_n - across * sin_n, x * sin_n + across * cos_n, y * sin_i], -1)
    velocity = np.stack(
        [
            x_rate * cos_n - across_rate * sin_n - position[..., 1] * node_rate,
            x_rate * sin_n + across_rate * cos_n + position[..., 0] * node_rate,
            y_rate * sin_i + y * cos_i * i_rate,
        ],
        -1,
    )
    return position, velocity


def _geo_frame(
    position: np.ndarray, velocity: np.ndarray, spin: np.ndarray, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rz(spin t) Rx(-5 degrees), with Rx and Rz turning the axes."""
    c, s = np.cos(_GEO_TILT), np.sin(_GEO_TILT)
    x_turn = np.array([[1, 0, 0], [0, c, s], [0, -s, c]])
    p, v = position @ x_turn.T, velocity @ x_turn.T
    c, s = np.cos(spin * t), np.sin(spin * t)
    p = np.stack([c * p[..., 0] + s * p[..., 1], c * p[..., 1] - s * p[..., 0], p[..., 2]], -1)
    v = np.stack(
        [
            c * v[..., 0] + s * v[..., 1] + spin * p[..., 1],
            c * v[..., 1] - s * v[..., 0] - spin * p[..., 0],
            v[..., 2],
        ],
        -1,
    )
    return p, v
