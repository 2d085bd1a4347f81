"""Okada (1985) in torch: any device, float64 or float32, differentiable in sources and stations.

The same arrangement of the formulas as okada_fields.h, whose header derives it: corners merged, differences
of corners in closed form, no division by cos(dip).
"""

import math
from typing import Any

import torch
from torch import Tensor

_FIELDS = ("east", "north", "depth", "strike", "dip", "rake", "length", "width", "slip", "opening")
# Below these arguments the remainders of arctangent and logarithm come from their series.
_ATAN_LIMIT, _ATAN_TERMS = 0.2, 13
_LOG_LIMIT, _LOG_TERMS = 0.2, 12


def displacement(sources: Any, east: Tensor, north: Tensor, poisson: float = 0.25) -> Tensor:
    """Displacement of the free surface caused by each source.

    Parameters
    ----------
    sources : object with the fields of ``okada.Sources``
        Tensors of shape (...,), metres and degrees; dip 0 ... 90.
    east, north : Tensor, shape (m,) or (..., m)
        Stations on the same flat map, metres. Their dtype and device are those of the work.
    poisson : float
        Poisson ratio of the half-space.

    Returns
    -------
    Tensor, shape (..., m, 3)
        East, north, up displacement, metres. Gradients are finite wherever the field is smooth; at a corner
        of a fault that touches the surface neither is defined, and on the plane of a fault (q = 0) the jump
        is left out, as by Okada (1985, p. 1148). Far from a small fault the closed form has a
        relative error of eps (R / size)^2; only the compiled kernel goes over to point sources there.

    Raises
    ------
    ValueError
        When a source reaches above the surface or its dip is outside 0 ... 90 degrees.
    """
    field = {
        name: torch.as_tensor(getattr(sources, name), dtype=east.dtype, device=east.device)[..., None]
        for name in _FIELDS
    }
    dip, width, depth = field["dip"], field["width"], field["depth"]
    sin, cos = _sind(dip), _sind(90 - dip)
    reach = width / 2 * sin
    tolerance = max(1e-9, 4 * torch.finfo(east.dtype).eps)
    if bool(((dip < 0) | (dip > 90)).any()):
        raise ValueError("dip must lie in 0 ... 90 degrees")
    if bool((depth - reach < -tolerance * (depth + reach + width)).any()):
        raise ValueError("the fault reaches above the surface")
    along, across = _sind(field["strike"]), _sind(90 - field["strike"])
    slip, turned = field["slip"], field["rake"]
    u = (slip * _sind(90 - turned), slip * _sind(turned), field["opening"])
    # Lengths near 1 keep products of eight of them within float32.
    unit = torch.exp2(-torch.round(torch.log2(field["length"] + width + depth))).detach()
    de, dn = (east - field["east"]) * unit, (north - field["north"]) * unit
    length, width = field["length"] * unit, width * unit
    x = de * along + dn * across + length / 2
    y = dn * along - de * across + width / 2 * cos
    deep, shallow = (depth + reach) * unit, ((depth - reach) * unit).clamp(min=0)
    ux, uy, uz = _fields(x, y, deep, shallow, sin, cos, length, width, u, 1 - 2 * poisson)
    return torch.stack([ux * along - uy * across, ux * across + uy * along, uz], dim=-1)


def _sind(degrees: Tensor) -> Tensor:
    """Sine of degrees, exact at multiples of 90."""
    reduced = torch.where(degrees.abs() <= 180, degrees, torch.remainder(degrees + 180, 360) - 180)
    folded = torch.where(reduced.abs() > 90, torch.copysign(180 - reduced.abs(), reduced), reduced)
    return torch.sin(folded * (math.pi / 180))  # torch.deg2rad rounds its factor to float32


