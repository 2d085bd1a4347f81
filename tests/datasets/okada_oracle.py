"""Okada's (1985) printed equations 25-30 with 50 digits, and the sources and stations they are asked for."""

from collections.abc import Iterator

import mpmath as mp
import numpy as np

from slipbench.datasets.physics.okada_sources import Sources

DIGITS = 50
KINDS = ((1.0, 0.0, 0.0), (1.0, 90.0, 0.0), (0.0, 0.0, 1.0))  # slip, rake, opening


def exact(case: tuple[float, ...], stations: np.ndarray, poisson: float = 0.25) -> np.ndarray:
    """Displacement (3 kinds, m, 3) along strike, to its left, up, of a source at the origin.

    `case` is depth of the centroid, dip in degrees, length, width; stations (m, 2) along and left of strike.
    """
    with mp.workdps(DIGITS):
        depth, dip, length, width = map(mp.mpf, case)
        sin, cos = mp.sin(mp.radians(dip)), mp.cos(mp.radians(dip))
        if dip == 90:
            sin, cos = mp.mpf(1), mp.mpf(0)
        d, k = depth + width / 2 * sin, 1 - 2 * mp.mpf(poisson)
        out = np.empty((3, len(stations), 3))
        for i, (along, left) in enumerate(stations):
            x, y = mp.mpf(along) + length / 2, mp.mpf(left) + width / 2 * cos
            p, q = y * cos + d * sin, y * sin - d * cos
            if abs(q) < mp.mpf(10) ** (-DIGITS + 10) * (abs(y) + d):
                q = mp.mpf(0)
            total = mp.zeros(3, 3)
            for xi, eta, sign in (
                (x, p, 1),
                (x, p - width, -1),
                (x - length, p, -1),
                (x - length, p - width, 1),
            ):
                total += sign * corner(xi, eta, q, sin, cos, k)
            out[:, i] = np.array((total / (2 * mp.pi)).tolist(), dtype=float)
        return out


def corner(xi, eta, q, sin, cos, k):
    """Strike, dip and tensile terms of one corner, as printed."""
    r, big_x = mp.sqrt(xi**2 + eta**2 + q**2), mp.sqrt(xi**2 + q**2)
    yt, dt = eta * cos + q * sin, eta * sin - q * cos
    theta = mp.atan(xi * eta / (q * r)) if q else mp.mpf(0)
    log = mp.log(r + eta)
    if not cos:
        i1 = -k / 2 * xi * q / (r + dt) ** 2
        i3 = k / 2 * (eta / (r + dt) + yt * q / (r + dt) ** 2 - log)
        i4, i5 = -k * q / (r + dt), -k * xi * sin / (r + dt)
    else:
        i4 = k / cos * (mp.log(r + dt) - sin * log)
        i5 = mp.mpf(0)
        if xi:
            top = eta * (big_x + q * cos) + big_x * (r + big_x) * sin
            i5 = k * 2 / cos * mp.atan(top / (xi * (r + big_x) * cos))
        i3 = k * (yt / (cos * (r + dt)) - log) + sin / cos * i4
        i1 = -k * xi / (cos * (r + dt)) - sin / cos * i5
    i2 = -k * log - i3
    a = q / (r * (r + eta))
    b = q / (r * (r + xi)) if r + xi else mp.mpf(0)
    strike = (xi * a + theta + i1 * sin, yt * a + q * cos / (r + eta) + i2 * sin,
              dt * a + q * sin / (r + eta) + i4 * sin)  # fmt: skip
    dip = (q / r - i3 * sin * cos, yt * b + cos * theta - i1 * sin * cos,
           dt * b + sin * theta - i5 * sin * cos)  # fmt: skip
    tensile = (q * a - i3 * sin**2, -dt * b - sin * (xi * a - theta) - i1 * sin**2,
               yt * b + cos * (xi * a - theta) - i5 * sin**2)  # fmt: skip
    return mp.matrix([[-v for v in strike], [-v for v in dip], list(tensile)])


def sources(case: tuple[float, ...]) -> Sources:
    """The three kinds of dislocation on one rectangle; strike 90 puts x along strike on the east axis."""
    depth, dip, length, width = case
    slip, rake, opening = np.array(KINDS).T
    zero = np.zeros(3)
    return Sources(
        zero, zero, zero + depth, zero + 90, zero + dip, rake, zero + length, zero + width, slip, opening
    )


def cases() -> Iterator[tuple[tuple[float, ...], np.ndarray]]:
    """(depth, dip, length, width) with stations: 100 random sources and 120 that are degenerate somehow."""
    rng = np.random.default_rng(1985)
    for _ in range(100):
        dip = rng.uniform(0, 90)
        length, width = np.exp(rng.uniform(np.log(0.3), np.log(100), 2))
        yield place(rng, dip, length, width, np.exp(rng.uniform(np.log(1e-2), np.log(100))))
    steep = [0.0, 90.0, 1e-9, 90 - 1e-9, 1e-4, 89.9999, 89.99, 89.0, 1.0, 45.0]
    shapes = [(20.0, 10.0), (100.0, 0.5), (0.5, 50.0), (1.0, 1.0)]
    for dip in steep:
        for length, width in shapes:
            for gap in (1e-3, 0.7, 30.0):
                yield place(rng, dip, length, width, gap)


def place(rng, dip, length, width, gap):
    """A rectangle whose upper edge is `gap` deep, and stations where terms vanish, cancel or are far."""
    sin, cos = np.sin(np.radians(dip)), np.cos(np.radians(dip))
    depth = width / 2 * sin * (1 + 1e-12) + gap
    down = depth + width / 2 * sin
    lower, upper = -width / 2 * cos, width / 2 * cos  # of the edges, left of strike
    outcrop = upper + min(gap * cos / max(sin, 1e-3), 1e3)
    stations = [
        (-length / 2, rng.normal(0, 20)),  # xi = 0 at the left end
        (length / 2, rng.normal(0, 20)),  # and at the right one
        (0.0, lower - down * sin / max(cos, 1e-2)),  # eta = 0, or near it
        (length / 3, outcrop),  # the plane of the fault meets the surface: q = 0, or near it
        (-length, upper),  # over the line of the upper edge
        (20 * length + 400.0, -300.0),  # far
        tuple(rng.normal(0, 2 * gap, 2)),  # close above
    ]
    return (depth, dip, length, width), np.array(stations)
