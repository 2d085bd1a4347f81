"""Gridded stores are the same bytes whatever BLAS was told about threads."""

import os
import subprocess
import sys

import pytest

PREPARE = """
import hashlib, sys
from pathlib import Path
import numpy as np
from slipbench.datasets.recipes.build import build
"""
NOWCAST = """
from slipbench.datasets.recipes.nowcast import Nowcast as Recipe
from slipbench.datasets.recipes.nowcast_options import NowcastOptions as Options
options = Options(recipe="nowcast", name="small", source="simulated", start="2015-01-01", end="2015-10-31",
                  grid_size=40, window_days=32, min_events=20, rows_per_shard=64, mc=4.0,
                  simulated_stations=300)
"""
SOURCE = """
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic as Recipe
from slipbench.datasets.recipes.source_options import SourceSyntheticOptions as Options
options = Options(recipe="source_synthetic", name="small", n_samples=64, rows_per_shard=32, stations="made",
                  representations=("img", "its"))
"""
BUILD = """
folder = Path(sys.argv[1])
build(Recipe(options, None).plan(), folder)
for path in sorted(p for p in folder.rglob("*") if p.is_file() and "/c/" in str(p)):
    print(path.relative_to(folder), hashlib.sha256(path.read_bytes()).hexdigest())
"""


GRIDDERS = """
import hashlib
import numpy as np
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.gridding.grid import Grid
from slipbench.datasets.gridding.local_linear import LocalLinear, grid_nodes
from slipbench.datasets.gridding.spline import SplineGridder
PIN
rng = np.random.default_rng(0)
lat, lon = rng.uniform(35, 41, 300), rng.uniform(139.3, 142.1, 300)
values = rng.normal(size=(64, 300))
some = np.where(rng.random(values.shape) < 0.1, np.nan, values)
spline = SplineGridder(Grid()).fit(lat, lon)
nodes = grid_nodes(34, 42, 40), grid_nodes(138, 143, 40)
small = LocalLinear(4e5).fit(lat, lon, *nodes)
large = LocalLinear(4e5).fit(rng.uniform(35, 41, 900), rng.uniform(139, 142, 900), *nodes)  # thin factors
days = np.where(rng.random((32, 900, 1)) < 0.1, np.nan, rng.normal(size=(32, 900, 1)))
for grid in (
    spline.transform(values),
    spline.transform(some[:6]),
    small.transform(some[..., None])[0],
    large.transform(days)[0],
):
    print(hashlib.sha256(grid.tobytes()).hexdigest())
"""


def printed(script, threads, *arguments):
    env = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout


@pytest.mark.parametrize("recipe", [NOWCAST, SOURCE], ids=["nowcast", "source"])
def test_stores_do_not_depend_on_threads(recipe, tmp_path):
    one, two = (printed(PREPARE + recipe + BUILD, n, str(tmp_path / n)) for n in ("1", "2"))
    assert one.count("\n") >= 4
    assert one == two


def test_no_bit_of_a_grid_depends_on_threads():
    """In double precision, where hardly a bit is rounded away, on one BLAS thread as stores are made."""
    pinned = GRIDDERS.replace("PIN", "pinned = one_blas_thread()")
    one, two = (printed(pinned, n) for n in ("1", "2"))
    assert one.count("\n") == 4
    assert one == two
