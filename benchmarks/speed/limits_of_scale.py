"""What does not grow with the number of machines: seals, the process that writes results, one reader."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from slipbench.benchmarks.speed.builds import ALL, CONFIG, NETWORK
from slipbench.benchmarks.speed.cost_model import Network
from slipbench.benchmarks.speed.process import slipbench
from slipbench.benchmarks.speed.training import N_STATIONS, Bare, Case, options_of
from slipbench.datasets.location import make_folder
from slipbench.datasets.recipes.build import compute
from slipbench.datasets.recipes.pools import threads
from slipbench.datasets.store.manifest import MANIFEST, read_manifest
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.writer import building, seal, start
from slipbench.trainers.loader import BlockRows, Loader
from slipbench.trainers.models.registry import MODELS

#: Row arrays of a store of TS, IMG and ITS, so that a shard has as many files.
ARRAYS = ("ts", "img", "its", "source", "target", "split")
MEASURED = ("ts", "img", "its")
BATCH = 64


@dataclass(frozen=True)
class Amounts:
    """How much is timed: shards of sealed stores, empty cells, tracked runs, samples that are read."""

    shards: tuple[int, ...] = (250, 1000, 4000)
    cells: int = 500
    runs: int = 300
    samples: int = 512


FEW = Amounts((50, 100, 200), 100, 30, 256)


@dataclass(frozen=True)
class Sealed:
    """Seconds of the serial steps at a store of so many shards, and the bytes of its manifest."""

    shards: int
    seal: float
    read: float
    open: float
    manifest_bytes: int


@dataclass(frozen=True)
class Serial:
    """Rates (1/s) of one process that hands out cells, writes and scores them, and tracks runs by database.

    And which code it was (`slipbench.platform.versions`).
    """

    code_version: str
    cells_in_this_process: float
    cells_by_ray: float
    cells_scored: float
    runs_tracked: dict[str, float]


def sealed(n_shards: int) -> Sealed:
    """Seal and open a store of so many shards of one small row."""
    with tempfile.TemporaryDirectory(prefix="slipbench-scale-") as made:
        folder, plan = Path(made) / "store", _many(n_shards)
        make_folder(folder)
        with building(folder):
            compute(folder, plan, start(folder, plan), threads, lambda done, total: None)
            sealing = _seconds(lambda: seal(folder, plan))
        reading = _seconds(lambda: read_manifest(folder))
        opening = _seconds(lambda: Store(folder))
        return Sealed(n_shards, sealing, reading, opening, (folder / MANIFEST).stat().st_size)


def serial(amounts: Amounts, tracking: str = "") -> Serial:
    """Rates of the one process of a suite, which belong to the platform and are asked for by command.

    `tracking` is the URI of another MLflow server or database that is timed beside SQLite.

    Raises
    ------
    RuntimeError
        When the command fails.
    """
    command = [sys.executable, "-m", "slipbench.platform.serial_rates"]
    command += ["--cells", str(amounts.cells), "--runs", str(amounts.runs)]
    env = {**os.environ, "SLIPBENCH_TRACKING": tracking}  # a URI may hold a password: no argument
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return Serial(**json.loads(done.stdout.splitlines()[-1]))


@dataclass(frozen=True)
class Stored:
    """A store at the full size of `builds`: bytes of its files a sample, and what its networks read."""

    sample_bytes: float
    networks: tuple[Network, ...]


def stored(n_samples: int) -> Stored:
    """Build a store of TS, IMG and ITS and read it by one reader, from the memory of the system."""
    with tempfile.TemporaryDirectory(prefix="slipbench-scale-") as made:
        out = Path(made) / "store.zarr"
        slipbench(made, "build", CONFIG, *NETWORK, f"n_samples={n_samples}", ALL, "--out", str(out))
        store = Store(out)
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        return Stored(size / len(store), tuple(_networks(store)))


def _networks(store: Store) -> Iterator[Network]:
    for network in MEASURED:
        array = MODELS.get(network).array
        rows = BlockRows(store, (array, "target"), "train")
        batches = Loader(rows, BATCH, 0, 0)

        def epoch(batches: Loader = batches) -> None:
            for _ in batches:
                pass

        epoch()  # the files are in the system's memory from now on
        reading = _seconds(epoch)
        bare = Bare(
            options_of(Case({"model": network}, batch_size=BATCH), N_STATIONS, 1), store, torch.device("cpu")
        )
        bare.epoch()
        training = bare.epoch()
        n = rows.n_rows
        yield Network(network, bare.n_parameters, rows.n_bytes // n, n / reading, bare.n_samples / training)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _many(n_shards: int) -> Plan:
    arrays = [ArraySpec(name, (2,), "float32", ("value",), "1", "made") for name in ARRAYS[:-1]]
    return Plan(
        recipe="shards",
        recipe_version=1,
        options={},
        seed=0,
        n_rows=n_shards,
        rows_per_shard=1,
        arrays=(*arrays, ArraySpec("split", (), "uint8", (), "1", "0 train")),
        static=(),
        attrs={},
        sources=(),
        statistics=MEASURED,
        make=_row,
    )


def _row(shard: int, rows: range, rng: np.random.Generator) -> Shard:
    values = {name: rng.normal(size=(len(rows), 2)).astype(np.float32) for name in ARRAYS[:-1]}
    return Shard({**values, "split": np.zeros(len(rows), np.uint8)})
