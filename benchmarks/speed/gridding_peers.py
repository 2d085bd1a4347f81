"""Other gridders on the stations of our own rows. None but SciPy is a dependency.

Each is asked for what it does by default: GMT and pyGMT stop at their default convergence limit, which is
quicker and coarser than the limit that our grids agree with (docs/results/gmt_parity.md). pyGMT wants GMT's
library as ``libgmt.so`` (``GMT_LIBRARY_PATH``) and is particular about its version: 0.14 runs with GMT 6.4.
"""

import contextlib
import importlib
import io
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.interpolate import RBFInterpolator

from slipbench.benchmarks.speed.gmt import have_gmt
from slipbench.datasets.gridding.grid import Grid

Call = Callable[[], object]


@dataclass(frozen=True)
class Peer:
    """A peer's work on some fields, or why there is none.

    Parameters
    ----------
    name : str
        What it is.
    fields : int
        Fields that a call grids.
    call : callable or None
        Grids them.
    start : callable or None
        Only starts its processes.
    """

    name: str
    fields: int = 1
    call: Call | None = None
    start: Call | None = None


def peers(lat: np.ndarray, lon: np.ndarray, values: np.ndarray, grid: Grid, folder: Path) -> Iterator[Peer]:
    """Every peer, for values of shape (fields, m); `folder` takes files."""
    yield _gmt(lat, lon, values[0], grid, folder)
    for name, module, make in (("pyGMT, in memory", "pygmt", _pygmt), ("verde Spline", "verde", _verde)):
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                yield Peer(name, call=make(importlib.import_module(module), lat, lon, values[0], grid))
        except ImportError:
            yield Peer(f"{name}: not installed")
        except Exception as reason:  # pyGMT has errors of its own for a missing or old GMT
            yield Peer(f"{name}: cannot be used ({type(reason).__name__})")
    places, nodes = np.stack([lat, lon], 1), np.stack(_nodes(grid), -1)
    for n in (1, 20):
        some = values[:n].T

        def call(some: np.ndarray = some) -> object:
            return RBFInterpolator(places, some, kernel="thin_plate_spline")(nodes)

        yield Peer(f"scipy RBF, thin plate, {n} field{'s at once' if n > 1 else ''}", n, call)


def _nodes(grid: Grid) -> list[np.ndarray]:
    return [x.ravel() for x in np.meshgrid(grid.latitude, grid.longitude, indexing="ij")]


def _region(grid: Grid) -> list[float]:
    x, y = grid.longitude, grid.latitude
    return [x[0], x[-1], y[0], y[-1]]


def _gmt(lat: np.ndarray, lon: np.ndarray, z: np.ndarray, grid: Grid, folder: Path) -> Peer:
    name = "GMT command line, blockmedian and surface"
    if not have_gmt():
        return Peer(f"{name}: not installed")
    np.stack([lon, lat, z], axis=1).tofile(folder / "in.bin")
    region = "-R" + "/".join(f"{x:.12g}" for x in _region(grid))
    block = f"gmt blockmedian in.bin -bi3d -bo3d {region} -I{grid.block_arcmin}m"
    surface = f"gmt surface -bi3d {region} -I{grid.step_arcmin}m -T{grid.tension} -Gout.nc"

    def run(command: str) -> Call:
        return lambda: subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)

    return Peer(name, 1, run(f"{block} | {surface}"), run("gmt --version | gmt --version"))


def _pygmt(pygmt: Any, lat: np.ndarray, lon: np.ndarray, z: np.ndarray, grid: Grid) -> Call:
    region = _region(grid)

    def call() -> object:
        medians = pygmt.blockmedian(x=lon, y=lat, z=z, spacing=f"{grid.block_arcmin}m", region=region)
        step = f"{grid.step_arcmin}m"
        return pygmt.surface(data=medians, spacing=step, region=region, tension=grid.tension)

    call()
    return call


def _verde(verde: Any, lat: np.ndarray, lon: np.ndarray, z: np.ndarray, grid: Grid) -> Call:
    nodes = tuple(reversed(_nodes(grid)))

    def call() -> object:
        return verde.Spline().fit((lon, lat), z).predict(nodes)

    call()
    return call
