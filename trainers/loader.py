"""Batches from a sealed store: shuffled by blocks, read row by row, the same whoever reads them.

The order depends on (seed, epoch) alone. Shards are shuffled and cut into blocks of a few shards; the
rows of a block are shuffled together, so that a disk is read in stretches. Every batch is read straight into
its own tensors, by this thread or by a few that read ahead: copying leaves the interpreter free, so
processes would only add copies.

Over several ranks (DDP) an epoch still has the same batches, and each rank reads its own share of every one.
Every row is seen once, and none is repeated to fill up.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import torch
from torch import Tensor

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import SPLITS, Store

#: Shards whose rows are mixed with each other: 8 of 256 rows hold the rows of many batches.
SHARDS_PER_BLOCK = 8
#: Batches that each reading thread may be ahead.
AHEAD = 2
#: Streams of random numbers: the order of the shards, and (with the block number) that inside a block.
_SHARDS, _ROWS = 0, 1


def _generator(*key: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64DXSM(np.random.SeedSequence(key)))


def _memory(shape: tuple[int, ...], dtype: np.dtype, pin: bool) -> Tensor:
    if pin:
        known = torch.from_numpy(np.empty(0, dtype)).dtype
        return torch.empty(shape, dtype=known, pin_memory=True)
    # NumPy asks for huge pages; the small ones of torch take longer to get than to fill.
    return torch.from_numpy(np.empty(shape, dtype))


class BlockRows:
    """The rows of one split.

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
        chosen = store.read("split") == SPLITS[split]
        inside = [r.start + np.flatnonzero(chosen[r.start : r.stop]) for r in store.shard_rows()]
        self._shards = [rows for rows in inside if len(rows)]
        self._rows = np.flatnonzero(chosen)
        self._kept: tuple[np.ndarray, ...] = ()

    @property
    def n_rows(self) -> int:
        """Rows of the split."""
        return len(self._rows)

    @property
    def n_bytes(self) -> int:
        """Memory that the split's rows take."""
        arrays = [self.store.array(name) for name in self.names]
        return self.n_rows * sum(a.dtype.itemsize * int(np.prod(a.shape[1:], dtype=np.int64)) for a in arrays)

    def order(self, seed: int | None, epoch: int) -> np.ndarray:
        """Row numbers of the split in the order of an epoch; that of the store without a seed."""
        if seed is None or not self._shards:
            return self._rows
        shards = _generator(seed, epoch, _SHARDS).permutation(len(self._shards))
        blocks = []
        for number, first in enumerate(range(0, len(shards), SHARDS_PER_BLOCK)):
            rows = np.concatenate([self._shards[s] for s in shards[first : first + SHARDS_PER_BLOCK]])
            blocks.append(rows[_generator(seed, epoch, _ROWS, number).permutation(len(rows))])
        return np.concatenate(blocks)

    def keep(self) -> None:
        """Read every row now and hold it in memory."""
        self._kept = tuple(self.store.read(name, self._rows) for name in self.names)

    @property
    def kept(self) -> bool:
        """Whether the rows are in memory."""
        return bool(self._kept)

    def read(self, rows: np.ndarray, pin: bool = False) -> tuple[Tensor, ...]:
        """Values of some rows of the split, read once and not copied again.

        Parameters
        ----------
        rows : ndarray, shape (n,)
            Row numbers.
        pin : bool
            Read into page-locked memory.

        Returns
        -------
        tuple of Tensor
            Arrays of shape (n, ...) in the order of `names`, then the row numbers (n,).
        """
        out = []
        for i, name in enumerate(self.names):
            array = self.store.array(name)
            column = _memory((len(rows), *array.shape[1:]), array.dtype, pin)
            if self._kept:
                # Every index is in range; mode "raise" would go through a second buffer.
                places = np.searchsorted(self._rows, rows)
                np.take(self._kept[i], places, axis=0, out=column.numpy(), mode="clip")
            else:
                self.store.read(name, rows, column.numpy())
            out.append(column)
        return (*out, torch.from_numpy(rows.copy()))


