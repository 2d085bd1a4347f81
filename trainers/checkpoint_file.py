"""Reading a checkpoint safely: data only, never code, and one line for whatever is wrong with it."""

import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from slipbench.datasets.errors import InputError
from slipbench.trainers.portable import SUFFIX, read_portable


def read_raw(checkpoint: Path, command: str = "train") -> dict[str, Any]:
    """Contents of a checkpoint file that ``slipbench COMMAND`` wrote, or of a network in safetensors format.

    Raises
    ------
    InputError
        When it is missing, damaged, or no checkpoint.
    """
    if checkpoint.suffix == SUFFIX:
        return read_portable(checkpoint)
    expected = f"a checkpoint that 'slipbench {command}' wrote"
    if not checkpoint.is_file():
        raise InputError(checkpoint, "no such file", expected, f"check the path or run 'slipbench {command}'")
    with checkpoint.open("rb") as f:
        if f.read(2) != b"PK":
            raise InputError(checkpoint, "not a checkpoint", expected, "check the path")
    damaged = InputError(checkpoint, "the file is damaged", expected, "copy it again or train again")
    try:
        with zipfile.ZipFile(checkpoint) as archive:
            if archive.testzip() is not None:
                raise damaged
        raw = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise InputError(
            checkpoint, "holds more than plain data", expected, "do not use it: it could run code"
        ) from error
    except (zipfile.BadZipFile, RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise damaged from error
    if not isinstance(raw, dict) or not {"state_dict", "hyper_parameters"} <= raw.keys():
        raise InputError(checkpoint, "holds no trained network", expected, "check the path")
    return raw
