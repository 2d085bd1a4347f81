"""The callback that keeps a fit: its history, its best and last weights, its patience."""

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from slipbench.datasets.errors import InputError
from slipbench.trainers.meter import Meter
from slipbench.trainers.record import BEST, LAST

#: ``progress(epochs done, epochs at most, text)``
Progress = Callable[[int, int, str], None]


class Diverged(InputError):
    """The loss of the first epochs is not finite, so there are no weights to keep."""


class Keeper(pl.Callback):
    """Early stopping, best and last checkpoint, in one place so that all of it survives a kill.

    Its state travels in ``last.ckpt``, which is replaced after every epoch: what an interrupted epoch
    did is forgotten and done again. Random numbers are keyed by (seed, epoch) for the same reason.

    Parameters
    ----------
    out : Path
        Folder of the checkpoints.
    epochs, patience : int
        Most epochs, and epochs without a better validation loss before stopping.
    seed : int
        Root of the random numbers of dropout.
    n_train : int
        Training samples in one epoch.

    Attributes
    ----------
    tell : callable or None
        Told by the first rank when the fit starts and after every epoch.
    fail : callable or None
        Given the error that ends the fit, by every rank.
    """

    def __init__(self, out: Path, epochs: int, patience: int, seed: int, n_train: int) -> None:
        self._out, self._epochs, self._patience, self._seed = out, epochs, patience, seed
        self._n_train = n_train
        self.tell: Progress | None = None
        self.fail: Callable[[InputError], None] | None = None
        self._meter = Meter()
        self._busy: float | None = None
        self.history: list[dict[str, Any]] = []

    @property
    def best(self) -> dict[str, Any] | None:
        """The epoch with the lowest validation loss (the first of equals)."""
        return min(self.history, key=lambda e: e["validation_loss"], default=None)

    @property
    def exhausted(self) -> bool:
        """Whether patience has run out."""
        return self.best is not None and len(self.history) - self.best["epoch"] >= self._patience

    def state_dict(self) -> dict[str, Any]:
        """What ``last.ckpt`` remembers."""
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from ``last.ckpt``."""
        self.history = list(state_dict["history"])

    def recall(self, raw: dict[str, Any]) -> None:
        """Take over what a keeper in another process left in ``last.ckpt``."""
        self.load_state_dict(raw["callbacks"][self.state_key])

    def _tell(self, trainer: pl.Trainer, text: str) -> None:
        if self.tell and trainer.is_global_zero:
            self.tell(len(self.history), self._epochs, text)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Say where the fit starts; a fit killed between its last epoch and its record has nothing to do."""
        self._tell(trainer, "resumed" if self.history else "started")
        trainer.should_stop = self.exhausted

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Key the epoch's random numbers: those of dropout and the order of the samples."""
        # Lightning has asked the loader for an iterator already; it looks at the epoch when it is first used.
        trainer.train_dataloader.set_epoch(trainer.current_epoch)  # type: ignore[union-attr]
        # every rank drops other features
        torch.manual_seed((self._seed << 20) + trainer.current_epoch + 1 + (trainer.global_rank << 48))
        self._started = time.perf_counter()
        self._meter.start(pl_module.device)

    def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
        """Note when training stops and validation begins, and how busy the device was."""
        self._trained = time.perf_counter()
        self._meter.tick()

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """End the measurement of training."""
        self._busy = self._meter.share()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Judge the epoch and keep its weights."""
        metrics: dict[str, float] = pl_module.epoch_losses()  # type: ignore[operator]
        rate = self._n_train / (self._trained - self._started)
        side = {"samples_per_second": rate, "learning_rate": trainer.optimizers[0].param_groups[0]["lr"]}
        if self._busy is not None:
            side["device_utilisation"] = self._busy
        pl_module.log_dict(metrics | side)
        if not all(math.isfinite(v) for v in metrics.values()):
            if self.best is None:
                error = Diverged(
                    "training",
                    f"the loss is {metrics['train_loss']} after epoch {trainer.current_epoch + 1}",
                    "a finite number",
                    "lower learning_rate or verify the store",
                )
                if self.fail:
                    self.fail(error)
                raise error
            trainer.should_stop = True
            return
        seconds = time.perf_counter() - self._started
        self.history.append({"epoch": trainer.current_epoch + 1, **metrics, **side, "seconds": seconds})
        if self.best is self.history[-1]:
            self._save(trainer, BEST, weights_only=True)
        self._save(trainer, LAST, weights_only=False)
        trainer.should_stop = trainer.should_stop or self.exhausted
        self._tell(trainer, f"validation loss {metrics['validation_loss']:.4g}, {rate:.0f} samples/s")

    def _save(self, trainer: pl.Trainer, name: str, weights_only: bool) -> None:
        partial = self._out / f".{name}.partial"
        trainer.save_checkpoint(partial, weights_only=weights_only)
        if trainer.is_global_zero:
            os.replace(partial, self._out / name)
