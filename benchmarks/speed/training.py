"""Training of every network by our fit, beside a bare PyTorch loop of the same network on batches in memory.

Both run in one process, on the same threads and device, an epoch of one after an epoch of the other. The fit
reads its store, shuffles, normalises, validates and keeps its weights; it is held to what it reports itself,
the training of an epoch with its reading. The bare loop does forward, loss, backward and step, no more.
"""

import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from slipbench.benchmarks.speed.measure import Row
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store
from slipbench.trainers.data import content
from slipbench.trainers.fit import fit
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.quiet import reproducible

N_STATIONS = 300
#: One epoch that is not counted, and those whose median is.
EPOCHS = 1 + 5
#: Distinct batches of the bare loop, so that none of them stays in a cache.
BATCHES = 2
#: Times the steps of an epoch on a GPU, which is asked once a second how busy it is.
ON_GPU = 16
TRAIN_SHARE, VALIDATION_SHARE = 0.8, 0.1
STATION_SET = {"model": "station_set", "latents": 16, "rounds": 2, "dropout": 0.6}


@dataclass(frozen=True)
class Case:
    """A fit to be timed, with the sizes of ``configs/trainers``.

    Parameters
    ----------
    model : mapping
        Options of the network.
    steps : int
        Batches in an epoch.
    batch_size : int
        Samples in a batch.
    trainer : mapping
        Further options of the trainer.
    virtual : bool
        Whether the store keeps what samples are made from, and every epoch has new ones.
    """

    model: Mapping[str, Any]
    steps: int = 8
    batch_size: int = 128
    trainer: Mapping[str, Any] = field(default_factory=dict)
    virtual: bool = False


CASES = (
    Case({"model": "ts"}, trainer={"cache_mib": 6144}),
    Case({"model": "img"}, trainer={"cache_mib": 6144}),
    # 12.5 GB would be needed at 128; read from the disk, one batch ahead
    Case({"model": "its"}, steps=4, batch_size=32, trainer={"cache_mib": 0, "loader_workers": 1}),
    Case(STATION_SET),
    Case(STATION_SET, trainer={"fresh_sources": True}, virtual=True),
)


def rows() -> Iterator[Row]:
    """Training samples a second of every network; on a GPU also how long it was at rest."""
    for case in CASES:
        with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as folder:
            yield from compared(case, Path(folder))


def compared(case: Case, folder: Path, n_stations: int = N_STATIONS) -> list[Row]:
    """Our rate of one case over that of the bare loop and, where its driver tells, the rest of a GPU."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    options = options_of(case, n_stations, case.steps * (ON_GPU if device.type == "cuda" else 1))
    build(SourceSynthetic(options.dataset, None).plan(), folder / "store")
    store = Store(folder / "store")
    bare = Bare(options, store, device)
    seconds: list[float] = []

    def after_epoch(done: int, most: int, text: str) -> None:
        if len(seconds) < done:
            seconds.append(bare.epoch())

    history = fit(options, store, folder / "fit", progress=after_epoch).history[1:]
    ours = statistics.median(e["samples_per_second"] for e in history)
    theirs = bare.n_samples / statistics.median(seconds[1:])
    where = f"cpu, {torch.get_num_threads()} threads" if device.type == "cpu" else "cuda"
    what = f"training of {_name(case)}, {n_stations} stations, batches of {case.batch_size}, {where}"
    peer = "bare PyTorch loop, batches in memory"
    table = [Row(what, ours, "samples/s", peer, ours / theirs)]
    busy = [e["device_utilisation"] for e in history if "device_utilisation" in e]
    if device.type == "cuda" and busy:
        table.append(Row(f"{what}, GPU at rest", 100 * (1 - statistics.median(busy)), "% of the time"))
    return table


class Bare:
    """The least that trains: a network, Adam, and the same few random batches again and again.

    Parameters
    ----------
    options : TrainerOptions
        Those of the fit that it is held against.
    store : Store
        Store of that fit: for the shapes, the stations and the number of training samples.
    device : torch.device
        Where the network and the batches are.
    """

    def __init__(self, options: TrainerOptions, store: Store, device: torch.device) -> None:
        found = content(store, options.model.model)
        self.n_samples, size = len(store.rows_of("train")), options.batch_size
        self._steps = -(-self.n_samples // size)
        self._device = device
        self._static = [torch.as_tensor(v, dtype=torch.float64, device=device) for v in found.static]
        network: Any = MODELS.get(options.model.model)
        self._network = network(options.model, found.shape, len(found.targets)).to(device).train()
        self._network.learn_static(*self._static)
        self._adam = torch.optim.Adam(self._network.parameters(), lr=options.learning_rate)
        self._batches = [
            (
                torch.randn(size, *found.shape, device=device),
                torch.rand(size, len(found.targets), device=device),
            )
            for _ in range(BATCHES)
        ]

    @property
    def n_parameters(self) -> int:
        """Trained numbers of the network."""
        return sum(p.numel() for p in self._network.parameters() if p.requires_grad)

    def epoch(self) -> float:
        """Train on as many samples as an epoch of the fit has; wall seconds."""
        # the fit's demand for deterministic algorithms is part of what it costs
        with reproducible(deterministic=False), torch.enable_grad():
            start = time.perf_counter()
            for step in range(self._steps):
                self._step(*self._batches[step % BATCHES])
            if self._device.type == "cuda":
                torch.cuda.synchronize(self._device)
            return time.perf_counter() - start

    def _step(self, x: Tensor, y: Tensor) -> None:
        self._adam.zero_grad()
        self._network.loss(self._network(x, *self._static), y).backward()
        self._adam.step()


def _name(case: Case) -> str:
    return f"{case.model['model']}{' on new samples every epoch' if case.virtual else ''}"


def options_of(case: Case, n_stations: int, steps: int) -> TrainerOptions:
    """The fit of a case on a made network of so many stations, with so many batches an epoch."""
    array = MODELS.get(case.model["model"]).array
    dataset = {
        "recipe": "source_synthetic",
        "name": "speed",
        "n_samples": round(steps * case.batch_size / TRAIN_SHARE),
        "n_stations": n_stations,
        "stations": "made",
        "noise": "parametric",
        "representations": [array],
        "rows_per_shard": 256,
        "split": {"train": TRAIN_SHARE, "validation": VALIDATION_SHARE},
        "form": "virtual" if case.virtual else "stored",
    }
    return TrainerOptions.model_validate(
        {
            "name": "speed",
            "dataset": dataset,
            "model": case.model,
            "epochs": EPOCHS,
            "patience": EPOCHS,
            "batch_size": case.batch_size,
            **case.trainer,
        }
    )
