"""One fit on several devices: processes that share every batch and average their gradients (DDP)."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytorch_lightning as pl
import torch
import torch.multiprocessing as mp
from pytorch_lightning.strategies import DDPStrategy

from slipbench.datasets.errors import InputError
from slipbench.trainers.batch_norm import share_batch_norm
from slipbench.trainers.memory import keep_memory
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.quiet import be_silent

Progress = Callable[[int, int, str], None]


def device_kind(options: TrainerOptions) -> str:
    """``gpu`` or ``cpu``: where a fit with these options would run on this machine.

    Raises
    ------
    InputError
        When a GPU is demanded and there is none, or more devices than there are.
    """
    kind = "gpu" if torch.cuda.is_available() and options.accelerator != "cpu" else "cpu"
    if options.accelerator == "gpu" and kind == "cpu":
        raise InputError("accelerator", "no GPU is visible", "a CUDA device", "use accelerator=auto")
    there = torch.cuda.device_count() if kind == "gpu" else os.cpu_count() or 1
    if options.devices > there:
        name = "GPUs" if kind == "gpu" else "CPU cores"
        raise InputError("devices", str(options.devices), f"at most the {there} {name} here", "lower it")
    return kind


class Messenger:
    """Carries progress and the one line of an error from the ranks to the process that started them."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        be_silent()  # unpickled first thing in a new process, before Lightning has anything to say
        keep_memory()

    def __call__(self, done: int, total: int, text: str) -> None:
        """Tell progress; only the first rank does."""
        if os.environ.get("LOCAL_RANK") == "0":
            self._queue.put((done, total, text))

    def fail(self, error: InputError) -> None:
        """Send what the user must know. Any rank does: the first to fail ends the others."""
        self._queue.put(error)


@contextmanager
def messenger(progress: Progress | None) -> Iterator[Messenger]:
    """A messenger whose news reach `progress`; an InputError of a rank is raised here."""
    queue = mp.get_context("spawn").SimpleQueue()
    errors: list[InputError] = []

    def listen() -> None:
        while (news := queue.get()) is not None:
            if isinstance(news, InputError):
                errors.append(news)
            elif progress:
                progress(*news)

    thread = Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield Messenger(queue)
    except mp.ProcessRaisedException:
        queue.put(None)
        thread.join()
        if errors:
            raise errors[0] from None
        raise
    finally:
        queue.put(None)
        thread.join()


def several(kind: str, devices: int) -> dict[str, Any]:
    """Arguments of Lightning's trainer for several devices."""
    backend = "nccl" if kind == "gpu" else "gloo"
    return {
        "devices": devices,
        "strategy": DDPStrategy(start_method="spawn", process_group_backend=backend),
        "use_distributed_sampler": False,
        "sync_batchnorm": kind == "gpu",
    }


def fit_on_several(trainer: pl.Trainer, module: pl.LightningModule, kind: str, **values: Any) -> None:
    """Run ``trainer.fit(module, **values)`` and leave neither a process nor a variable behind."""
    if kind == "cpu":
        share_batch_norm(module)
    before = {name: os.environ.get(name) for name in ("MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK")}
    try:
        trainer.fit(module, **values)
    finally:
        for process in getattr(trainer.strategy.launcher, "procs", []):
            if process.is_alive():
                process.terminate()
                process.join()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
