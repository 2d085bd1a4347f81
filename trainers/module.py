"""The one Lightning module that trains every network."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from slipbench.trainers.models.registry import MODELS

#: Raised whenever the same options would give other weights; part of every fit's hash.
VERSION = 1

#: Weight of the newest batch in the running statistics of batch normalisation.
BATCH_NORM_MOMENTUM = 0.1

Batch = tuple[Tensor, Tensor, Tensor]


class Regression(pl.LightningModule):
    """Mean squared error between the targets scaled to (0, 1) and a network on the normalised input.

    Everything that a prediction needs is inside: the input's mean and standard deviation and the targets'
    ranges are buffers, so a checkpoint stands alone. All arguments are plain values for the same reason.

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
        part = MODELS.get(model["model"])
        self.array: str = part.array
        self.network: nn.Module = part(part.Options(**model), tuple(shape), len(targets))
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

    def scaled(self, x: Tensor) -> Tensor:
        """Targets scaled to (0, 1), float32 (batch, k), of raw inputs (batch, \\*shape)."""
        return self.network((x.float() - self.input_mean) / self.input_std).float()

    def forward(self, x: Tensor) -> Tensor:
        """Targets in physical units, float64 (batch, k), of raw inputs (batch, \\*shape)."""
        return self.scaled(x).double() * self.target_range + self.target_low

    def _loss(self, batch: Batch) -> Tensor:
        x, y, _ = batch
        wanted = ((y.double() - self.target_low) / self.target_range).float()
        return nn.functional.mse_loss(self.scaled(x), wanted)

    def on_train_batch_start(self, batch: Batch, index: int) -> None:
        """Average the first batches evenly in batch normalisation, before forgetting old ones sets in.

        Otherwise its start values (mean 0, variance 1) rule the validation of the first fifty steps, which
        is all that a short fit has.
        """
        for layer in self.network.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.momentum = max(BATCH_NORM_MOMENTUM, 1 / (self.global_step + 1))

    def training_step(self, batch: Batch, index: int) -> Tensor:
        """Mean squared error of one batch."""
        loss = self._loss(batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=len(batch[0]))
        return loss

    def validation_step(self, batch: Batch, index: int) -> None:
        """Log the mean squared error of one batch."""
        self.log("validation_loss", self._loss(batch), on_epoch=True, batch_size=len(batch[0]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam (Kingma and Ba 2015)."""
        return torch.optim.Adam(
            self.parameters(), lr=self.hparams["learning_rate"], weight_decay=self.hparams["weight_decay"]
        )
