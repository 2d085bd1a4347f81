"""Predicted distributions of a checkpoint on rows that are not in a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from slipbench.datasets.errors import InputError
from slipbench.trainers.checkpoint import load
from slipbench.trainers.mixture_network import MixtureNetwork


@dataclass(frozen=True)
class Applied:
    """Predictions for n rows of k targets.

    Parameters
    ----------
    names, units : list of str
        Of the targets.
    point : ndarray, shape (n, k)
        Best single values.
    quantiles : ndarray, shape (n, k, levels)
        Values that the targets stay below with the probabilities asked for.
    """

    names: list[str]
    units: list[str]
    point: np.ndarray
    quantiles: np.ndarray


def apply(
    checkpoint: Path,
    rows: np.ndarray,
    levels: Sequence[float],
    expect: str | None = None,
    batch_size: int = 512,
) -> Applied:
    """Apply a trained network that predicts a distribution, on the CPU.

    Parameters
    ----------
    checkpoint : Path
        File written by a fit.
    rows : ndarray, shape (n, ...)
        Input rows as a store would hold them.
    levels : sequence of float
        Probabilities of the quantiles.
    expect : str, optional
        Name of the network that the checkpoint must hold.
    batch_size : int
        Rows in one step.

    Raises
    ------
    InputError
        When the checkpoint cannot be used, predicts no distribution, or was trained on other rows.
    """
    module = load(checkpoint, expect)
    network, targets = module.network, module.hparams["targets"]
    if not isinstance(network, MixtureNetwork):
        name = module.hparams["model"]["model"]
        raise InputError(
            checkpoint, f"network '{name}' predicts single values", "a distribution", "choose another network"
        )
    free, shape = network.free_axes, module.hparams["shape"]
    if len(shape) != rows.ndim - 1 or any(
        a != b for axis, (a, b) in enumerate(zip(shape, rows.shape[1:], strict=True)) if axis not in free
    ):
        raise InputError(
            checkpoint,
            f"was trained on rows {tuple(shape)}",
            f"rows {rows.shape[1:]}",
            "choose another network",
        )
    points, quantiles = [], []
    with torch.inference_mode():
        for first in range(0, len(rows), batch_size):
            outputs = module.outputs(torch.from_numpy(rows[first : first + batch_size]))
            points.append(module.physical(outputs))
            scaled = [network.head.quantiles(outputs, k, levels) for k in range(len(targets))]
            quantiles.append(module.unscaled(torch.stack(scaled, dim=-1)))
    return Applied(
        [t["name"] for t in targets],
        [t["units"] for t in targets],
        torch.cat(points).numpy(),
        torch.cat(quantiles).mT.numpy(),
    )
