"""What a checkpoint of ours tells about itself."""

from pathlib import Path
from typing import Any

import torch

from slipbench.datasets.errors import InputError

#: Key of our checkpoints that the package does not read.
ABOUT = "slipbench"


def read_about(checkpoint: Path) -> dict[str, Any]:
    """Name, seed, steps and options of the pre-training that wrote a checkpoint.

    Raises
    ------
    InputError
        When the file is missing, damaged, or not from 'slipbench pretrain-pfn'.
    """
    expected, todo = "a checkpoint that 'slipbench pretrain-pfn' wrote", "check the path"
    if not checkpoint.is_file():
        raise InputError(checkpoint, "no such file", expected, todo)
    try:
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever torch makes of a file that is no checkpoint
        raise InputError(checkpoint, "not readable as plain data", expected, todo) from error
    if not isinstance(content, dict) or ABOUT not in content:
        raise InputError(checkpoint, "says nothing about its pre-training", expected, todo)
    return content[ABOUT]
