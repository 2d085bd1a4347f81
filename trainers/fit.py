"""Training a network on a sealed store, resumable and repeatable."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.store.reader import Store
from slipbench.trainers.batch_norm import share_batch_norm
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.data import StoreData, content
from slipbench.trainers.devices import HERE
from slipbench.trainers.fresh import fresh_module
from slipbench.trainers.hash import fit_hash
from slipbench.trainers.inputs import is_made
from slipbench.trainers.keeper import Keeper, Progress
from slipbench.trainers.memory import keep_memory
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import Regression
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.quiet import reproducible, silent
from slipbench.trainers.record import BEST, LAST, Fit, claim, finish
from slipbench.trainers.recount import Recount
from slipbench.trainers.schedule import Cosine
from slipbench.trainers.start import start_file, take_over
from slipbench.trainers.training import Launch, Training


def fit(
    options: TrainerOptions,
    store: Store,
    out: Path,
    *,
    start: Path | None = None,
    launch: Launch = HERE,
    logger: Any = None,
    callbacks: Sequence[pl.Callback] = (),
    progress: Progress | None = None,
) -> Fit:
    """Train until patience or epochs run out and keep the best weights.

    On a CPU the weights depend on the options and the store alone, also when the process was killed
    and the fit resumed. A finished fit of the same hash in `out` is returned without work.

    Parameters
    ----------
    options : TrainerOptions
        Network and training.
    store : Store
        Sealed store with the network's array.
    out : Path
        Folder of this fit; nothing is written outside it.
    start : Path, optional
        Best checkpoint of the trainer that ``options.start`` describes; a file named there needs none.
    launch : Launch
        Where to train: on this machine by default.
    logger : Lightning logger, optional
        Gets the numbers of `Fit.history` per epoch. For one device only.
    callbacks : sequence of pytorch_lightning.Callback
        Called after the fit's own. For one device only.
    progress : callable, optional
        Called as ``progress(epochs done, epochs at most, text)``; at the end no more epochs are possible.

    Raises
    ------
    InputError
        When the store lacks what the network reads or has nothing fresh to give, `out` holds another fit, a
        demanded GPU is not there, the weights to start from do not fit, or the loss is not finite from the
        start.
    ValueError
        When ``options.start`` describes a trainer and its checkpoint is not given, or for a logger or
        callbacks with several devices, which work in processes of their own.
    """
    keep_memory()
    many = options.devices > 1
    if many and (logger or callbacks):
        raise ValueError("a logger and callbacks are for one device")
    kind = launch.kind(options)
    name = options.model.model
    part: Any = MODELS.get(name)
    found = content(store, name)
    for fresh in ("fresh_noise", "fresh_sources"):
        if getattr(options, fresh) and not is_made(store, part.array):
            raise InputError(
                fresh,
                f"{store.folder} holds its samples, noise included",
                "a virtual dataset",
                f"build it with form=virtual or drop {fresh}",
            )
    start = start or start_file(options)
    if (start is None) != (options.start is None):
        raise ValueError(f"start is {start}, options.start is {options.start}")
    key = fit_hash(options, store.dataset_hash, file_sha256(start) if start else "")
    out.mkdir(parents=True, exist_ok=True)
    if done := claim(out, key):
        return done
    data = StoreData(
        store,
        part.array,
        options.batch_size,
        options.seed,
        options.loader_workers,
        (options.cache_mib << 20) // options.devices,
        options.fresh_noise,
        options.fresh_sources,
    )
    keeper = Keeper(out, options.epochs, options.patience, options.seed, data.n_train)
    if (out / LAST).exists():
        read_raw(out / LAST)  # a damaged file gets its one line, not Lightning's trace
    with silent(), reproducible(deterministic=kind == "cpu"):
        torch.manual_seed(options.seed)
        module = fresh_module(
            options.model,
            store,
            found,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
        )
        if start:
            take_over(module, start)
        if options.precision == "64-true":
            module.double()  # before Lightning does, which reads a checkpoint into 32 bits first
        module.compiled = options.compile
        if many and kind == "cpu":
            share_batch_norm(module)
        schedule = [Cosine(options.learning_rate)] if options.schedule == "cosine" else []
        arguments = {
            "accelerator": kind,
            "precision": options.precision,
            "max_epochs": options.epochs,
            "logger": logger or False,
            "callbacks": [keeper, Recount(), *schedule, *callbacks],
            "gradient_clip_val": options.clip_norm or None,
            "default_root_dir": out,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "use_distributed_sampler": False,
            "sync_batchnorm": many and kind == "gpu",
        }
        training = Training(module, data, keeper, kind, options.devices, store.folder, out, arguments)
        launch(training, progress)
    keeper.recall(read_raw(out / LAST))  # it may have worked in another process
    result = _result(out, module, keeper, data.n_train)
    finish(out, key, result)
    if progress:
        progress(result.epochs, result.epochs, f"best epoch {result.best_epoch} of {result.epochs}")
    return result


def _result(out: Path, module: Regression, keeper: Keeper, n_train: int) -> Fit:
    best = keeper.best
    if best is None:  # Lightning returned without an epoch; Keeper raises in every case known to us
        raise RuntimeError("the fit ended without a single epoch")
    training = sum(n_train / e["samples_per_second"] for e in keeper.history)
    return Fit(
        checkpoint=out / BEST,
        sha256=file_sha256(out / BEST),
        epochs=len(keeper.history),
        best_epoch=best["epoch"],
        validation_loss=best["validation_loss"],
        samples_per_second=n_train * len(keeper.history) / training,
        parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
        seconds=sum(e["seconds"] for e in keeper.history),
        history=keeper.history,
    )
