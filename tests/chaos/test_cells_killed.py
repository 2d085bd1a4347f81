"""The driver of a suite is killed while its cells are Ray tasks; the same command computes the others."""

import json
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from slipbench.benchmarks.results import read_table

from .builds import PATIENCE, SLIPBENCH, environment
from .on_ray import cells

SMALL = [
    "modalities=[ab]",
    "splits=[random, chronological]",
    "seeds=[0, 1, 2, 3, 4]",
    "decoders=[{decoder: random_forest, trees: 40}, {decoder: ridge}]",
]


def _start(home: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [SLIPBENCH, "bench", "nowcast_demo", *SMALL, "--ray", "here", "--json"],
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


@pytest.mark.service
@pytest.mark.timeout(290)
def test_a_killed_driver_loses_the_running_cells_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    hurt = _start(home)
    deadline = time.monotonic() + PATIENCE
    while len(cells(home)) < 5:
        assert hurt.poll() is None, hurt.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    children = psutil.Process(hurt.pid).children(recursive=True)
    hurt.send_signal(signal.SIGKILL)
    hurt.communicate()
    before = cells(home)

    again = _start(home)
    out, told = again.communicate(timeout=200)
    assert again.returncode == 0, told
    (suite,) = json.loads(out)["suites"]
    after = cells(home)
    assert len(before) < len(after)
    assert {name: after[name] for name in before} == before
    assert f"{len(after) - len(before)} of {len(after)} cells to compute" in told
    table = read_table([Path(suite["table"])])
    assert table["cell"].nunique() == len(after)
    assert set(table["status"]) == {"ok"}
    deadline = time.monotonic() + PATIENCE
    while not _gone(children):  # Ray ends with its driver, its agents a minute later
        assert time.monotonic() < deadline
        time.sleep(0.1)
