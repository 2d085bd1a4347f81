"""Rows of an array of uncompressed shards, in any order, read straight into one buffer.

Every chunk is checked against its CRC-32C after it has arrived in the buffer, each time it is read: that
costs less than moving the bytes, so nothing has to be remembered about what was checked before. Reads, not
memory maps: a file cut short is an error and not a signal that ends the process, no descriptor stays open,
and the bytes are moved once, into memory that the caller may have pinned.
"""

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec

from slipbench.datasets.store.shard_file import damaged, read_chunks, read_offsets


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
        self._offsets: dict[int, list[int]] = {}

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
            path = self._folder / f"{shard[a]}{self._tail}"
            try:
                fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                try:
                    self._read(fd, path, int(shard[a]), inside[a:b], order[a:b], flat)
                finally:
                    os.close(fd)
            except OSError as error:
                raise damaged(path, error.strerror or "cannot be read", "a shard of the store") from error

    def _read(
        self, fd: int, path: Path, shard: int, inside: np.ndarray, places: np.ndarray, flat: np.ndarray
    ) -> None:
        """Rows `inside` (ascending) of one shard to their places in the buffer."""
        offsets = self._index(shard, fd, path)
        if self._chunk_rows == 1:
            read_chunks(fd, path, offsets, inside.tolist(), [flat[k] for k in places.tolist()])
            return
        chunk, row = np.divmod(inside, self._chunk_rows)
        numbers, back = np.unique(chunk, return_inverse=True)
        block = np.empty((len(numbers), self._chunk_rows, self._row_bytes), np.uint8)
        read_chunks(fd, path, offsets, numbers.tolist(), list(block.reshape(len(numbers), -1)))
        flat[places] = block[back, row]

    def _index(self, shard: int, fd: int, path: Path) -> list[int]:
        known = self._offsets.get(shard)
        if known is None:
            chunk_bytes = self._chunk_rows * self._row_bytes
            known = self._offsets[shard] = read_offsets(fd, path, self._n_chunks, chunk_bytes)
        return known


def _shapes(array: zarr.Array) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shape, chunks and shards."""
    return array.shape, array.chunks, array.shards or array.chunks


def _plain(codecs: object) -> bool:
    """Whether a codec pipeline is little-endian bytes with a CRC-32C."""
    match codecs:
        case (BytesCodec() as raw, Crc32cCodec()):
            return raw.endian is None or raw.endian.value == "little"
    return False
