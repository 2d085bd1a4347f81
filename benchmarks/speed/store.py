"""Writing and reading a sealed store beside a NumPy memmap and plain zarr-python on the same data."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import ArraySpec, Plan, Shard
from slipbench.datasets.store.reader import Store
from slipbench.trainers.loader import BlockRows, Loader

#: Rows of an image time series and of an image, and how many.
SIZES = (((15, 76, 36, 2), 2048), ((76, 36, 2), 8192))
SHARD, SEQUENCE, BATCH, READS = 256, 512, 128, 9


@dataclass(frozen=True)
class _Maker:
    block: np.ndarray

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        return Shard({"x": self.block[: len(rows)], "split": np.zeros(len(rows), np.uint8)})


def _plan(block: np.ndarray, n_rows: int) -> Plan:
    dims = tuple(f"axis{i}" for i in range(1, block.ndim))
    arrays = (
        ArraySpec("x", block.shape[1:], "float32", dims, "mm", "noise"),
        ArraySpec("split", (), "uint8", (), "1", "0 train"),
    )
    return Plan("speed", 1, {}, 0, n_rows, SHARD, arrays, (), {}, (), (), _Maker(block))


def _three(what: str, n: int, seconds: tuple[float, ...]) -> list[Row]:
    ours, memmap, plain = seconds
    peer = "NumPy memmap"
    return [
        Row(f"store, {what}", n / ours, "samples/s", peer, memmap / ours),
        Row(f"zarr-python, {what}", n / plain, "samples/s", peer, memmap / plain),
        Row(f"NumPy memmap, {what}", n / memmap, "samples/s"),
    ]


def rows() -> list[Row]:
    """Samples a second of incompressible noise, warm cache, everything read into new memory."""
    return [row for shape, n in SIZES for row in _rows(shape, n)]


def _rows(shape: tuple[int, ...], n: int) -> list[Row]:
    rng = np.random.default_rng(0)
    block = rng.normal(size=(SHARD, *shape)).astype(np.float32)
    size = " x ".join(str(length) for length in shape)
    with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as folder:
        root = Path(folder)
        written = alternating(*_writers(root, block, n))
        build(_plan(block, n), root / "store")
        store = Store(root / "store")
        peer = _memmap(root / "peer.npy", block, n)
        array: Any = store.array("x")
        starts = (SEQUENCE * k % (n - SEQUENCE + 1) for k in count())

        def run() -> slice:
            first = next(starts)
            return slice(first, first + SEQUENCE)

        def some() -> np.ndarray:
            return rng.permutation(n)[:BATCH]

        sequential = alternating(
            lambda: store.read("x", run()),
            lambda: np.array(peer[run()]),
            lambda: array[run()],
            runs=READS,
        )
        random = alternating(
            lambda: store.read("x", some()),
            lambda: np.asarray(peer[some()]),
            lambda: array.oindex[np.sort(some())],
            runs=READS,
        )
        out = [
            *_three(f"{n} x {size} written", n, written),
            *_three(f"{SEQUENCE} x {size} in order", SEQUENCE, sequential),
            *_three(f"{BATCH} x {size} in random order", BATCH, random),
        ]
        out += [_loader(store, peer, some, size, threads) for threads in (0, 1)]
    return out


def _loader(store: Store, peer: np.ndarray, some: Callable[[], np.ndarray], size: str, threads: int) -> Row:
    """A shuffled epoch of batches beside as many random batches of the memmap."""
    batches = Loader(BlockRows(store, ("x",), "train"), BATCH, 0, threads)
    ours, memmap = alternating(
        lambda: [None for _ in batches], lambda: [np.asarray(peer[some()]) for _ in range(len(batches))]
    )
    what = f"torch loader, shuffled epoch of {size}, {threads} threads ahead"
    return Row(what, len(store) / ours, "samples/s", "NumPy memmap, random batches", memmap / ours)


def _memmap(path: Path, block: np.ndarray, n: int) -> np.memmap:
    out = np.lib.format.open_memmap(path, "w+", np.float32, (n, *block.shape[1:]))
    for first in range(0, n, SHARD):
        out[first : first + SHARD] = block
    out.flush()
    return out


def _writers(
    root: Path, block: np.ndarray, n: int
) -> tuple[Callable[[], None], Callable[[], None], Callable[[], None]]:
    """Write `n` rows and remove them: a sealed store, a memmap, and the same layout by zarr-python."""

    def ours() -> None:
        build(_plan(block, n), root / "write")
        shutil.rmtree(root / "write")

    def memmap() -> None:
        _memmap(root / "write.npy", block, n)
        (root / "write.npy").unlink()

    def plain() -> None:
        shape = block.shape[1:]
        array = zarr.create_array(
            zarr.storage.LocalStore(root / "write"),
            shape=(n, *shape),
            chunks=(1, *shape),
            shards=(SHARD, *shape),
            dtype="float32",
            compressors=zarr.codecs.Crc32cCodec(),
        )
        for first in range(0, n, SHARD):
            array[first : first + SHARD] = block
        shutil.rmtree(root / "write")

    return ours, memmap, plain