def batch_edges(n_rows: int, batch_size: int, world_size: int) -> np.ndarray:
    """Where the batches of an epoch, and each rank's share of them, begin and end.

    Batches are as few as can be and differ by one row at most, so that no tiny last batch disturbs batch
    normalisation. They do not depend on the number of ranks; the shares differ by one row at most, too.

    Returns
    -------
    ndarray of int, shape (batches, world_size + 1)
        Rank r has the rows ``[k, r]`` ... ``[k, r + 1]`` of batch k, counted along the epoch's order.

    Raises
    ------
    InputError
        When a batch has fewer rows than there are ranks.
    """
    n_batches = -(-n_rows // batch_size)
    starts = np.arange(n_batches + 1) * n_rows // max(n_batches, 1)
    sizes = np.diff(starts)
    if n_batches and sizes.min() < world_size:
        raise InputError(
            "batch size",
            f"{sizes.min()} of {n_rows} rows for {world_size} devices",
            "a row for every device",
            "use fewer devices or larger batches",
        )
    return starts[:-1, None] + sizes[:, None] * np.arange(world_size + 1) // world_size


class Loader:
    """An iterable of batches, each a tuple of tensors ``(*arrays, rows)`` with the same first length.

    See `batch_edges` for how the split is cut.

    Parameters
    ----------
    rows : BlockRows
        What to read.
    batch_size : int
        Most rows of one batch, over all ranks.
    seed : int or None
        Seed of the order; None reads in the order of the store.
    workers : int
        Threads that read ahead; 0 reads a batch when it is asked for.
    pin : bool
        Hold batches in page-locked memory for a quick copy to a GPU.
    rank, world_size : int
        Which of how many processes this is; each gets its share of every batch.

    Raises
    ------
    InputError
        When a batch has fewer rows than there are ranks.
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
        self._rows, self._seed, self._workers, self._pin = rows, seed, workers, pin
        self._edges = batch_edges(rows.n_rows, batch_size, world_size)
        self._epoch = self._next = self._resume = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch (from 0) whose order the next iteration has; another epoch begins at batch 0."""
        if epoch != self._epoch:
            self._resume = self._next = 0
        self._epoch = epoch

    def state_dict(self) -> dict[str, int]:
        """Where the iteration stands: the epoch, and how many of its batches were handed out."""
        return {"epoch": self._epoch, "batch": self._next}

    def load_state_dict(self, state: Mapping[str, int]) -> None:
        """Go on after the batches of a saved state: the next iteration alone has the rest of that epoch.

        Raises
        ------
        ValueError
            When the state is not one of this loader's.
        """
        if not 0 <= state["batch"] <= len(self):
            raise ValueError(f"batch {state['batch']} of {len(self)}")
        self._epoch = state["epoch"]
        self._resume = self._next = state["batch"]

    def __len__(self) -> int:
        return len(self._edges)

    def rows_in(self, batch: int) -> int:
        """Rows of a batch (from 0) over all ranks."""
        return int(self._edges[batch, -1] - self._edges[batch, 0])

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        self._next, self._resume = self._resume, 0
        order = self._rows.order(self._seed, self._epoch)
        batches = [order[e[self.rank] : e[self.rank + 1]] for e in self._edges[self._next :]]
        for batch in self._ahead(batches) if self._workers else map(self._read, batches):
            self._next += 1
            yield batch

    def _read(self, rows: np.ndarray) -> tuple[Tensor, ...]:
        return self._rows.read(rows, self._pin)

    def _ahead(self, batches: list[np.ndarray]) -> Iterator[tuple[Tensor, ...]]:
        pool = ThreadPoolExecutor(self._workers, "slipbench-loader")
        try:
            waiting: deque[Future[tuple[Tensor, ...]]] = deque()
            for rows in batches:
                waiting.append(pool.submit(self._read, rows))
                if len(waiting) > AHEAD * self._workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)
