"""Batches from a sealed store: whole shards read, shuffled by blocks, the same whoever reads them.

The order depends on (seed, epoch) alone. Shards are shuffled and cut into blocks of a few shards; the
rows of a block are shuffled together. Neither the number of reading processes nor whether the rows are
kept in memory changes it: processes are handed whole blocks, and batches are cut here, in this process.

Over several ranks (DDP) an epoch still has the one order of (seed, epoch), cut into one contiguous run of
rows per rank. Every rank has as many batches as the others, every row is seen once, and none is repeated to
fill up. A rank reads only the blocks that its run touches.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from slipbench.datasets.errors import InputError
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
        self.wanted: range | None = None

    def choose(self, blocks: range | None) -> None:
        """Hand out only these blocks (None: all) from the next iteration on."""
        self.wanted = blocks

    def blocks(self) -> list[Block]:
        """All blocks of the epoch, in order."""
        order = self.shards
        if self.seed is not None:
            order = [int(s) for s in _generator((self.seed, self.epoch, _SHARDS)).permutation(order)]
        return [
            Block(
                tuple(order[n * SHARDS_PER_BLOCK : (n + 1) * SHARDS_PER_BLOCK]),
                None if self.seed is None else (self.seed, self.epoch, _ROWS, n),
            )
            for n in range(len(self))
        ]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch of the next iteration."""
        self.epoch = epoch

    def __len__(self) -> int:
        return -(-len(self.shards) // SHARDS_PER_BLOCK)

    def __iter__(self) -> Iterator[Block]:
        blocks = self.blocks()
        yield from blocks if self.wanted is None else (blocks[n] for n in self.wanted)


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

    def rows_in(self, block: Block) -> int:
        """Rows of the split in a block."""
        return sum(len(self._inside[shard]) for shard in block.shards)

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


def batch_sizes(n_rows: int, batch_size: int, world_size: int) -> list[list[int]]:
    """Rows of every batch of every rank: alike in number, as few as can be, sizes that differ by one at most.

    With a batch size of 1 a batch may hold 2 rows, where some rank would have none otherwise.

    Raises
    ------
    InputError
        When there are fewer rows than ranks.
    """
    if 0 < n_rows < world_size:
        raise InputError(
            "world size", f"{world_size} ranks for {n_rows} rows", "a row for every rank", "use fewer devices"
        )
    batches = min(-(-n_rows // (batch_size * world_size)), n_rows // world_size)
    small, larger = divmod(n_rows, max(batches * world_size, 1))
    sizes = [small + 1] * larger + [small] * (batches * world_size - larger)
    return [sizes[rank::world_size] for rank in range(world_size)]


class Loader:
    """An iterable of batches, each a tuple of tensors ``(*arrays, rows)`` with the same first length.

    The split is cut into the fewest batches of at most `batch_size` rows whose sizes differ by one row
    at most, so that no tiny last batch disturbs batch normalisation. The same holds for every rank, and all
    ranks have the same number of batches, so that none waits for the others at the end of an epoch.

    Parameters
    ----------
    rows : BlockRows
        What to read.
    batch_size : int
        Most rows of one batch (of one rank).
    seed : int or None
        Seed of the order; None reads in the order of the store.
    workers : int
        Processes (spawned) that read the store; rows kept in memory need none.
    pin : bool
        Hold batches in page-locked memory for a quick copy to a GPU.
    rank, world_size : int
        Which of how many processes this is; each gets its own rows.

    Raises
    ------
    InputError
        When there are fewer rows than ranks.
    """

    def __init__(
        self,
        rows: BlockRows,
        batch_size: int,
        seed: int | None = None,
        workers: int = 0,
        pin: bool = False,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        if not 0 <= rank < world_size:
            raise ValueError(f"rank {rank} of {world_size}")
        self.n_rows, self.batch_size, self.rank, self.world_size = rows.n_rows, batch_size, rank, world_size
        self._rows = rows
        every = batch_sizes(rows.n_rows, batch_size, world_size)
        self._sizes, self._before = every[rank], sum(sum(s) for s in every[:rank])
        self._next = self._resume = 0
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
        """Choose the epoch (from 0) whose order the next iteration has; another epoch begins at batch 0."""
        if epoch != self._order.epoch:
            self._resume = self._next = 0
        self._order.set_epoch(epoch)

    def state_dict(self) -> dict[str, int]:
        """Where the iteration stands: the epoch, and how many of its batches were handed out."""
        return {"epoch": self._order.epoch, "batch": self._next}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on after the batches of a saved state: the next iteration alone has the rest of that epoch.

        Raises
        ------
        ValueError
            When the state is not one of this loader's.
        """
        if not 0 <= state["batch"] <= len(self):
            raise ValueError(f"batch {state['batch']} of {len(self)}")
        self._order.set_epoch(state["epoch"])
        self._resume = self._next = state["batch"]

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        self._next, self._resume = self._resume, 0
        sizes = self._sizes[self._next :]
        first = self._before + sum(self._sizes[: self._next])
        wanted, skip = self._reach(first, first + sum(sizes))
        self._order.choose(wanted)
        pool: tuple[Tensor, ...] = ()
        left = iter(sizes)
        size = next(left, 0)
        for block in self._blocks:
            pool = tuple(torch.cat(pair) for pair in zip(pool, block, strict=True)) if pool else tuple(block)
            pool, skip = tuple(column[skip:] for column in pool), 0
            while size and len(pool[-1]) >= size:
                self._next += 1
                yield tuple(column[:size] for column in pool)
                pool = tuple(column[size:] for column in pool)
                size = next(left, 0)

    def _reach(self, first: int, end: int) -> tuple[range, int]:
        """Blocks that hold the rows first ... end of the epoch's order, and rows to skip in the first one."""
        edges = np.cumsum([0, *(self._rows.rows_in(b) for b in self._order.blocks())])
        start = int(np.searchsorted(edges, first, side="right")) - 1
        stop = int(np.searchsorted(edges, end, side="left"))
        return range(start, stop), first - int(edges[start])
