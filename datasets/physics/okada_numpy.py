"""Okada (1985) in plain NumPy: the reference for the compiled kernel, and what runs without a compiler.

Okada's auxiliary functions I1 ... I5 are printed with 1/cos(dip) factors that cancel between the corners
of the fault and lose all digits near a vertical dip. They are used here in an algebraically equal form
(up to terms that do not depend on eta, which the difference of two corners removes) that has no such
factor, so one formula serves every dip from 0 to 90 degrees:

* R + eta and R + xi are taken from their conjugates where they would cancel;
* ``2 / cos * atan(...)`` of I5 becomes ``-2 / cos * atan(xi cos / Q)``, Q = (1 + sin)(R + eta) - q cos > 0;
* ``ln(R + d) - sin ln(R + eta)`` of I4 becomes ``log1p(cos x) + (1 - sin) ln(R + eta)``.
"""

import numpy as np
from numpy.polynomial import polynomial

from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada_sources import Sources, check

Array = np.ndarray

# Taylor coefficients where the closed forms cancel; the truncation is below 1e-16 within the limits used.
_H_LIMIT = 0.03
_H = np.array([-((-1.0) ** (n - 1)) * n / (n + 1) for n in range(1, 13)])
_K_LIMIT = 0.2
_K = np.array([(-1.0) ** n / (2 * n + 1) for n in range(1, 14)])

_CHUNK = 1 << 18  # source-station pairs worked on at once: about 100 MB of temporaries


