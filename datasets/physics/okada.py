"""Static surface displacement of rectangular dislocations in an elastic half-space (Okada 1985).

The work is done by a compiled kernel (okada_kernel.c, built when the package is installed) and, where there
was no compiler, by NumPy (okada_numpy.py); ``kernel`` says which. `okada_torch` is the differentiable one.
"""

from importlib import import_module
from typing import Any

import numpy as np

from slipbench.datasets.physics import okada_numpy
from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada_sources import Sources, check

__all__ = ["Sources", "displacement", "instruction_sets", "kernel"]

Array = np.ndarray


def _built() -> Any:
    """The compiled module, None where the package was installed without a compiler."""
    try:
        return import_module("slipbench.datasets.physics._okada")
    except ImportError:
        return None


_okada = _built()


def kernel() -> str:
    """Which code `displacement` runs: ``"c"`` or, without the compiled kernel, ``"numpy"``.

    The two differ in the last digits; all instruction sets of ``"c"`` give the same bits.
    """
    return "numpy" if _okada is None else "c"


def instruction_sets() -> tuple[str, ...]:
    """Instruction sets of the compiled kernel that this machine can run, slowest first; the last is used."""
    return () if _okada is None else _okada.sets()


def displacement(
    sources: Sources, east: Array, north: Array, poisson: float = 0.25, dtype: Any = np.float64
) -> Array:
    """Displacement of the free surface caused by each source.

    Parameters
    ----------
    sources : Sources
        n rectangular dislocations.
    east, north : ndarray, shape (m,) or (n, m)
        Stations on the same flat map, metres; the same for all sources, or a row per source.
    poisson : float
        Poisson ratio of the half-space.
    dtype : {numpy.float64, numpy.float32}
        Precision of the result and, in the compiled kernel, of the work.

    Returns
    -------
    ndarray, shape (n, m, 3)
        East, north, up displacement in metres. At a point on the edge of a fault that just reaches the
        surface, where the field is not defined, the singular terms are left out (Okada 1985, p. 1148).

    Raises
    ------
    ValueError
        When a source reaches above the surface, its dip is outside 0 ... 90 degrees, or the precision is
        another one.

    Notes
    -----
    float64 is within 1e-10 of a source's greatest displacement (50-digit evaluation of 220 rectangles,
    3 kinds of slip each, in the tests). Error vectors of float32 over 600,000 pairs, all mechanisms,
    stations within 400 km, by ``python tests/datasets/okada_float32.py``:

    ============================================= ====== ====== ====== ====== ======
    part of                                       median   90 %   99 % 99.9 %    all
    ============================================= ====== ====== ====== ====== ======
    the pair's own displacement                   1.4e-7 1.1e-6 5.2e-6 1.7e-5 3.0e-4
    the greatest displacement of the same source  3.0e-9 5.7e-8 2.1e-7 6.1e-7 9.6e-6
    ============================================= ====== ====== ====== ====== ======

    Beyond 80 (float32: 6) half diagonals the closed form cancels; the compiled kernel sums 9 point sources.

    References
    ----------
    Okada (1985), equations 8-10 and 24-30, with the reference corner moved to the centroid.
    """
    dtype = np.dtype(dtype)
    if dtype not in (np.float64, np.float32):
        raise ValueError(f"precision must be float64 or float32, not {dtype}")
    if _okada is None:
        return okada_numpy.displacement(sources, east, north, poisson).astype(dtype, copy=False)
    return compiled(sources, east, north, poisson, dtype, len(_okada.sets()) - 1)


def compiled(
    sources: Sources, east: Array, north: Array, poisson: float, dtype: np.dtype, instruction_set: int
) -> Array:
    """`displacement` by one of `instruction_sets`, named by its place."""
    check(sources)
    east, north = (np.ascontiguousarray(a, np.float64) for a in (east, north))
    if east.shape != north.shape or east.shape[:-1] not in ((), (len(sources),)):
        raise ValueError(f"stations of shape {east.shape} and {north.shape} for {len(sources)} sources")
    out = np.empty((len(sources), east.shape[-1], 3), dtype)
    if out.size and _okada.fill(
        instruction_set, dtype == np.float32, east.ndim == 1, _rows(sources, poisson), east, north, out
    ):
        _singular(out, sources, east, north, poisson)
    return out


def _rows(sources: Sources, poisson: float) -> Array:
    """The sources as ``struct rectangle`` of okada_kernel.c, in its order."""
    s = {name: np.asarray(value, np.float64) for name, value in vars(sources).items()}
    sin, cos = sind(s["dip"]), cosd(s["dip"])
    # A power of two: nothing is rounded, and products of eight lengths stay within float32.
    unit = np.exp2(-np.round(np.log2(s["length"] + s["width"] + s["depth"])))
    reach = s["width"] / 2 * sin
    slip = s["slip"] / (2 * np.pi)
    columns = (
        s["east"],
        s["north"],
        sind(s["strike"]),
        cosd(s["strike"]),
        sin,
        cos,
        s["length"] * unit,
        s["width"] * unit,
        (s["depth"] + reach) * unit,
        np.maximum(s["depth"] - reach, 0.0) * unit,
        slip * cosd(s["rake"]),
        slip * sind(s["rake"]),
        s["opening"] / (2 * np.pi),
        np.full(len(sources), 1 - 2 * poisson),
        unit,
    )
    return np.ascontiguousarray(np.stack(columns, axis=1))


def _singular(out: Array, sources: Sources, east: Array, north: Array, poisson: float) -> None:
    """Work out again, by NumPy, the stations at which a corner is singular."""
    odd = ~np.isfinite(out).all(axis=-1)
    for i in np.flatnonzero(odd.any(axis=1)):
        alone = Sources(**{name: value[i : i + 1] for name, value in vars(sources).items()})
        at = odd[i] if east.ndim == 1 else (i, odd[i])
        out[i, odd[i]] = okada_numpy.displacement(alone, east[at], north[at], poisson)[0]
