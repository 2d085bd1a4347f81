"""The learning rate over a fit."""

import math
from typing import Any

import pytorch_lightning as pl

#: Share of the steps in which the rate rises, and the share of the rate that is left at the end.
_RISE, _LAST = 0.05, 0.01


def cosine(step: int, steps: int) -> float:
    """Factor on the rate: a rise over the first twentieth of the steps, then half a cosine down to 0.01."""
    rise = max(1, round(_RISE * steps))
    if step < rise:
        return (step + 1) / rise
    done = (step - rise) / max(1, steps - rise)
    return _LAST + (1 - _LAST) * (1 + math.cos(math.pi * min(done, 1.0))) / 2


class Cosine(pl.Callback):
    """Sets the rate before every step, from the number of the step alone, so a resumed fit goes on with it.

    Parameters
    ----------
    rate : float
        Largest learning rate.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate

    def on_train_batch_start(self, trainer: pl.Trainer, *args: Any) -> None:
        """Set it."""
        assert trainer.max_epochs is not None
        steps = trainer.max_epochs * int(trainer.num_training_batches)
        for optimizer in trainer.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = self._rate * cosine(trainer.global_step, steps)
