"""Reading a sealed store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from slipbench.datasets.errors import InputError
from slipbench.datasets.location import folder_of, zarr_place
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.direct import DirectArray
from slipbench.datasets.store.manifest import read_manifest
from slipbench.datasets.store.shard_file import damaged

SPLITS = {"train": 0, "validation": 1, "test": 2}


class Store:
    """A sealed store opened for reading. Picklable: worker processes open the files themselves.

    Parameters
    ----------
    uri : str or Path
        Path or URI (`folder_of`).

    Raises
    ------
    InputError
        When it is missing, not a store, or not sealed.
    """

    def __init__(self, uri: str | Path) -> None:
        self.folder = folder_of(uri)
        self.manifest = read_manifest(self.folder)
        self._open()

    def _open(self) -> None:
        self._group = zarr.open_group(zarr_place(self.folder, read_only=True), mode="r")
        self.attrs: dict[str, Any] = dict(self._group.attrs["slipbench"])  # type: ignore[arg-type]
        self._arrays: dict[str, zarr.Array] = {}
        self._direct: dict[str, DirectArray | None] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "manifest": self.manifest}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._open()

    def __len__(self) -> int:
        return self.manifest.n_rows

    @property
    def dataset_hash(self) -> str:
        """SHA-256 of recipe, options and inputs."""
        return self.manifest.dataset_hash

    @property
    def names(self) -> list[str]:
        """Names of all arrays, row arrays first."""
        return [*self.attrs["arrays"], *self.attrs["static"]]

    def array(self, name: str) -> zarr.Array:
        """The Zarr array called `name`, unread."""
        if name not in self.names:
            raise InputError(
                self.folder, f"no array '{name}'", "an array of this store", nearest(name, self.names)
            )
        if name not in self._arrays:
            self._arrays[name] = self._group[name]  # type: ignore[assignment]
        return self._arrays[name]

    def read(
        self, name: str, rows: slice | np.ndarray | None = None, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Values of an array, each chunk checked against its checksum.

        Parameters
        ----------
        name : str
            Array.
        rows : slice or integer ndarray of shape (n,), optional
            Which rows, in which order, also repeated; all by default.
        out : ndarray of shape (n, ...), optional
            C-contiguous memory of the array's type to read into.

        Returns
        -------
        ndarray
            `out`, or a new array.

        Raises
        ------
        InputError
            When there is no such array, or a file of it is missing or damaged.
        IndexError
            When a row number is negative or too large.
        """
        array = self.array(name)
        if array.ndim == 0:
            return np.asarray(self._decoded(name, ...))
        numbers = _numbers(rows, array.shape[0])
        shape = (len(numbers), *array.shape[1:])
        if out is None:
            out = np.empty(shape, array.dtype)
        elif out.shape != shape or out.dtype != array.dtype or not out.flags.c_contiguous:
            raise ValueError(f"{name}: a buffer {out.dtype}{out.shape} for {array.dtype}{shape}")
        if name not in self._direct:
            self._direct[name] = DirectArray(self.folder / name, array) if DirectArray.fits(array) else None
        if direct := self._direct[name]:
            direct.read(numbers, out)
        else:
            step = (array.shards or array.chunks)[0]
            for shard in np.unique(numbers // step).tolist():
                here = numbers // step == shard
                out[here] = self._decoded(name, slice(shard * step, (shard + 1) * step))[numbers[here] % step]
        return out

    def _decoded(self, name: str, selection: Any) -> np.ndarray:
        """By zarr-python, for whole shards: it takes a missing file for fill values, so that is looked up."""
        for file in self.manifest.files():
            if file.startswith(f"{name}/") and not (self.folder / file).is_file():
                raise damaged(self.folder / file, "no such file", "a file of the store")
        try:
            return np.asarray(self.array(name)[selection])
        except (ValueError, RuntimeError) as error:
            raise damaged(
                self.folder / name, "cannot be decoded", "the bytes that the build wrote"
            ) from error

    def shard_rows(self) -> list[range]:
        """Row numbers of every shard."""
        return [range(s["first_row"], s["first_row"] + s["n_rows"]) for s in self.manifest.shards]

    def shards(self, *names: str) -> Iterator[tuple[range, tuple[np.ndarray, ...]]]:
        """Whole shards in order: their rows and the values of the named arrays."""
        for rows in self.shard_rows():
            yield rows, tuple(self.read(n, slice(rows.start, rows.stop)) for n in names)

    def rows_of(self, split: str) -> np.ndarray:
        """Row numbers (ascending) of the store's own ``train``, ``validation`` or ``test`` part."""
        return np.flatnonzero(self.read("split") == SPLITS[split])


def _numbers(rows: slice | np.ndarray | None, n: int) -> np.ndarray:
    if rows is None or isinstance(rows, slice):
        return np.arange(n)[rows if rows is not None else slice(None)]
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise IndexError(
            f"rows of type {rows.dtype} and shape {rows.shape}, expected integers in one dimension"
        )
    if len(rows) and (rows.min() < 0 or rows.max() >= n):
        raise IndexError(f"rows {rows.min()} ... {rows.max()} of an array with {n}")
    return rows.astype(np.int64, copy=False)
