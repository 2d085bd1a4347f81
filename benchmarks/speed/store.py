"""Writing and reading a sealed store, beside a NumPy memmap of the same data."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slipbench.benchmarks.speed.measure import Row, alternating, seconds
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store

SHAPE, N_ROWS, SHARD = (76, 36, 2), 4096, 256


@dataclass(frozen=True)
class _Maker:
    block: np.ndarray

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        return Shard({"img": self.block[: len(rows)]})


def _plan(block: np.ndarray, seed: int) -> Plan:
    spec = ArraySpec("img", SHAPE, "float32", ("latitude", "longitude", "component"), "mm", "noise", 16)
    return Plan("speed", 1, {}, seed, N_ROWS, SHARD, (spec,), (), {}, (), (), _Maker(block))


def rows() -> list[Row]:
    """Samples a second of 76 x 36 x 2 images of incompressible noise: build, then whole shards in order."""
    block = np.random.default_rng(0).normal(size=(SHARD, *SHAPE)).astype(np.float32)
    with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as folder:
        root, seeds = Path(folder), iter(range(100))

        def write() -> None:
            seed = next(seeds)
            build(_plan(block, seed), root / f"store-{seed}")

        written = seconds(write, runs=3)
        store = Store(root / "store-0")
        memmap = np.lib.format.open_memmap(root / "peer.npy", "w+", np.float32, (N_ROWS, *SHAPE))
        for rows_ in store.shard_rows():
            memmap[rows_.start : rows_.stop] = block
        memmap.flush()

        def read_memmap() -> None:
            for r in store.shard_rows():
                np.array(memmap[r.start : r.stop])

        ours, peer = alternating(lambda: [None for _ in store.shards("img")], read_memmap)
    return [
        Row(f"store, {N_ROWS} x 76 x 36 x 2 built and sealed", N_ROWS / written, "samples/s"),
        Row("store, whole shards in order", N_ROWS / ours, "samples/s", "NumPy memmap", peer / ours),
    ]
