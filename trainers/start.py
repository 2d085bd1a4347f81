"""Starting a fit from the weights of another one."""

from pathlib import Path
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.trainers.checkpoint import load
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.models.registry import MODELS, TakeOver
from slipbench.trainers.module import Regression
from slipbench.trainers.options import TrainerOptions


def start_options(options: TrainerOptions) -> TrainerOptions | None:
    """The trainer whose best weights a fit starts from, with the fit's own seed; None where there is none."""
    if isinstance(options.start, TrainerOptions):
        return options.start.model_copy(update={"seed": options.seed})
    return None


def start_file(options: TrainerOptions) -> Path | None:
    """The checkpoint that the options name themselves."""
    return Path(options.start).expanduser() if isinstance(options.start, str) else None


def check_start(options: TrainerOptions) -> None:
    """Check before anything starts that a fit can start from what its options name.

    Raises
    ------
    InputError
        When the networks do not go together, or the named file cannot be used.
    """
    if file := start_file(options):
        _rule(options.model, read_raw(file)["hyper_parameters"].get("model") or {}, str(file))
    elif before := start_options(options):
        _rule(options.model, before.model.model_dump(), f"start: trainer {before.name}")
        check_start(before)


def take_over(module: Regression, checkpoint: Path) -> None:
    """Copy what the module's network takes over from a trained one.

    Parameters
    ----------
    module : Regression
        Freshly made.
    checkpoint : Path
        File written by a fit.

    Raises
    ------
    InputError
        When the checkpoint cannot be used, or holds a network that this one cannot start from.
    """
    other = load(checkpoint)
    own = MODELS.get(module.hparams["model"]["model"])
    rule = _rule(own.Options(**module.hparams["model"]), other.hparams["model"], str(checkpoint))
    pairs = [(getattr(module.network, part), getattr(other.network, part)) for part in rule.parts]
    for mine, theirs in pairs or [(module.network, other.network)]:
        try:
            mine.load_state_dict(theirs.state_dict())
        except RuntimeError as error:
            raise InputError(
                checkpoint, "weights of other shapes", "those of this fit's network", "choose its own start"
            ) from error


def _rule(own: Any, other: dict[str, Any], where: str) -> TakeOver:
    """What `own` takes over from a network with the plain options `other`; no parts mean all of it."""
    name = str(other.get("model"))
    known = dict(MODELS.get(own.model).takes_over)
    known.setdefault(own.model, TakeOver((), tuple(k for k in type(own).model_fields if k != "dropout")))
    if name not in known:
        raise InputError(
            where,
            f"holds network '{name}'",
            f"one that '{own.model}' can start from",
            f"choose one of: {', '.join(sorted(known))}",
        )
    for key in known[name].same:
        if other.get(key) != getattr(own, key):
            raise InputError(
                where,
                f"{key} {other.get(key)}",
                f"{getattr(own, key)} as in model.{key}",
                "use the same value in both",
            )
    return known[name]
