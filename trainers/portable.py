"""A trained network as one safetensors file: numbers and text, nothing that could be run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError

#: Ending of such files.
SUFFIX = ".safetensors"
#: Entry of the file's header that holds the network's hyperparameters as JSON.
_HEADER = "slipbench"


def write_portable(raw: Mapping[str, Any], out: Path) -> None:
    """Write a network to `out`; the same network gives the same bytes.

    Parameters
    ----------
    raw : mapping
        Contents of a checkpoint: ``state_dict`` and ``hyper_parameters``.
    out : Path
        The file, with the ending `SUFFIX`.
    """
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in raw["state_dict"].items()}
    text = json.dumps(dict(raw["hyper_parameters"]), sort_keys=True)
    write_atomic(out, save(tensors, {_HEADER: text}))


def read_portable(path: Path) -> dict[str, Any]:
    """``state_dict`` and ``hyper_parameters`` of such a file, as of a checkpoint.

    Raises
    ------
    InputError
        When it is missing, damaged, of another format, or holds no network of ours.
    """
    expected = "a network in the safetensors format"
    if not path.is_file():
        raise InputError(path, "no such file", expected, "check the path")
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads((file.metadata() or {})[_HEADER])
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        values["shape"] = tuple(values["shape"])
    except SafetensorError as error:
        raise InputError(path, "damaged, or of another format", expected, "do not use it") from error
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(path, "does not say which network it holds", expected, "do not use it") from error
    return {"state_dict": state, "hyper_parameters": values}
