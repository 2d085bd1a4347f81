"""Rows of an array of uncompressed shards, in any order, copied straight into one buffer.

Every chunk is checked against its CRC-32C after it has arrived in the buffer, each time it is read: that
costs less than moving the bytes, so nothing has to be remembered about what was checked before. The bytes
are moved once, into memory that the caller may have pinned.
"""

import sys
from itertools import pairwise
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.shard_file import ShardFile

#: Shards of one array that stay open (each holds a descriptor): those of a shuffled block and the next.
OPEN_SHARDS = 32


class DirectArray:
    """A row array for which `fits` holds.

    Parameters
    ----------
    folder : Path
        Of the array.
    array : zarr.Array
        Its metadata.
    """

    def __init__(self, folder: Path, array: zarr.Array) -> None:
        shape, chunks, shards = _shapes(array)
        self._folder, self._tail = folder / "c", "/0" * (len(shape) - 1)
        self._chunk_rows = chunks[0]
        self._n_chunks = shards[0] // chunks[0]
        self._row_bytes = array.dtype.itemsize * int(np.prod(shape[1:], dtype=np.int64))
        self._open: dict[int, ShardFile] = {}
        self._lock = Lock()  # threads of a loader share the array

    @staticmethod
    def fits(array: zarr.Array) -> bool:
        """Whether the array's shards are written row by row as `write_shard_file` does."""
        codecs: Any = getattr(array.metadata, "codecs", ())
        if len(codecs) != 1 or not isinstance(codecs[0], ShardingCodec):
            return False
        shape, chunks, shards = _shapes(array)
        return (
            (sys.byteorder == "little" or array.dtype.itemsize == 1)
            and array.dtype.kind in "biufc"
            and shards[1:] == chunks[1:] == shape[1:]
            and 0 not in shape
            and _plain(codecs[0].codecs)
            and _plain(codecs[0].index_codecs)
            and codecs[0].index_location.value == "end"
        )

    def read(self, rows: np.ndarray, out: np.ndarray) -> None:
        """Fill `out` (n, ...), C-contiguous, with the rows (n,) of the array.

        Raises
        ------
        InputError
            When a shard is missing or damaged.
        """
        if not len(rows):
            return
        flat = out.reshape(len(rows), -1).view(np.uint8)
        order = np.argsort(rows, kind="stable")
        shard, inside = np.divmod(rows[order], self._chunk_rows * self._n_chunks)
        first = np.flatnonzero(np.diff(shard, prepend=-1)).tolist()
        for a, b in pairwise([*first, len(rows)]):
            number = int(shard[a])
            try:
                self._read(self._shard(number), inside[a:b], order[a:b], flat)
            except InputError:
                self._open.pop(number, None)  # it may have been repaired when it is asked for again
                raise

    def _read(self, shard: ShardFile, inside: np.ndarray, places: np.ndarray, flat: np.ndarray) -> None:
        """Rows `inside` (ascending) of one shard to their places in the buffer."""
        if self._chunk_rows == 1:
            shard.read(inside.tolist(), [flat[k] for k in places.tolist()])
            return
        chunk, row = np.divmod(inside, self._chunk_rows)
        numbers, back = np.unique(chunk, return_inverse=True)
        block = np.empty((len(numbers), self._chunk_rows, self._row_bytes), np.uint8)
        shard.read(numbers.tolist(), list(block.reshape(len(numbers), -1)))
        flat[places] = block[back, row]

    def _shard(self, number: int) -> ShardFile:
        """An open shard; those used last are kept open."""
        with self._lock:
            shard = self._open.pop(number, None)
            if shard is None:
                path = self._folder / f"{number}{self._tail}"
                shard = ShardFile(path, self._n_chunks, self._chunk_rows * self._row_bytes)
            self._open[number] = shard
            if len(self._open) > OPEN_SHARDS:
                del self._open[next(iter(self._open))]
        return shard


def _shapes(array: zarr.Array) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shape, chunks and shards."""
    return array.shape, array.chunks, array.shards or array.chunks


def _plain(codecs: object) -> bool:
    """Whether a codec pipeline is little-endian bytes with a CRC-32C."""
    match codecs:
        case (BytesCodec() as raw, Crc32cCodec()):
            return raw.endian is None or raw.endian.value == "little"
    return False