def displacement(sources: Sources, east: Array, north: Array, poisson: float = 0.25) -> Array:
    """As ``okada.displacement``, in plain NumPy float64: the reference and the fallback."""
    col = {name: np.asarray(value, np.float64)[:, None] for name, value in vars(sources).items()}
    east, north = np.asarray(east, np.float64), np.asarray(north, np.float64)
    check(sources)
    n, m = len(sources), east.shape[-1]
    out = np.empty((n, m, 3))
    step = max(1, _CHUNK // max(m, 1))
    for first in range(0, n, step):
        part = slice(first, first + step)
        s = {name: value[part] for name, value in col.items()}
        de = (east if east.ndim == 1 else east[part]) - s["east"]
        dn = (north if north.ndim == 1 else north[part]) - s["north"]
        sin_strike, cos_strike = sind(s["strike"]), cosd(s["strike"])
        x = de * sin_strike + dn * cos_strike + s["length"] / 2
        y = dn * sin_strike - de * cos_strike + s["width"] / 2 * cosd(s["dip"])
        d = s["depth"] + s["width"] / 2 * sind(s["dip"])
        slip = (s["slip"] * cosd(s["rake"]), s["slip"] * sind(s["rake"]), s["opening"])
        ux, uy, uz = okada85(x, y, d, s["dip"], s["length"], s["width"], *slip, poisson)
        out[part, :, 0] = ux * sin_strike - uy * cos_strike
        out[part, :, 1] = ux * cos_strike + uy * sin_strike
        out[part, :, 2] = uz
    return out


def okada85(
    x: Array,
    y: Array,
    d: Array,
    dip: Array,
    length: Array,
    width: Array,
    u1: Array,
    u2: Array,
    u3: Array,
    poisson: float = 0.25,
) -> tuple[Array, Array, Array]:
    """Surface displacement in Okada's own coordinates; all arguments broadcast.

    Parameters
    ----------
    x, y : ndarray
        Station: x along strike from the reference corner, y horizontal and to the left of strike, so
        that the fault rises towards +y. Any length unit, the same for all lengths.
    d : ndarray
        Depth of the reference corner, the *lower left* one for a positive dip.
    dip : ndarray
        Degrees, -90 ... 90; with a negative dip the fault extends downwards from the reference corner.
    length, width : ndarray
        Size along x and along the fault plane's y.
    u1, u2, u3 : ndarray
        Strike slip (left-lateral positive), dip slip (thrust positive) and opening.
    poisson : float
        Poisson ratio.

    Returns
    -------
    ux, uy, uz : ndarray
        Displacement along x, y and up, in the unit of the slip. At a point on the edge of a fault that
        just reaches the surface, where the field is not defined, the singular terms are left out.

    Raises
    ------
    ValueError
        When the fault reaches above the surface, where the solution does not hold.
    """
    x, y, d, dip, length, width, u1, u2, u3 = np.broadcast_arrays(
        *(np.asarray(a, np.float64) for a in (x, y, d, dip, length, width, u1, u2, u3))
    )
    # The same rectangle seen from its other end has a positive dip (rotation by 180 degrees about z).
    turn = np.where(dip < 0, -1.0, 1.0)
    below = np.where(dip < 0, width, 0.0)
    cos, sin = cosd(dip), sind(np.abs(dip))
    x = np.where(dip < 0, length - x, x)
    y = turn * y + below * cos
    d = d + below * sin
    u1, u2 = turn * u1, turn * u2
    if np.any(d - width * sin < -1e-9 * (d + width)):
        raise ValueError("the fault reaches above the surface")
    p = y * cos + d * sin
    q = y * sin - d * cos
    # Shared by the corners: the depth of the upper edge is formed exactly from d, not from p and q.
    ux, uy, uz = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for xi, eta, depth, sign in (
        (x, p, d, 1.0),
        (x, p - width, d - width * sin, -1.0),
        (x - length, p, d, -1.0),
        (x - length, p - width, d - width * sin, 1.0),
    ):
        fx, fy, fz = _corner(xi, eta, q, np.maximum(depth, 0.0), sin, cos, u1, u2, u3, 1 - 2 * poisson)
        ux += sign * fx
        uy += sign * fy
        uz += sign * fz
    scale = 1 / (2 * np.pi)
    return turn * ux * scale, turn * uy * scale, uz * scale


def _inverse(a: Array) -> Array:
    """1 / a, and 0 where a is 0 (Okada 1985, p. 1148: such terms are to be left out)."""
    return np.divide(1.0, a, out=np.zeros_like(a), where=a != 0)


def _corner(
    xi: Array,
    eta: Array,
    q: Array,
    depth: Array,
    sin: Array,
    cos: Array,
    u1: Array,
    u2: Array,
    u3: Array,
    k: float,
) -> tuple[Array, Array, Array]:
    """2 pi times one corner's share of the displacement; k = mu / (lambda + mu)."""
    xi2, eta2, q2 = xi * xi, eta * eta, q * q
    r = np.sqrt(xi2 + eta2 + q2)
    r_eta = np.where(eta >= 0, r + eta, (xi2 + q2) * _inverse(r - np.minimum(eta, 0.0)))
    r_xi = np.where(xi >= 0, r + xi, (eta2 + q2) * _inverse(r - np.minimum(xi, 0.0)))
    inv_r, inv_r_eta, inv_r_d = _inverse(r), _inverse(r_eta), _inverse(r + depth)
    y_tilde = eta * cos + q * sin
    theta = np.arctan(xi * eta * _inverse(q * r))
    a_eta = q * inv_r * inv_r_eta
    a_xi = q * inv_r * _inverse(r_xi)

    # I4, I3, I2
    one = 1 + sin
    xx = -(eta * cos / one + q) * inv_r_eta
    t = cos * xx
    log = np.log(np.where(r_eta > 0, r_eta, 1.0))
    safe = np.where(t == 0, 1.0, t)
    f = np.where(t == 0, 1.0, np.log1p(safe) / safe)
    small = np.abs(t) < _H_LIMIT
    safe = np.where(small, 1.0, t)
    h = np.where(small, polynomial.polyval(np.where(small, t, 0.0), _H), (1 / (1 + safe) - f) / safe)
    i4 = xx * f + cos / one * log
    i3 = eta * inv_r_d + sin * inv_r_eta * (q * xx * h - eta * f / one) - log / one
    i2 = -log - i3

    # I5, I1
    inv_big = _inverse(one * r_eta - q * cos)
    u = xi * cos * inv_big
    small = np.abs(u) < _K_LIMIT
    safe = np.where(small, 1.0, u)
    big_k = np.where(
        small,
        polynomial.polyval(np.where(small, u * u, 0.0), _K),
        (np.arctan(safe) / safe - 1) / (safe * safe),
    )
    i5 = -2 * xi * inv_big * (1 + u * u * big_k)
    i1 = (
        xi
        * inv_big
        * (
            (q * (1 - 2 * sin) - cos * (r_eta + 2 * sin * eta) / one) * inv_r_d
            + 2 * sin * xi * u * big_k * inv_big
        )
    )

    i1, i2, i3, i4, i5 = k * i1, k * i2, k * i3, k * i4, k * i5
    sc, ss = sin * cos, sin * sin
    b = xi * a_eta - theta
    fx = -u1 * (xi * a_eta + theta + i1 * sin) - u2 * (q * inv_r - i3 * sc) + u3 * (q * a_eta - i3 * ss)
    fy = (
        -u1 * (y_tilde * a_eta + q * cos * inv_r_eta + i2 * sin)
        - u2 * (y_tilde * a_xi + cos * theta - i1 * sc)
        + u3 * (-depth * a_xi - sin * b - i1 * ss)
    )
    fz = (
        -u1 * (depth * a_eta + q * sin * inv_r_eta + i4 * sin)
        - u2 * (depth * a_xi + sin * theta - i5 * sc)
        + u3 * (y_tilde * a_xi + cos * b - i5 * ss)
    )
    return fx, fy, fz
