"""What the tests that kill parts of a Ray cluster share: commands that join it, waiting, what is left."""

import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from tests.platform.ray_head import Head, Node, ray_environment

from .builds import SLIPBENCH

#: Seconds that any one step may take, also on a machine with other work.
PATIENCE = 200
#: Seconds after which a command has ended whose cluster is gone.
BOUND = 90
#: A suite of few cells, and how many.
SUITE = [
    "bench",
    "nowcast_demo",
    "modalities=[ab]",
    "splits=[random]",
    "decoders=[{decoder: random_forest, trees: 200, threads: 1}, {decoder: ridge}]",
]
#: What processes of Ray's own are called, and workers that have nothing to do.
OWN = ("ray::IDLE", "ray::DashboardAgent", "ray::RuntimeEnvAgent", "ray::_AutoscalingCoordinatorActor")
TRAINER = """
defaults:
  - dataset: {demo}
name: small
epochs: {epochs}
patience: {epochs}
batch_size: 13
accelerator: cpu
precision: 64-true
model:
  model: img
  width: 0.1
  dropout: 0.0
dataset:
  n_samples: 64
  rows_per_shard: 32
  n_stations: 30
  representations: [img]
search:
  trials: 2
  epochs: {epochs}
  grace_epochs: {epochs}
  space:
    learning_rate: {{low: 1.0e-4, high: 1.0e-2, log: true}}
"""


def write_trainer(folder: Path, epochs: int = 12) -> Path:
    """A small trainer in float64 (as in tests/trainers/test_devices.py), with a search."""
    demo = Path(__file__).resolve().parents[2] / "configs" / "datasets" / "source_demo.yaml"
    path = folder / "small.yaml"
    path.write_text(TRAINER.format(demo=demo, epochs=epochs))
    return path


def start(head: Head, home: Path, *arguments: object) -> subprocess.Popen:
    """A command with the cluster's token; what takes no ``--ray`` finds the cluster by ``RAY_ADDRESS``."""
    return subprocess.Popen(
        [str(SLIPBENCH), *map(str, arguments), "--json"],
        env=ray_environment() | {"SLIPBENCH_HOME": str(home), "RAY_ADDRESS": head.address},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process: subprocess.Popen, code: int, patience: float = PATIENCE) -> tuple[str, str]:
    """Standard output and error of a command that ends with the code and without a traceback."""
    try:
        out, told = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"no end within {patience} s: {process.communicate()[1]}") from None
    assert process.returncode == code, told
    assert "Traceback" not in told
    return out, told


def kill(process: subprocess.Popen) -> None:
    """Kill a command as the system does when memory is short."""
    process.kill()
    process.communicate()


def wait(until: Callable[[], object], process: subprocess.Popen | None = None) -> None:
    """Wait until something is so, while the process runs."""
    deadline = time.monotonic() + PATIENCE
    while not until():
        assert process is None or process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def busy(nodes: Iterable[Node]) -> list[psutil.Process]:
    """Workers that belong to a command, so not the agents of a node; Ray names them after what they do."""
    found = []
    for node in nodes:
        for process in node.processes():
            try:
                name = process.cmdline()[0]
            except (psutil.Error, IndexError):
                continue
            if name.startswith("ray::") and not name.startswith(OWN):
                found.append(process)
    return found


def cells(home: Path) -> dict[str, int]:
    """Moments when the cells of the suite were written."""
    return {p.name: p.stat().st_mtime_ns for p in home.glob("results/nowcast_demo-*/cells/*.parquet")}
