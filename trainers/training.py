"""A fit that is ready to run, and the rule for whoever runs it: here, or on a cluster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as pl

from slipbench.trainers.data import StoreData
from slipbench.trainers.keeper import Keeper, Progress
from slipbench.trainers.module import Regression
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.record import LAST


@dataclass(frozen=True)
class Training:
    """All that a process needs to take part in a fit. It can be pickled.

    Parameters
    ----------
    module : Regression
        With its first weights.
    data : StoreData
        The store's batches.
    keeper : Keeper
        One of the callbacks in `arguments`.
    kind : str
        ``gpu`` or ``cpu``.
    devices : int
        Processes, one device each.
    store, out : Path
        Folders of the store and of the fit.
    arguments : dict
        Of Lightning's trainer, without those that say where and in how many processes it works.
    """

    module: Regression
    data: StoreData
    keeper: Keeper
    kind: str
    devices: int
    store: Path
    out: Path
    arguments: dict[str, Any]

    @property
    def backend(self) -> str:
        """How torch joins the processes."""
        return "nccl" if self.kind == "gpu" else "gloo"

    def run(self, **where: Any) -> None:
        """Train, from ``last.ckpt`` where there is one; `where` completes the arguments of the trainer."""
        last = self.out / LAST
        pl.Trainer(**self.arguments, **where).fit(
            self.module, datamodule=self.data, ckpt_path=last if last.exists() else None, weights_only=True
        )


class Launch(Protocol):
    """Where fits run."""

    def kind(self, options: TrainerOptions) -> str:
        """``gpu`` or ``cpu``: what a fit with these options would run on.

        Raises
        ------
        InputError
            When a GPU is demanded and there is none, or more devices than there are.
        """

    def __call__(self, training: Training, progress: Progress | None) -> None:
        """Run a training to its end; what it gives is in its folder.

        Raises
        ------
        InputError
            What a process of the fit raised.
        """
