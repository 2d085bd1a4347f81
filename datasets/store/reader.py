"""Reading a sealed store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.location import local_folder
from slipbench.datasets.store.manifest import read_manifest

SPLITS = {"train": 0, "validation": 1, "test": 2}


class Store:
    """A sealed store opened for reading. Picklable: worker processes open the files themselves.

    Parameters
    ----------
    uri : str or Path
        Path or ``file://`` URI.

    Raises
    ------
    InputError
        When it is missing, not a store, or not sealed.
    """

    def __init__(self, uri: str | Path) -> None:
        self.folder = local_folder(uri)
        self.manifest = read_manifest(self.folder)
        self._open()

    def _open(self) -> None:
        self._group = zarr.open_group(zarr.storage.LocalStore(self.folder, read_only=True), mode="r")
        self.attrs: dict[str, Any] = dict(self._group.attrs["slipbench"])  # type: ignore[arg-type]

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
        return self._group[name]  # type: ignore[return-value]

    def read(self, name: str, rows: slice | None = None) -> np.ndarray:
        """Values of an array (all, or a contiguous range of rows)."""
        return np.asarray(self.array(name)[rows if rows is not None else ...])

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
