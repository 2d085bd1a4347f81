"""Cells an hour of the demo's decoder suite by the command line: in one process, and as Ray tasks."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from slipbench.benchmarks.results import models_of, read_table
from slipbench.benchmarks.run import TABLE
from slipbench.benchmarks.speed.measure import Row
from slipbench.benchmarks.speed.process import slipbench

SUITE = "nowcast_demo"
#: Seeds of the timed cells; the store and the embeddings are made before with another one.
FIRST, TIMED = "seeds=[0]", "seeds=[1,2,3,4]"
RAY = ("--ray", "here")


def rows() -> Iterator[Row]:
    """Wall time of the whole command: start, cells, report and tracking.

    Raises
    ------
    RuntimeError
        When a run fails.
    """
    with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as home:
        _bench(home, FIRST)
        alone = _bench(home, TIMED, "name=alone")
        side_by_side = _bench(home, TIMED, "name=side_by_side", *RAY)
        n = _cells(Path(home), "alone")
    cores = os.cpu_count()
    yield Row(f"{n} cells of {SUITE}, one process", 3600 * n / alone, "cells/h")
    what = f"{n} cells of {SUITE}, Ray tasks on {cores} cores"
    yield Row(what, 3600 * n / side_by_side, "cells/h", "one process", alone / side_by_side)


def _bench(home: str, *options: str) -> float:
    """Seconds of one run."""
    return slipbench(home, "bench", SUITE, *options).seconds


def _cells(home: Path, name: str) -> int:
    """Models' cells of a suite that ran once."""
    (path,) = home.glob(f"results/{name}-*/{TABLE}")
    return int(models_of(read_table([path]))["cell"].nunique())
