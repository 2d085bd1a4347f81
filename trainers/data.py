"""A sealed store as Lightning's data module."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import virtual_arrays
from slipbench.trainers.inputs import Inputs, row_shape
from slipbench.trainers.loader import BlockRows, Loader
from slipbench.trainers.models.registry import MODELS

#: Row array of the regressed quantities.
TARGET = "target"


@dataclass(frozen=True)
class Content:
    """What a store says about the input and the targets of a regression.

    Parameters
    ----------
    shape : tuple of int
        Row shape of the input array.
    targets : list of dict
        ``name``, ``units``, ``low`` and ``high`` (scaled to 0 and 1) of each column of ``target``.
    statistics : dict
        ``mean`` and ``std`` of the input per last-axis component, over training rows; empty where there are
        none, as in a store of test rows.
    static : tuple of ndarray
        The store's arrays that the network names as `Network.static`.
    """

    shape: tuple[int, ...]
    targets: list[dict[str, Any]]
    statistics: dict[str, list[float]]
    static: tuple[np.ndarray, ...]


def content(store: Store, network: str, train: bool = True) -> Content:
    """Check that `store` can train or test a network, and say what is in it.

    Parameters
    ----------
    store : Store
        Sealed store.
    network : str
        Name of the network.
    train : bool
        Whether the statistics of training rows are needed; a trained network brings its own.

    Raises
    ------
    InputError
        When an array, the description of the targets or needed statistics are missing.
    """
    part, reader = MODELS.get(network), f"network '{network}'"
    array = part.array
    read = [(name, f"the array that {reader} reads") for name in (array, *part.static)]
    names = [*virtual_arrays(store), *store.names]
    for name, role in [*read, (TARGET, f"the values that {reader} fits")]:
        if name not in names:
            raise InputError(
                store.folder,
                f"no array '{name}' among {', '.join(names)}",
                role,
                "build a dataset that holds it or choose another network",
            )
    targets = store.attrs.get("targets", [])
    if len(targets) != store.array(TARGET).shape[1]:
        raise InputError(
            store.folder,
            f"{len(targets)} described targets for {store.array(TARGET).shape[1]} columns",
            "name, units, low and high of each",
            "build the store again",
        )
    found = store.attrs["statistics"].get(array)
    known = bool(found) and found["count"] > 0
    if train and not known:
        raise InputError(
            store.folder,
            f"no statistics of '{array}'",
            "those of training rows",
            "train on a store that has them; a store of test rows is for testing only",
        )
    statistics = {k: [float(v) for v in found[k]] for k in ("mean", "std")} if known else {}
    plain = [
        {"name": t["name"], "units": t["units"], "low": float(t["low"]), "high": float(t["high"])}
        for t in targets
    ]
    static = tuple(store.read(name) for name in part.static)
    return Content(row_shape(store, array), plain, statistics, static)


class StoreData(pl.LightningDataModule):
    """Batches ``(input, target, rows)`` of a store's own splits, raw as stored.

    Inputs of a virtual store are made when a batch has reached its device.

    Parameters
    ----------
    store : Store
        Sealed store.
    array : str
        Input array.
    batch_size : int
        Most rows of one batch.
    seed : int
        Seed of the training order.
    workers : int
        Threads that read ahead.
    cache_bytes : int
        Memory for keeping rows: the training split first, then the validation split in what is left.
    fresh_noise : bool
        Give training rows of a virtual store new noise every epoch; the first epoch has the rows' own.
    fresh_sources : bool
        Put new sources, with new noise, in place of the training rows of a virtual store, every epoch. The
        rows' own are never trained on.

    Raises
    ------
    InputError
        When there are no training or no validation rows.
    """

    def __init__(
        self,
        store: Store,
        array: str,
        batch_size: int,
        seed: int,
        workers: int = 0,
        cache_bytes: int = 0,
        fresh_noise: bool = False,
        fresh_sources: bool = False,
    ) -> None:
        super().__init__()
        self._inputs, self._fresh, self._fresh_sources = Inputs(store, array), fresh_noise, fresh_sources
        self._batch_size, self._seed, self._workers, self._left = batch_size, seed, workers, cache_bytes
        self._train = self._rows(store, "train")
        self._validation = self._rows(store, "validation")

    def _rows(self, store: Store, split: str) -> BlockRows:
        rows = BlockRows(store, (*self._inputs.reads, TARGET), split)
        if not rows.n_rows:
            raise InputError(store.folder, f"no {split} rows", "at least one", "build a larger dataset")
        return rows

    @property
    def n_train(self) -> int:
        """Training rows."""
        return self._train.n_rows

    def setup(self, stage: str) -> None:
        """Read what fits into memory."""
        for rows in (self._train, self._validation):
            if not rows.kept and rows.n_bytes <= self._left:
                self._left -= rows.n_bytes
                rows.keep()

    def _loader(self, rows: BlockRows, seed: int | None) -> Loader:
        rank, world = (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)
        return Loader(rows, self._batch_size, seed, self._workers, torch.cuda.is_available(), rank, world)

    def train_dataloader(self) -> Loader:
        """Shuffled training batches; another order every epoch."""
        return self._loader(self._train, self._seed)

    def val_dataloader(self) -> Loader:
        """Validation batches in the order of the store."""
        return self._loader(self._validation, None)

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        """Make the input, where it is not stored."""
        *columns, target, rows = batch
        trainer = self.trainer
        epoch = trainer.current_epoch if trainer and trainer.training else None
        if self._fresh_sources and epoch is not None:
            *columns, target = self._inputs.fresh((*self._inputs.reads, TARGET), rows, epoch + 1)
            return self._inputs(columns, rows, epoch + 1), target, rows
        return self._inputs(columns, rows, epoch if self._fresh and epoch else 0), target, rows
