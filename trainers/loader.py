"""Batches from a sealed store: whole shards read, shuffled by blocks, the same whoever reads them.

The order depends on (seed, epoch) alone. Shards are shuffled and cut into blocks of a few shards; the
rows of a block are shuffled together. Neither the number of reading processes nor whether the rows are
kept in memory changes it: processes are handed whole blocks, and batches are cut here, in this process.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from slipbench.datasets.store.reader import SPLITS, Store

#: Shards whose rows are mixed with each other: 8 of 256 rows hold the rows of many batches.
SHARDS_PER_BLOCK = 8
#: Streams of random numbers: the order of the shards, and (with the block number) that inside a block.
_SHARDS, _ROWS = 0, 1


@dataclass(frozen=True)
class Block:
    """Shards to be read together and the key of the shuffle of their rows (None: store order)."""

    shards: tuple[int, ...]
    key: tuple[int, ...] | None


def _generator(key: tuple[int, ...]) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(key)))


class BlockOrder(Sampler[Block]):
    """Blocks of one epoch.

    Parameters
    ----------
    shards : list of int
        Shards that hold rows.
    seed : int or None
        Seed of the order; None keeps the order of the store.
    """

    def __init__(self, shards: list[int], seed: int | None) -> None:
        self.shards, self.seed, self.epoch = shards, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.shards) // SHARDS_PER_BLOCK)

    def __iter__(self) -> Iterator[Block]:
        order = self.shards
        if self.seed is not None:
            order = [int(s) for s in _generator((self.seed, self.epoch, _SHARDS)).permutation(order)]
        for n in range(len(self)):
            part = tuple(order[n * SHARDS_PER_BLOCK : (n + 1) * SHARDS_PER_BLOCK])
            yield Block(part, None if self.seed is None else (self.seed, self.epoch, _ROWS, n))


class BlockRows(Dataset[tuple[Tensor, ...]]):
    """The rows of one split, block by block. Picklable: a loader process opens the store itself.

    Parameters
    ----------
    store : Store
        Sealed store.
    names : tuple of str
        Row arrays to read.
    split : str
        ``train``, ``validation`` or ``test``.
    """

    def __init__(self, store: Store, names: tuple[str, ...], split: str) -> None:
        self.store, self.names = store, names
        self._ranges = store.shard_rows()
        chosen = store.read("split") == SPLITS[split]
        self._inside = [np.flatnonzero(chosen[r.start : r.stop]) for r in self._ranges]
        self._kept: dict[int, tuple[np.ndarray, ...]] = {}

    @property
    def shards(self) -> list[int]:
        """Shards that hold rows of the split."""
        return [shard for shard, rows in enumerate(self._inside) if len(rows)]

    @property
    def n_rows(self) -> int:
        """Rows of the split."""
        return sum(len(rows) for rows in self._inside)

    @property
    def n_bytes(self) -> int:
        """Memory that the split's rows take."""
        arrays = [self.store.array(name) for name in self.names]
        return self.n_rows * sum(a.dtype.itemsize * int(np.prod(a.shape[1:], dtype=np.int64)) for a in arrays)

    def keep(self) -> None:
        """Read every row now and hold it in memory."""
        self._kept = {shard: self._read(shard) for shard in self.shards}

    @property
    def kept(self) -> bool:
        """Whether the rows are in memory."""
        return bool(self._kept)

    def _read(self, shard: int) -> tuple[np.ndarray, ...]:
        span, inside = self._ranges[shard], self._inside[shard]
        values = [self.store.read(name, slice(span.start, span.stop))[inside] for name in self.names]
        return (*values, inside + span.start)

    def __getitem__(self, block: Block) -> tuple[Tensor, ...]:
        """Arrays of shape (n, ...) in the order of `names`, then the row numbers (n,) in the store."""
        parts = [self._kept.get(shard) or self._read(shard) for shard in block.shards]
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        if block.key is not None:
            order = _generator(block.key).permutation(len(columns[-1]))
            columns = [column[order] for column in columns]
        return tuple(torch.from_numpy(column) for column in columns)


class Loader:
    """An iterable of batches, each a tuple of tensors ``(*arrays, rows)`` with the same first length.

    The split is cut into the fewest batches of at most `batch_size` rows whose sizes differ by one row
    at most, so that no tiny last batch disturbs batch normalisation.

    Parameters
    ----------
    rows : BlockRows
        What to read.
    batch_size : int
        Most rows of one batch.
    seed : int or None
        Seed of the order; None reads in the order of the store.
    workers : int
        Processes (spawned) that read the store; rows kept in memory need none.
    pin : bool
        Hold batches in page-locked memory for a quick copy to a GPU.
    """

    def __init__(
        self, rows: BlockRows, batch_size: int, seed: int | None = None, workers: int = 0, pin: bool = False
    ) -> None:
        self.n_rows, self.batch_size = rows.n_rows, batch_size
        self._order = BlockOrder(rows.shards, seed)
        workers = 0 if rows.kept else min(workers, len(self._order))
        self._blocks: DataLoader[tuple[Tensor, ...]] = DataLoader(
            rows,
            batch_size=None,
            sampler=self._order,
            num_workers=workers,
            multiprocessing_context="spawn" if workers else None,
            persistent_workers=workers > 0,
            pin_memory=pin,
        )

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch (from 0) whose order the next iteration has."""
        self._order.set_epoch(epoch)

    def __len__(self) -> int:
        return -(-self.n_rows // self.batch_size)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        small, larger = divmod(self.n_rows, max(len(self), 1))
        sizes = iter([small + 1] * larger + [small] * (len(self) - larger))
        pool: tuple[Tensor, ...] = ()
        size = next(sizes, 0)
        for block in self._blocks:
            pool = tuple(torch.cat(pair) for pair in zip(pool, block, strict=True)) if pool else tuple(block)
            while size and len(pool[-1]) >= size:
                yield tuple(column[:size] for column in pool)
                pool = tuple(column[size:] for column in pool)
                size = next(sizes, 0)
