"""Events located a second by every network, beside the inversion of such events for a rectangular fault.

A network's whole prediction is timed, from the checkpoint and the sealed store to values in physical units,
on the GPU where there is one. The weights are as they start: the time does not depend on them. Everything on
the CPU runs on one thread.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from slipbench.benchmarks.baselines.registry import BASELINES
from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.benchmarks.speed.training import CASES
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store
from slipbench.trainers.data import content
from slipbench.trainers.fresh import fresh_module
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.predict import predict

N_STATIONS, N_EVENTS = 300, 128
#: Times the events of a network on a GPU.
ON_GPU = 16
NETWORKS = tuple(case.model for case in CASES if not case.virtual)
#: Events of the baselines: enough for what they prepare once to count for little.
INVERTED, REFINED = 32, 8
#: The least rows that noise can be fitted to: it is not timed.
WINDOWS = 3
TRAIN_SHARE, VALIDATION_SHARE = 0.15, 0.1


def rows() -> Iterator[Row]:
    """Events a second of every network and of the baselines that work them out one by one."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_blas_thread(), tempfile.TemporaryDirectory(prefix="slipbench-speed-") as folder:
            yield from compared(Path(folder), N_EVENTS * (ON_GPU if torch.cuda.is_available() else 1))
    finally:
        torch.set_num_threads(threads)


def compared(folder: Path, n_events: int, n_stations: int = N_STATIONS) -> Iterator[Row]:
    """Networks and baselines in turn; every ratio is to the inversion."""
    store = _store(folder / "store", n_events, n_stations)
    device = "cuda" if torch.cuda.is_available() else "cpu, one thread"
    networks = [partial(predict, fresh_checkpoint(store, model, folder), store) for model in NETWORKS]
    works: list[Callable[[], object]] = [*networks, by_baseline(store, "refined", REFINED, windows=WINDOWS)]
    *took, inverting = alternating(*works, by_baseline(store, "okada_inversion", INVERTED))
    rate, peer = INVERTED / inverting, "baseline okada_inversion, cpu, one thread"
    names = [f"{model['model']}, {n_events} events, {device}" for model in NETWORKS]
    names.append(f"baseline refined, {REFINED} events, cpu, one thread")
    for name, n, seconds in zip(names, [n_events] * len(NETWORKS) + [REFINED], took, strict=True):
        what = f"prediction from {n_stations} stations by {name}"
        yield Row(what, n / seconds, "events/s", peer, n / seconds / rate)
    what = f"prediction from {n_stations} stations by {peer}, {INVERTED} events"
    yield Row(what, rate, "events/s")


def fresh_checkpoint(store: Store, model: Mapping[str, Any], folder: Path) -> Path:
    """A checkpoint of the network as it is before training on `store`."""
    name = model["model"]
    options = MODELS.get(name).Options.model_validate(model)
    module = fresh_module(options, store, content(store, name))
    path = folder / f"{name}.ckpt"
    torch.save({"state_dict": module.state_dict(), "hyper_parameters": dict(module.hparams)}, path)
    return path


def by_baseline(store: Store, name: str, n_events: int, **options: Any) -> Callable[[], np.ndarray]:
    """The fitted baseline's prediction of the first test events."""
    kind = BASELINES.get(name)
    baseline = kind(kind.Options.model_validate(options), 0)
    train, test = store.rows_of("train"), store.rows_of("test")[:n_events]
    no_time = np.full(len(store), np.nan)
    baseline.fit(store, train, no_time[train], store.read("target")[train])
    return partial(baseline.predict, store, test, no_time[test])


def _store(folder: Path, n_events: int, n_stations: int) -> Store:
    """A store with `n_events` test rows."""
    options = SourceSynthetic.Options.model_validate(
        {
            "recipe": "source_synthetic",
            "name": "speed",
            "n_samples": round(n_events / (1 - TRAIN_SHARE - VALIDATION_SHARE)),
            "n_stations": n_stations,
            "stations": "made",
            "noise": "parametric",
            "representations": ["ts", "img", "its"],
            "rows_per_shard": 32,
            "split": {"train": TRAIN_SHARE, "validation": VALIDATION_SHARE},
        }
    )
    build(SourceSynthetic(options, None).plan(), folder)
    return Store(folder)
