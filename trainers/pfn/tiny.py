"""A small untrained checkpoint in TabPFN's own format: the whole path runs without anyone's weights.

``python -m slipbench.trainers.pfn.tiny OUT [SEED]`` writes one.
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.special import ndtri

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies

#: Key of a checkpoint that holds why its predictions mean nothing.
UNTRAINED = "untrained"

_ARCHITECTURE = "tabpfn_v2"
_BUCKETS = 64
_CONFIG: dict[str, Any] = {
    "emsize": 32,
    "nlayers": 2,
    "nhead": 2,
    "features_per_group": 2,
    "max_num_classes": 0,  # the package takes 0 as "a regressor": outputs are the buckets
    "num_buckets": _BUCKETS,
    "seed": 0,
}


def tiny_checkpoint(seed: int = 0) -> dict[str, Any]:
    """Contents of the checkpoint: random weights, and buckets that are equally likely under N(0, 1).

    The keys are those of the package's regressor checkpoints (Hollmann et al. 2025): ``state_dict`` with
    the bar distribution under ``criterion.``, ``config`` and ``architecture_name``. ``untrained`` is ours;
    the package ignores it.
    """
    silence_dependencies()
    from tabpfn.architectures import ARCHITECTURES

    architecture = ARCHITECTURES[_ARCHITECTURE]
    config, _ = architecture.parse_config(_CONFIG)
    rng = np.random.Generator(np.random.PCG64DXSM(seed))
    shapes = architecture.get_architecture(config).state_dict()
    # Sorted, so that the weights depend on names and shapes and not on the order of construction.
    state = {name: _draw(name, tuple(shapes[name].shape), rng) for name in sorted(shapes)}
    edges = ndtri(np.linspace(0, 1, _BUCKETS + 1)[1:-1])
    borders = np.concatenate([[-4.0], edges, [4.0]]).astype(np.float32)
    state["criterion.borders"] = torch.from_numpy(borders)
    state["criterion.losses_per_bucket"] = torch.zeros(_BUCKETS)
    return {
        "state_dict": state,
        "config": _CONFIG,
        "architecture_name": _ARCHITECTURE,
        UNTRAINED: f"random weights, seed {seed}",
    }


def _draw(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> torch.Tensor:
    """One parameter: biases 0, everything else normal with variance 1 / inputs."""
    if name.endswith("bias"):
        return torch.zeros(shape)
    scale = shape[-1] ** -0.5
    return torch.from_numpy((scale * rng.standard_normal(shape)).astype(np.float32))


def write_tiny_checkpoint(path: Path, seed: int = 0) -> None:
    """Write `tiny_checkpoint` to `path`; the same seed gives the same bytes, whatever the file is called."""
    # Saved to a file, torch puts the file's name into the archive.
    buffer = io.BytesIO()
    torch.save(tiny_checkpoint(seed), buffer)
    write_atomic(path, buffer.getvalue())


def main(arguments: list[str]) -> int:
    """Command line; returns the exit code."""
    try:
        if not 1 <= len(arguments) <= 2 or not all(a.isdigit() for a in arguments[1:]):
            raise InputError(
                "arguments", " ".join(arguments) or "none", "OUT [SEED]", "name the file to write"
            )
        write_tiny_checkpoint(Path(arguments[0]), *map(int, arguments[1:]))
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
