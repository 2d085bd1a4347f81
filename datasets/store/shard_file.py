"""The file of one shard of an array without compression, written and read without Zarr.

The layout is that of Zarr's sharding codec with the inner codecs ``bytes`` (little endian) and ``crc32c``:
each chunk and its CRC-32C, then the index (offset and length of every chunk, uint64, both 2^64 - 1 for a
chunk that is absent), then the CRC-32C of the index. Chunks are cut along the rows alone.
"""

import hashlib
import mmap
import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np

from slipbench.datasets.atomic import atomic_file
from slipbench.datasets.errors import InputError
from slipbench.datasets.location import is_local

#: Bytes of a CRC-32C.
CRC_BYTES = 4
#: Offset and length of a chunk that is not there.
ABSENT = 2**64 - 1
#: Written and hashed at once: large enough for few calls, small enough to stay in the processor's cache.
_BATCH_BYTES = 1 << 19


def crc32c(data: np.ndarray) -> int:
    """CRC-32C (Castagnoli) of contiguous bytes."""
    return google_crc32c.value(data)


def write_shard_file(path: Path, values: np.ndarray, chunk_rows: int, n_chunks: int) -> str:
    """Write the rows of one shard.

    Parameters
    ----------
    path : Path
        Replaced as a whole or not at all.
    values : ndarray, shape (n, ...)
        Rows from the shard's first one on. The chunk that they end in is filled up with zeros; chunks
        after it are absent.
    chunk_rows, n_chunks : int
        Rows in a chunk and chunks in a full shard.

    Returns
    -------
    str
        SHA-256 (hex) of the file.
    """
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    if short := -len(values) % chunk_rows:
        values = np.concatenate([values, np.zeros((short, *values.shape[1:]), values.dtype)])
    chunks = values.reshape(len(values) // chunk_rows, -1).view(np.uint8)
    n, length = len(chunks), chunks.shape[1] + CRC_BYTES
    index = np.full((n_chunks, 2), ABSENT, "<u8")
    index[:n, 0], index[:n, 1] = np.arange(n) * length, length
    digest, step = hashlib.sha256(), max(_BATCH_BYTES // length, 1)
    with atomic_file(path, sync=False) as f:  # the shard's record has its hash, should a power cut take it
        for part in (*(chunks[i : i + step] for i in range(0, n, step)), index.reshape(1, -1).view(np.uint8)):
            block = np.empty((len(part), part.shape[1] + CRC_BYTES), np.uint8)
            block[:, :-CRC_BYTES] = part
            block[:, -CRC_BYTES:].view("<u4")[:, 0] = [crc32c(data) for data in part]
            digest.update(block.data)
            f.write(block.data)
    return digest.hexdigest()


class MappedBytes:
    """A file on a disk, as a memory map."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as f:
            self.size = os.fstat(f.fileno()).st_size
            if self.size:  # an empty file has no map
                self._map = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
                self._bytes = np.frombuffer(self._map, np.uint8)

    def size_now(self) -> int:
        """Bytes of the file as it is: touching a page beyond them would end the process."""
        return self._map.size()

    def parts(self, spans: Sequence[tuple[int, int]]) -> Iterator[np.ndarray]:
        """Views of stretches that do not touch, each from a first byte to before a last one."""
        # ask the disk for all at once; one page after the other would be ten times slower
        for begin, end in spans:
            page = begin - begin % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_WILLNEED, page, end - page)
        yield from (self._bytes[begin:end] for begin, end in spans)


class RemoteBytes:
    """An object of an object store, read by ranges."""

    def __init__(self, path: Path) -> None:
        remote: Any = path
        self._fs, self._path = remote.fs, remote.path
        self.size = int(self._fs.info(self._path)["size"])

    def size_now(self) -> int:
        """Bytes when it was opened; what is cut off since then comes shorter."""
        return self.size

    def parts(self, spans: Sequence[tuple[int, int]]) -> Iterator[np.ndarray]:
        """Copies of stretches, which are asked for side by side."""
        begins, ends = ([span[side] for span in spans] for side in (0, 1))
        found = self._fs.cat_ranges([self._path] * len(spans), begins, ends, on_error="raise")
        yield from (np.frombuffer(one, np.uint8) for one in found)


class ShardFile:
    """A shard opened for reading.

    Parameters
    ----------
    path : Path
        File.
    n_chunks, chunk_bytes : int
        Chunks of a full shard and bytes of one without its checksum.

    Raises
    ------
    InputError
        When the file cannot be opened or its index is cut off, damaged or not that of such chunks.
    """

    def __init__(self, path: Path, n_chunks: int, chunk_bytes: int) -> None:
        self._path, self._chunk_bytes = path, chunk_bytes
        length = 16 * n_chunks + CRC_BYTES
        try:
            self._file = MappedBytes(path) if is_local(path) else RemoteBytes(path)
            self._size = self._file.size
            if self._size < length:
                raise damaged(path, f"{self._size} bytes", f"an index of {length}")
            (raw,) = self._file.parts([(self._size - length, self._size)])
        except OSError as error:
            raise damaged(path, error.strerror or "cannot be opened", "a shard of the store") from error
        if crc32c(raw[:-CRC_BYTES]) != int.from_bytes(raw[-CRC_BYTES:].tobytes(), "little"):
            raise damaged(path, "its index is damaged", "the index that the build wrote")
        index = np.frombuffer(raw[:-CRC_BYTES].tobytes(), "<u8").reshape(n_chunks, 2)
        there = (index != ABSENT).any(axis=1)
        if (index[there, 1] != chunk_bytes + CRC_BYTES).any():
            raise damaged(path, "chunks of other lengths", f"{chunk_bytes + CRC_BYTES} bytes each")
        self._offsets: list[int] = index[:, 0].tolist()

    def read(self, numbers: list[int], out: list[np.ndarray]) -> None:
        """Copy chunks and check each where it has arrived.

        Parameters
        ----------
        numbers : list of int
            Which chunks, at least one, ascending.
        out : list of ndarray of uint8, contiguous
            Where each goes, as long as a chunk without its checksum.

        Raises
        ------
        InputError
            When a chunk is absent, cut off, or other bytes than were written.
        """
        size = self._file.size_now()
        starts, length = [self._offsets[number] for number in numbers], self._chunk_bytes + CRC_BYTES
        for number, start in zip(numbers, starts, strict=True):
            if start == ABSENT:
                raise damaged(self._path, f"chunk {number} is missing", "every chunk that holds rows")
            if start + length > size:
                raise damaged(self._path, f"chunk {number} is cut off", f"a file of {self._size} bytes")
        waiting = iter(zip(numbers, out, strict=True))
        for stretch in self._file.parts(_stretches(starts, length)):
            if len(stretch) % length:  # a shorter object has taken its place
                raise damaged(self._path, "it is cut off", f"a file of {self._size} bytes")
            for chunk, (number, one) in zip(stretch.reshape(-1, length), waiting, strict=False):
                one[:] = chunk[:-CRC_BYTES]
                if crc32c(one) != int.from_bytes(chunk[-CRC_BYTES:].tobytes(), "little"):
                    raise damaged(
                        self._path,
                        f"checksum of chunk {number} does not match",
                        "the bytes that the build wrote",
                    )


def _stretches(starts: list[int], length: int) -> list[tuple[int, int]]:
    """Neighbouring pieces of this length joined: from the first byte to before the last one of each."""
    first = [k for k in range(len(starts)) if k == 0 or starts[k] != starts[k - 1] + length]
    return [(starts[a], starts[b - 1] + length) for a, b in pairwise([*first, len(starts)])]


def damaged(path: Path, what: str, expected: str) -> InputError:
    """The error of a shard that is not what its build wrote."""
    return InputError(path, what, expected, "run 'slipbench verify' and 'slipbench repair' on the store")
