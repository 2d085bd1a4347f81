"""The trained network of a checkpoint, or one line for whatever is wrong with it."""

from pathlib import Path

import torch
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import Regression

_EXPECTED = "a checkpoint that 'slipbench train' wrote"


def load(checkpoint: Path, expect: str | None = None) -> Regression:
    """The trained module of a checkpoint, on the CPU, in evaluation mode.

    Parameters
    ----------
    checkpoint : Path
        File written by a fit, or a safetensors file made of it.
    expect : str, optional
        Name of the network that it must hold.

    Raises
    ------
    InputError
        When the file is missing, damaged, no checkpoint, or of another or unknown network or version.
    """
    raw = read_raw(checkpoint)
    values = raw["hyper_parameters"]
    try:
        name = values["model"]["model"]
        version = values["network_version"]
    except (KeyError, TypeError) as error:
        raise InputError(checkpoint, "names no network", _EXPECTED, "check the path") from error
    if expect is not None and name != expect:
        MODELS.get(expect, where="model")
        raise InputError(
            checkpoint, f"holds network '{name}'", f"network '{expect}'", "choose its own checkpoint"
        )
    MODELS.get(name, where=checkpoint)
    current = MODELS.info(name).version
    if version != current:
        raise InputError(
            checkpoint, f"version {version} of network '{name}'", f"version {current}", "train it again"
        )
    try:
        with torch.random.fork_rng():  # the weights drawn here are replaced at once
            module = Regression(**values)
        module.load_state_dict(raw["state_dict"])
    except (ValidationError, TypeError, KeyError, RuntimeError) as error:
        raise InputError(
            checkpoint, f"its weights do not fit network '{name}'", _EXPECTED, "train it again"
        ) from error
    return module.eval()
