"""Statistics of batch normalisation that belong to the weights they are used with."""

from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

#: Training batches that the statistics are counted over.
BATCHES = 8


class Recount(pl.Callback):
    """Counts batch normalisation's statistics anew before every validation, with the weights held still.

    The running mean and variance of training lag some ten steps behind the weights. Where a network's output
    hangs on small differences between its features, as that of ITS between its frames, the lag alone can make
    validation worse than a guess. Wu and Johnson (2021, "Rethinking 'Batch' in BatchNorm", section 3) average
    over batches after training; here it is done at the end of every epoch, before its weights are judged and
    kept. Training itself never uses these statistics.
    """

    def __init__(self) -> None:
        self._kept: list[Tensor] = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, index: int
    ) -> None:
        """Keep the first inputs of the epoch, raw, on their device."""
        if index < BATCHES and _layers(pl_module):
            self._kept.append(batch[0])

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Count over the kept inputs, all of them alike, and let go of them."""
        layers = _layers(pl_module)
        pl_module.eval()
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            for number, x in enumerate(self._kept, 1):
                for layer in layers:
                    layer.train()
                    layer.momentum = 1 / number
                pl_module.outputs(x)  # type: ignore[operator]
        pl_module.eval()
        self._kept = []


def _layers(module: pl.LightningModule) -> list[_BatchNorm]:
    return [layer for layer in module.modules() if isinstance(layer, _BatchNorm)]
