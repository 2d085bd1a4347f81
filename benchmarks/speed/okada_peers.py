"""Other implementations of Okada's displacement, where they are installed, on the sources of our own row.

None is a dependency. ``okada-wrapper`` (Fortran DC3D, also gradients) is in the ``oracles`` extra; ``okada``
(C, also gradients) and ``cutde`` (triangles, two for a rectangle, three kinds of slip) can be installed too.
"""

import ctypes
import importlib
import importlib.metadata
from collections.abc import Callable, Iterator

import numpy as np

from slipbench.datasets.physics.angles import cosd, sind
from slipbench.datasets.physics.okada_sources import Sources

Array = np.ndarray


def peers(sources: Sources, east: Array, north: Array) -> Iterator[tuple[str, int, Callable[[], object]]]:
    """Name, how many station-source pairs a call does, and the call, of every peer that is there."""
    for make in (_wrapper, _c_package, _triangles):
        try:
            yield make(sources, east, north)
        except (ImportError, importlib.metadata.PackageNotFoundError, OSError):
            continue


def _wrapper(sources: Sources, east: Array, north: Array) -> tuple[str, int, Callable[[], object]]:
    """DC3D point by point from Python, in the fault's own coordinates."""
    dc3d = importlib.import_module("okada_wrapper").dc3dwrapper
    few = range(min(4, len(sources)))
    slip, rake = sources.slip, sources.rake

    def call() -> None:
        for i in few:
            s, c = sind(sources.strike[i]), cosd(sources.strike[i])
            x, y = east * s + north * c, north * s - east * c
            length, width = sources.length[i] / 2, sources.width[i] / 2
            u = [slip[i] * cosd(rake[i]), slip[i] * sind(rake[i]), sources.opening[i]]
            for a, b in zip(x, y, strict=True):
                dc3d(
                    2 / 3,
                    [a, b, 0.0],
                    sources.depth[i],
                    sources.dip[i],
                    [-length, length],
                    [-width, width],
                    u,
                )

    return "okada_wrapper (Fortran DC3D)", len(few) * len(east), call


def _c_package(sources: Sources, east: Array, north: Array) -> tuple[str, int, Callable[[], object]]:
    """Its shared library, called directly: the package itself imports plotting libraries."""
    files = importlib.metadata.files("okada") or []
    library = next((f for f in files if f.name.endswith(".so") and ".libs" not in str(f)), None)
    if library is None:
        raise ImportError("okada without its library")
    call_c = ctypes.CDLL(str(library.locate())).compute_okada_displacement
    few = min(64, len(sources))
    s = Sources(**{name: value[:few] for name, value in vars(sources).items()})
    along, across = s.length / 2 * sind(s.strike), s.length / 2 * cosd(s.strike)
    shear = -s.slip * cosd(s.rake), s.slip * sind(s.rake)  # right-lateral, reverse
    reach = s.width / 2 * sind(s.dip)
    # It wants the ends of the upper edge; the displacement then agrees with ours to rounding.
    up_dip = s.width / 2 * cosd(s.dip)
    east_, north_ = s.east - up_dip * cosd(s.strike), s.north + up_dip * sind(s.strike)
    ends = east_ - along, north_ - across, east_ + along, north_ + across
    kind = np.full(few, 100.0)
    elements = np.stack([*ends, kind, *shear, s.dip, s.depth - reach, s.depth + reach], axis=1).copy()
    out = np.zeros(12 * len(east))

    def pointer(a: Array) -> ctypes.c_void_p:
        return ctypes.c_void_p(a.ctypes.data)

    def call() -> None:
        call_c(
            pointer(east),
            pointer(north),
            ctypes.c_int32(len(east)),
            pointer(elements),
            ctypes.c_int32(few),
            ctypes.c_double(75e9),
            ctypes.c_double(0.25),
            ctypes.c_double(0.0),
            pointer(out),
            ctypes.c_int32(1),
        )

    return "PyPI okada (C, one thread)", few * len(east), call


def _triangles(sources: Sources, east: Array, north: Array) -> tuple[str, int, Callable[[], object]]:
    """Two triangles for each rectangle; a pair counts once although three kinds of slip come out."""
    halfspace = importlib.import_module("cutde.halfspace")
    few = min(16, len(sources))
    triangles = np.concatenate([_two_triangles(sources, i) for i in range(few)])
    places = np.stack([east, north, np.zeros_like(east)], axis=1)
    return "cutde (C++, triangles)", few * len(east), lambda: halfspace.disp_matrix(places, triangles, 0.25)


def _two_triangles(sources: Sources, i: int) -> Array:
    s, c = sind(sources.strike[i]), cosd(sources.strike[i])
    along = np.array([s, c, 0.0]) * sources.length[i] / 2
    dip = sources.dip[i]
    up = np.array([-c * cosd(dip), s * cosd(dip), sind(dip)]) * sources.width[i] / 2
    middle = np.array([sources.east[i], sources.north[i], -sources.depth[i]])
    corners = [middle + a * along + b * up for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return np.array([[corners[0], corners[1], corners[2]], [corners[0], corners[2], corners[3]]])
