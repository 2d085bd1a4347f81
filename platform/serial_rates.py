"""``python -m slipbench.platform.serial_rates``: what one process of a suite gets done in a second, as JSON.

Cells that compute nothing show what is left: handing them out, taking their results and writing them, and
their runs in MLflow. `slipbench.benchmarks.speed.scale` asks for these rates by this command. Runs are
tracked in an SQLite file and, where ``SLIPBENCH_TRACKING`` names one, in that database or server.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import HERE, Executor, run_suite
from slipbench.benchmarks.suites.base import Inputs
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.reader import Store
from slipbench.platform.config.cluster import GpuRequest
from slipbench.platform.empty_suite import EmptySuite, empty_plan
from slipbench.platform.nodes import CPU, Nodes
from slipbench.platform.ray_cells import ray_cells
from slipbench.platform.ray_session import ray_session
from slipbench.platform.records import cell_records
from slipbench.platform.tracking import Record, Tracker
from slipbench.platform.versions import code_version

#: Places that the queue of tasks is as deep as: a cluster's, so that it never runs dry on a small machine.
PLACES = 64


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def cells_per_second(n_cells: int, executor: Executor, folder: Path) -> tuple[float, pd.DataFrame]:
    """Rate of `run_suite` on cells that compute nothing, and their results table."""
    build(empty_plan(), folder / "store")
    inputs = Inputs(Store(folder / "store"), {}, folder)
    # a few cells first, so that the workers have loaded what they need
    run_suite(EmptySuite(PLACES), inputs, folder / "before", executor=executor)
    suite = EmptySuite(n_cells)
    seconds = _seconds(lambda: run_suite(suite, inputs, folder / "out", executor=executor))
    return n_cells / seconds, read_table([folder / "out" / "results.parquet"])


def runs_per_second(uri: str, records: list[Record], folder: Path) -> float:
    """Rate of `Tracker.log_suite` on new runs; a first one has made the tables of an empty database."""
    tracker = Tracker(uri, folder)
    tracker.log_suite(Record("first", "first"), [])
    return len(records) / _seconds(lambda: tracker.log_suite(Record("all", "all"), records))


def main() -> None:
    """Measure and print one JSON object: rates (1/s) by name, and those of tracking by database."""
    parser = argparse.ArgumentParser(prog="python -m slipbench.platform.serial_rates", description=__doc__)
    parser.add_argument("--cells", type=int, default=1000, help="cells that compute nothing")
    parser.add_argument("--runs", type=int, default=300, help="runs that are tracked, at most one a cell")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="slipbench-scale-") as made:
        folder = Path(made)
        alone, table = cells_per_second(arguments.cells, HERE, folder / "alone")
        with ray_session():
            queue = ray_cells(Nodes(({CPU: float(PLACES)},)), GpuRequest())
            ray, _ = cells_per_second(arguments.cells, queue, folder / "ray")
        records: list[Record] = []
        scored = _seconds(lambda: records.extend(cell_records(table)))
        some = records[: arguments.runs]
        places = {"SQLite": f"sqlite:///{folder}/mlflow.db"}
        if uri := os.environ.get("SLIPBENCH_TRACKING"):
            places[uri.partition(":")[0]] = uri
        tracked = {name: runs_per_second(uri, some, folder) for name, uri in places.items()}
    print(
        json.dumps(
            {
                "code_version": code_version(),
                "cells_in_this_process": alone,
                "cells_by_ray": ray,
                "cells_scored": len(records) / scored,
                "runs_tracked": tracked,
            }
        )
    )


if __name__ == "__main__":
    main()
