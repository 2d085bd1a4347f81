"""What a hyperparameter search needs of a trainer, without any search library."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import NOT_IN_HASH
from slipbench.trainers.keeper import Diverged, Keeper
from slipbench.trainers.options import Choice, TrainerOptions, Uniform

#: What `fit_trial` tells after every epoch: ``epoch``, ``train_loss``, ``validation_loss``, ...
Report = Callable[[dict[str, Any]], None]


def searchable(options: TrainerOptions) -> dict[str, Any]:
    """Dotted names of the options that a search may set, with their types."""
    own = {
        name: field.annotation
        for name, field in type(options).model_fields.items()
        if name not in NOT_IN_HASH | {"model"}
    }
    model = {
        f"model.{name}": field.annotation
        for name, field in type(options.model).model_fields.items()
        if name != "model"
    }
    return own | model


def apply(options: TrainerOptions, values: Mapping[str, Any]) -> TrainerOptions:
    """Options with some values replaced.

    Parameters
    ----------
    options : TrainerOptions
        Where to start from.
    values : mapping
        Dotted option (``learning_rate``, ``model.dropout``) to value.

    Raises
    ------
    InputError
        For an unknown option (the nearest one is named) or a value that it cannot take.
    """
    known = searchable(options)
    own: dict[str, Any] = {}
    model: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise InputError(
                f"search.space.{key}", "no such option", "an option of the trainer", nearest(key, known)
            )
        (model if key.startswith("model.") else own)[key.removeprefix("model.")] = value
    try:
        network = type(options.model)(**(options.model.model_dump() | model))
        kept = {name: getattr(options, name) for name in type(options).model_fields}
        return TrainerOptions(**(kept | own | {"model": network}))
    except ValidationError as error:
        first = error.errors()[0]
        path = ".".join(str(part) for part in first["loc"])
        key = next((k for k in values if k.removeprefix("model.") == path.removeprefix("model.")), path)
        raise InputError(
            f"search.space.{key}", repr(first["input"]), first["msg"].lower(), "change the range"
        ) from error


def check_search(options: TrainerOptions) -> None:
    """Check before anything starts that every value of the search's space can be applied.

    Raises
    ------
    InputError
        For an unknown option, a range whose ends it cannot take, or an even range for whole numbers.
    """
    if options.search is None:
        return
    known = searchable(options)
    for key, space in options.search.space.items():
        ends = space.values if isinstance(space, Choice) else [space.low, space.high]
        for value in ends:
            apply(options, {key: value})
        if isinstance(space, Uniform) and known[key] is int:
            raise InputError(
                f"search.space.{key}", "a range of real numbers", "whole numbers", "list them under 'values'"
            )


class _Teller(pl.Callback):
    """Reports every epoch of the history once, also those of an earlier sitting."""

    def __init__(self, report: Report) -> None:
        self._report, self.told = report, 0

    def catch_up(self, history: list[dict[str, Any]]) -> None:
        """Report what has not been reported."""
        for epoch in history[self.told :]:
            self.told += 1
            self._report(dict(epoch))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """After `Keeper`, which stands before it in the trainer's list."""
        self.catch_up(next(c for c in trainer.callbacks if isinstance(c, Keeper)).history)  # type: ignore[attr-defined]


def fit_trial(
    options: TrainerOptions, store_uri: str | Path, out: Path, report: Report, start: Path | None = None
) -> None:
    """Fit one configuration of a search, at most ``search.epochs`` epochs long.

    Parameters
    ----------
    options : TrainerOptions
        With the trial's values applied.
    store_uri : str or Path
        Sealed store.
    out : Path
        Folder of the trial; a killed trial goes on from there.
    report : callable
        Called with a dict (``epoch`` from 1, ``validation_loss``, ``train_loss``, ...) after every epoch.
        A trial that diverges from the start reports an infinite loss. It may raise to stop the trial.
    start : Path, optional
        As in `fit`.

    Raises
    ------
    InputError
        When the store cannot be used.
    """
    if options.search is not None:
        epochs = min(options.epochs, options.search.epochs)
        options = options.model_copy(update={"epochs": epochs, "devices": 1})  # trials run side by side
    teller = _Teller(report)
    try:
        teller.catch_up(fit(options, Store(store_uri), out, start=start, callbacks=[teller]).history)
    except Diverged:
        report({"epoch": teller.told + 1, "train_loss": float("inf"), "validation_loss": float("inf")})
