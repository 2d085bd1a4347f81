"""What a network consists of: its parts with their parameters, from a trainer's options or a checkpoint."""

from pathlib import Path
from typing import Any

from torch import nn

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest
from slipbench.platform.settings import Settings
from slipbench.platform.stages import plan_dataset
from slipbench.trainers.checkpoint import load
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.options import TrainerOptions


def trainer_card(options: TrainerOptions, place: Settings) -> dict[str, Any]:
    """Facts of the network that a trainer would train; its dataset is planned, not built.

    Raises
    ------
    InputError
        When the dataset cannot be planned or does not store what the network reads.
    """
    part: Any = MODELS.get(options.model.model)
    plan = plan_dataset(options.dataset, place).plan
    shapes = {a.name: a.shape for a in plan.arrays}
    if part.array not in shapes:
        raise InputError(
            f"dataset {options.dataset.name}",
            f"stores no array '{part.array}'",
            f"what network '{options.model.model}' reads",
            nearest(part.array, shapes),
        )
    network = part(options.model, tuple(shapes[part.array]), len(plan.attrs["targets"]))
    return {"trainer": options.name, **_facts(options.model.model, network, shapes[part.array])}


def checkpoint_card(checkpoint: Path) -> dict[str, Any]:
    """Facts of a trained network.

    Raises
    ------
    InputError
        When the file is no usable checkpoint.
    """
    module = load(checkpoint)
    facts = _facts(module.hparams["model"]["model"], module.network, module.hparams["shape"])
    return {"checkpoint": str(checkpoint), **facts, "dataset_hash": module.hparams["dataset_hash"]}


def _facts(name: str, network: nn.Module, shape: Any) -> dict[str, Any]:
    info = MODELS.info(name)
    own = {key: p.numel() for key, p in network.named_parameters(recurse=False)}
    inner = {key: sum(p.numel() for p in child.parameters()) for key, child in network.named_children()}
    parts = {key: n for key, n in (own | inner).items() if n}
    return {
        "network": name,
        "summary": info.summary,
        "reference": info.reference,
        "row_shape": list(shape),
        "parts": parts,
        "parameters": sum(parts.values()),
    }