def _fields(
    x1: Tensor,
    y1: Tensor,
    d1: Tensor,
    d2: Tensor,
    s: Tensor,
    c: Tensor,
    length: Tensor,
    width: Tensor,
    u: tuple[Tensor, Tensor, Tensor],
    k: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Displacement along strike, to its left and up; lengths in any common unit."""
    e1 = y1 * c + d1 * s
    q = y1 * s - d1 * c
    x2, e2, y2 = x1 - length, e1 - width, y1 - width * c
    qq, one, wc, ws = q * q, 1 + s, width * c, width * s
    c_one = c / one
    over_eta = [_EtaPair(x, e1, e2, qq, width) for x in (x1, x2)]
    a, b = over_eta
    h1, h2 = (
        _inverse_difference(x1, x2, r1, r2, e * e + qq, length)
        for e, r1, r2 in ((e1, a.r1, b.r1), (e2, a.r2, b.r2))
    )
    e_sum, f_sum = a.inverse - b.inverse, 1 / (a.r2 * a.re2) - 1 / (b.r2 * b.re2)
    s_xi, s_q = q * (x1 * a.inverse - x2 * b.inverse), qq * e_sum
    s_r = q * (b.dr / (b.r1 * b.r2) - a.dr / (a.r1 * a.r2))
    s_y, s_d = q * (y1 * e_sum + wc * f_sum), q * (d1 * e_sum + ws * f_sum)
    s_e = q * (b.de / (b.re1 * b.re2) - a.de / (a.re1 * a.re2))
    h_y, h_d = q * (y1 * h1 - y2 * h2), q * (d1 * h1 - d2 * h2)
    theta = _solid_angle(x1, x2, e1, e2, q, a, b, length * width)

    def corner(x: Tensor, r: Tensor, e: Tensor, d: Tensor, re: Tensor) -> tuple[Tensor, ...]:
        den, big_q = r + d, one * re - q * c
        share = (q * (1 - 2 * s) - c_one * (re + 2 * s * e)) / (den * big_q)
        return den, big_q, (c_one * e + q) / den, x / big_q, x * share

    den11, _, a11, x11, j11 = corner(x1, a.r1, e1, d1, a.re1)
    den12, q12, a12, x12, j12 = corner(x1, a.r2, e2, d2, a.re2)
    den21, q21, a21, x21, j21 = corner(x2, b.r1, e1, d1, b.re1)
    den22, _, a22, x22, j22 = corner(x2, b.r2, e2, d2, b.re2)

    n1, n2 = -x11 * one * a.de / q12, x22 * one * b.de / q21
    xa, xb = x11 * x12, x22 * x21
    v1, v2 = n1 / (1 + c * c * xa), n2 / (1 + c * c * xb)
    atan_c, rest = _arctangents(v1, v2, xa, xb, n1 + n2, c)
    i1 = k * (j11 - j12 - j21 + j22 + 2 * s * rest)
    i5 = -2 * k * atan_c

    log_e = torch.log1p((a.de * b.re2 - b.de * a.re2) / (a.re2 * b.re1))
    w1, w2 = a.dr + ws, b.dr + ws
    b1, b2 = (wc / one - a11 * w1) / a.re2, (a22 * w2 - wc / one) / b.re1
    over_c, excess = _logarithm(b1 + b2 + c * b1 * b2, c)
    s_eta = (width - e1 * w1 / den11) / den12 - (width - e1 * w2 / den21) / den22
    i4 = k * (c_one * log_e - over_c)
    i3 = k * ((s_eta - log_e) / one + s * (a12 * b1 + a21 * b2 - b1 * b2 - excess))
    i2 = -k * log_e - i3

    u1, u2, u3 = (v / (2 * math.pi) for v in u)
    sc, ss, t = s * c, s * s, s_xi - theta
    ux = u3 * (s_q - i3 * ss) - u1 * (s_xi + theta + i1 * s) - u2 * (s_r - i3 * sc)
    uy = u3 * (-h_d - s * t - i1 * ss) - u1 * (s_y + c * s_e + i2 * s) - u2 * (h_y + c * theta - i1 * sc)
    uz = u3 * (h_y + c * t - i5 * ss) - u1 * (s_d + s * s_e + i4 * s) - u2 * (h_d + s * theta - i5 * sc)
    return ux, uy, uz


class _EtaPair:
    """The two corners at one xi: R and R + eta (re) of both, their differences, D[1 / (R (R + eta))]."""

    def __init__(self, x: Tensor, e1: Tensor, e2: Tensor, qq: Tensor, width: Tensor) -> None:
        rho = x * x + qq
        self.r1, self.r2 = torch.sqrt(rho + e1 * e1), torch.sqrt(rho + e2 * e2)
        self.re1, self.re2 = (
            torch.where(e < 0, rho / (r - e.clamp(max=0)), r + e.clamp(min=0))
            for e, r in ((e1, self.r1), (e2, self.r2))
        )
        total = self.r1 + self.r2
        self.dr = width * (e1 + e2) / total
        self.de = width * (self.re1 + self.re2) / total
        self.inverse = _inverse_difference(e1, e2, self.r1, self.r2, rho, width)


def _inverse_difference(z1: Tensor, z2: Tensor, r1: Tensor, r2: Tensor, rho: Tensor, step: Tensor) -> Tensor:
    """1 / (R1 (R1 + z1)) - 1 / (R2 (R2 + z2)) with z1 - z2 = step and R^2 - z^2 = rho for both."""
    alike = z1 * z2 > 0
    m, n = z1 * r2, z2 * r1
    below = torch.where(alike, m + n, rho)
    return -torch.where(alike, step * (z1 + z2), m - n) / (r1 * r2 * below)


def _solid_angle(
    x1: Tensor, x2: Tensor, e1: Tensor, e2: Tensor, q: Tensor, a: _EtaPair, b: _EtaPair, area: Tensor
) -> Tensor:
    """Signed sum of atan(xi eta / (q R)): the solid angle of the rectangle, with the sign of q."""
    z = q.abs()
    ar, ai = z * z * a.r1 * a.r2 + x1 * x1 * e1 * e2, z * x1 * (e1 * a.r2 - e2 * a.r1)
    br, bi = z * z * b.r1 * b.r2 + x2 * x2 * e1 * e2, z * x2 * (e2 * b.r1 - e1 * b.r2)
    real, imaginary = ar * br - ai * bi, ar * bi + ai * br
    flat = q == 0
    angle = torch.atan2(torch.where(flat, 0.0, imaginary), torch.where(flat, 1.0, real))
    inside = (x1 * x2 < 0) & (e1 * e2 < 0) & (q * q < area)
    angle = torch.where((angle < 0) & ((real < 0) | inside), angle + 2 * math.pi, angle)
    return torch.where(flat, 0.0, torch.where(q < 0, -angle, angle))


def _arctangents(
    v1: Tensor, v2: Tensor, xa: Tensor, xb: Tensor, plain: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """S[atan(c X)] / c, and (S[atan(c X)] / c - S[X]) / c."""
    real, im = 1 - c * c * v1 * v2, v1 + v2
    small = (c * im).abs() < _ATAN_LIMIT * real
    v = im / torch.where(small, real, 1.0)
    z = torch.where(small, (c * v) ** 2, 0.0)
    series = _polynomial(z, [(-1.0) ** n / (2 * n + 1) for n in range(1, _ATAN_TERMS + 1)])
    near = v + c * c * v**3 * series
    near_rest = c * (v1 * v2 * v - xa * v1 - xb * v2 + v**3 * series)
    safe = torch.where(small, 1.0, c)
    far = torch.atan2(torch.where(small, 0.0, c * im), torch.where(small, 1.0, real)) / safe
    return torch.where(small, near, far), torch.where(small, near_rest, (far - plain) / safe)


def _logarithm(a: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """ln(1 + c a) / c, and (ln(1 + c a) / c - a) / c."""
    t = c * a
    small = t.abs() < _LOG_LIMIT
    s = torch.where(small, t / (2 + t), 0.0)
    h = torch.where(small, 1 / (2 + t), 1.0)
    series = _polynomial(s * s, [1 / (2 * n + 1) for n in range(1, _LOG_TERMS + 1)])
    square = 2 * s * h * h * series - h
    safe = torch.where(small, 1.0, c)
    far = torch.log1p(torch.where(small, 0.0, t)) / safe
    return torch.where(small, a + a * t * square, far), torch.where(small, a * a * square, (far - a) / safe)


def _polynomial(z: Tensor, coefficients: list[float]) -> Tensor:
    """Sum of coefficients[i] z^i."""
    total = torch.full_like(z, coefficients[-1])
    for value in reversed(coefficients[:-1]):
        total = total * z + value
    return total
