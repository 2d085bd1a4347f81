"""The one Lightning module that trains every network."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor

from slipbench.trainers.models.registry import MODELS, Network

#: Raised whenever the same options would give other weights; part of every fit's hash.
VERSION = 2

Batch = tuple[Tensor, Tensor, Tensor]


class Regression(pl.LightningModule):
    """A network on the normalised input, trained by its own loss on the targets scaled to (0, 1).

    The input's mean and standard deviation and the targets' ranges are buffers, so a checkpoint stands alone.
    All arguments are plain values for the same reason. Static arrays that the network reads (such as station
    coordinates) belong to the store that is read: `place` sets them, and no checkpoint holds them.

    Parameters
    ----------
    model : dict
        Options of the network, with its name under ``model``.
    network_version : int
        ``info.version`` of the network.
    shape : tuple of int
        Row shape of the input.
    targets : list of dict
        ``name``, ``units``, ``low`` and ``high`` of each target.
    statistics : dict
        ``mean`` and ``std`` of the input per last-axis component.
    dataset_hash : str
        Store that it was trained on.
    learning_rate, weight_decay : float
        Of Adam.
    """

    def __init__(
        self,
        model: dict[str, Any],
        network_version: int,
        shape: tuple[int, ...],
        targets: list[dict[str, Any]],
        statistics: dict[str, list[float]],
        dataset_hash: str,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__()
        self.save_hyperparameters(logger=False)
        self.compiled = False
        self._sums: dict[str, Tensor] = {}
        part = MODELS.get(model["model"])
        self.array: str = part.array
        self.network: Network = part(part.Options(**model), tuple(shape), len(targets))
        self.static: tuple[str, ...] = part.static
        for name in self.static:
            self.register_buffer(f"static_{name}", None, persistent=False)
        std = torch.tensor(statistics["std"])
        self.input_mean: Tensor
        self.input_std: Tensor
        self.target_low: Tensor
        self.target_range: Tensor
        self.register_buffer("input_mean", torch.tensor(statistics["mean"]))
        # A component that never varies in training carries nothing: it is centred, not blown up.
        self.register_buffer("input_std", torch.where(std > 0, std, 1.0))
        low = torch.tensor([t["low"] for t in targets], dtype=torch.float64)
        high = torch.tensor([t["high"] for t in targets], dtype=torch.float64)
        self.register_buffer("target_low", low)
        self.register_buffer("target_range", high - low)

    def place(self, static: Sequence[np.ndarray], learn: bool = False) -> None:
        """Use these static arrays, in the network's order, from now on.

        Parameters
        ----------
        static : sequence of ndarray
            One for each name of the network's `static`.
        learn : bool
            Whether they are those of the training store, whose ranges the network keeps.
        """
        device = self.target_low.device
        tensors = [torch.as_tensor(np.asarray(v, np.float64), device=device) for v in static]
        for name, values in zip(self.static, tensors, strict=True):
            setattr(self, f"static_{name}", values)
        if learn:
            self.network.learn_static(*tensors)

    def outputs(self, x: Tensor) -> Tensor:
        """What the network makes of raw inputs (batch, \\*shape), in the module's precision."""
        kind = self.input_mean.dtype
        static = [getattr(self, f"static_{name}") for name in self.static]
        return self.network((x.to(kind) - self.input_mean) / self.input_std, *static).to(kind)

    def wanted(self, y: Tensor, outputs: Tensor) -> Tensor:
        """Targets (batch, k) in physical units, scaled to (0, 1) in the precision of `outputs`."""
        return ((y.double() - self.target_low) / self.target_range).to(outputs.dtype)

    def physical(self, outputs: Tensor) -> Tensor:
        """Targets in physical units, float64 (batch, k), of the network's outputs."""
        return self.unscaled(self.network.point(outputs))

    def unscaled(self, scaled: Tensor) -> Tensor:
        """Scaled targets (..., k) in physical units, float64."""
        return scaled.double() * self.target_range + self.target_low

    def forward(self, x: Tensor) -> Tensor:
        """Targets in physical units, float64 (batch, k), of raw inputs (batch, \\*shape)."""
        return self.physical(self.outputs(x))

    def loss(self, x: Tensor, y: Tensor) -> Tensor:
        """Mean loss of raw inputs (batch, \\*shape) and targets in physical units (batch, k)."""
        outputs = self.outputs(x)
        return self.network.loss(outputs, self.wanted(y, outputs))

    def on_fit_start(self) -> None:
        """Compile where asked: in the process that trains, since a compiled network cannot travel."""
        if self.compiled:
            self.network.compile(dynamic=False)

    def on_train_epoch_start(self) -> None:
        """Forget the losses of the epoch before."""
        self._sums = {}

    def _tally(self, name: str, loss: Tensor, n: int) -> None:
        pair = torch.stack([loss.detach().double() * n, loss.new_tensor(n, dtype=torch.float64)])
        self._sums[name] = self._sums[name] + pair if name in self._sums else pair

    def epoch_losses(self) -> dict[str, float]:
        """``train_loss`` and ``validation_loss``: means over the epoch's samples of all ranks."""
        totals = {k: self.trainer.strategy.reduce(v, reduce_op="sum") for k, v in sorted(self._sums.items())}
        return {name: float(total[0] / total[1]) for name, total in totals.items()}

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Loss of one batch, weighted so that the mean over ranks is the whole batch's."""
        loss, n = self.loss(*batch[:2]), len(batch[0])
        self._tally("train_loss", loss, n)
        world = self.trainer.world_size
        if world > 1:
            loss = loss * (n * world / self.trainer.train_dataloader.rows_in(index))  # type: ignore[union-attr]
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Add the loss of one batch to the epoch's."""
        self._tally("validation_loss", self.loss(*batch[:2]), len(batch[0]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam (Kingma and Ba 2015)."""
        return torch.optim.Adam(
            self.parameters(), lr=self.hparams["learning_rate"], weight_decay=self.hparams["weight_decay"]
        )
