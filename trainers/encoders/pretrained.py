"""Checkpoints of our own pre-training: whether one belongs to an encoder with certain options."""

from pathlib import Path
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.trainers.checkpoint_file import read_raw

COMMAND = "pretrain-mae"


def read_pretraining(path: Path) -> dict[str, Any]:
    """How the encoder of a checkpoint was pre-trained (``hyper_parameters``), its bytes checked.

    ``real_before`` is the date (ISO) before which real images were seen, None where only made ones were, and
    ``dataset_hash`` the store that they came from.

    Raises
    ------
    InputError
        When the file is missing, damaged or of another command.
    """
    found = read_raw(path, COMMAND)["hyper_parameters"]
    if not isinstance(found, dict) or found.get("pretraining") != "mae":
        raise InputError(
            path, "was not pre-trained on masked images", f"a checkpoint of {COMMAND}", "set weights: path"
        )
    return found


def check_pretrained(path: Path, **options: Any) -> None:
    """Raise InputError unless the encoder of a checkpoint was pre-trained with these options."""
    found = read_pretraining(path)
    for name, value in options.items():
        if found.get(name) != value:
            raise InputError(
                path, f"was pre-trained with {name} {found.get(name)}", f"{name} {value}", f"set {name} to it"
            )
