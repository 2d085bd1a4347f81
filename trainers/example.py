"""One row of a store beside what a trained network makes of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from slipbench.datasets.store.reader import Store
from slipbench.trainers.checkpoint import load
from slipbench.trainers.data import content
from slipbench.trainers.inputs import Inputs
from slipbench.trainers.loader import BlockRows, Loader


@dataclass(frozen=True)
class Example:
    """An input and its output.

    Parameters
    ----------
    x : ndarray, shape (1, *row shape)
        Raw input as the network gets it.
    y : ndarray, shape (1, k)
        Predicted targets in their physical units, float64.
    free_axes : tuple of int
        Axes of a row that may have any length.
    """

    x: np.ndarray
    y: np.ndarray
    free_axes: tuple[int, ...]


def example(checkpoint: Path, store: Store) -> Example:
    """Apply a trained network to the first validation row of a store, on the CPU.

    Raises
    ------
    InputError
        When the checkpoint cannot be used or does not belong to this kind of store.
    """
    module = load(checkpoint)
    module.place(content(store, module.hparams["model"]["model"], train=False).static)
    inputs = Inputs(store, module.array)
    *columns, rows = next(iter(Loader(BlockRows(store, inputs.reads, "validation"), batch_size=1)))
    with torch.inference_mode():
        x = inputs(columns, rows)
        y = module(x)
    return Example(x.numpy(), y.numpy(), tuple(module.network.free_axes))
