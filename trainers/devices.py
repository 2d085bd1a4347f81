"""Fits on this machine: in this process, or one process for each device (DDP)."""

import os

import torch
import torch.multiprocessing as mp
from pytorch_lightning.strategies import DDPStrategy

from slipbench.datasets.errors import InputError
from slipbench.trainers.keeper import Progress
from slipbench.trainers.messenger import messenger
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.training import Training


class Here:
    """The `Launch` of this machine."""

    def kind(self, options: TrainerOptions) -> str:
        """See `Launch.kind`."""
        kind = "gpu" if torch.cuda.is_available() and options.accelerator != "cpu" else "cpu"
        if options.accelerator == "gpu" and kind == "cpu":
            raise InputError("accelerator", "no GPU is visible", "a CUDA device", "use accelerator=auto")
        there = torch.cuda.device_count() if kind == "gpu" else os.cpu_count() or 1
        if options.devices > there:
            name = "GPUs" if kind == "gpu" else "CPU cores"
            raise InputError("devices", str(options.devices), f"at most the {there} {name} here", "lower it")
        return kind

    def __call__(self, training: Training, progress: Progress | None) -> None:
        """See `Launch`."""
        if training.devices == 1:
            training.keeper.tell = progress
            training.run(devices=1)
            return
        with messenger(progress, mp.get_context("spawn").SimpleQueue()) as carrier:
            training.keeper.tell, training.keeper.fail = carrier, carrier.fail
            _run_on_several(training)


HERE = Here()


def _run_on_several(training: Training) -> None:
    """Leave neither a process nor a variable behind."""
    strategy = DDPStrategy(start_method="spawn", process_group_backend=training.backend)
    before = {name: os.environ.get(name) for name in ("MASTER_ADDR", "MASTER_PORT", "LOCAL_RANK")}
    try:
        training.run(devices=training.devices, strategy=strategy)
    finally:
        for process in getattr(strategy.launcher, "procs", []):
            if process.is_alive():
                process.terminate()
                process.join()
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
