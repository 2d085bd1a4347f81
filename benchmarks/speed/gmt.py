"""GMT's ``blockmedian | surface`` as a peer: the command line, run in a folder of its own."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from slipbench.datasets.gridding.spline import Grid

#: -C is in units of the values (mm here); the limit of iterations is high enough for it to decide.
LIMIT = "-C1e-5 -N5000"


def have_gmt() -> bool:
    """Whether the command ``gmt`` is on the path."""
    return shutil.which("gmt") is not None


def gmt_version() -> str:
    """What ``gmt --version`` prints."""
    return subprocess.run(["gmt", "--version"], check=True, capture_output=True, text=True).stdout.strip()


def gmt_grid(
    lat: np.ndarray, lon: np.ndarray, values: np.ndarray, grid: Grid, more: str = LIMIT
) -> np.ndarray:
    """One field gridded by GMT on the nodes of `grid`, no mask.

    Parameters
    ----------
    lat, lon, values : ndarray, shape (m,)
        Stations (degrees) and their values.
    grid : Grid
        Nodes, block size and tension.
    more : str
        Further options of ``surface``.

    Returns
    -------
    ndarray, shape (rows, columns)
        Row 0 is the southernmost.
    """
    x, y = grid.longitude, grid.latitude
    region = f"-R{x[0]:.12g}/{x[-1]:.12g}/{y[0]:.12g}/{y[-1]:.12g}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.stack([lon, lat, values], axis=1).tofile(folder / "in.bin")
        block = f"gmt blockmedian in.bin -bi3d -bo3d {region} -I{grid.block_arcmin}m -fg > blocks.bin"
        how = f"-I{grid.step_arcmin}m -T{grid.tension} {more}"
        surface = f"gmt surface blocks.bin -bi3d {region} {how} -fg -Gout.nc"
        for command in (block, surface, "gmt grd2xyz out.nc -bo3d > out.bin"):
            subprocess.run(command, shell=True, cwd=folder, check=True, capture_output=True)
        z = np.fromfile(folder / "out.bin").reshape(grid.rows, grid.columns, 3)[..., 2]
    return z[::-1]
