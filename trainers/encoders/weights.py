"""Weights of image encoders: where a file is, whether it fits, and its tensors."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies

silence_dependencies()

_FILE = "model.safetensors"
_HEADS = ("head", "pre_logits", "fc_norm")


def find_published(architecture: str, tag: str) -> Path | None:
    """Published timm weights in the local Hugging Face cache, or None when they are not there.

    Raises
    ------
    InputError
        When timm knows no weights of that tag for `architecture`.
    """
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(_repository(architecture, tag), _FILE)
    return Path(found) if isinstance(found, str) else None


def check_published(architecture: str, tag: str) -> None:
    """Raise InputError when published weights are neither cached nor within reach of the network."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    repository = _repository(architecture, tag)
    if find_published(architecture, tag) is not None:
        return
    reason = "downloads are switched off (HF_HUB_OFFLINE)"
    if not constants.HF_HUB_OFFLINE:
        try:
            get_hf_file_metadata(hf_hub_url(repository, _FILE), timeout=5)
            return
        except Exception as error:  # DNS, proxy, TLS, timeout, 404: every one means "not from here"
            reason = f"the hub does not answer ({type(error).__name__})"
    raise InputError(
        f"weights of {repository}",
        f"not in the cache, and {reason}",
        "cached weights or a network",
        f"fetch {_FILE} of {repository} elsewhere and set weights: path, weights_path: FILE",
    )


def fetch_published(architecture: str, tag: str) -> Path:
    """Cached file of published weights; downloads it when it is not there yet."""
    from huggingface_hub import hf_hub_download

    found = find_published(architecture, tag)
    return found or Path(hf_hub_download(_repository(architecture, tag), _FILE))


def _repository(architecture: str, tag: str) -> str:
    from timm.models import get_arch_pretrained_cfgs

    tags = sorted(get_arch_pretrained_cfgs(architecture))
    name = f"{architecture}.{tag}"
    if name not in tags:
        raise InputError(
            "weights",
            f"no published '{tag}' weights for '{architecture}'",
            "an architecture that has them, such as vit_base_patch16_224",
            "choose another architecture, weights: path or weights: random",
        )
    return f"timm/{name}"


def read_state(path: Path) -> dict[str, torch.Tensor]:
    """Tensors of a safetensors file or of a torch state dict (read without running any code of it).

    Raises
    ------
    InputError
        When the file is missing or is neither.
    """
    if not path.is_file():
        raise InputError(path, "no such file", "a safetensors file or torch state dict", "check weights_path")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # each reader has its own family of errors for a damaged file
        raise InputError(
            path,
            f"not readable ({type(error).__name__})",
            "a safetensors file or torch state dict of plain tensors",
            "save the weights again with torch.save(model.state_dict(), FILE)",
        ) from error
    if isinstance(state, Mapping):
        state = state.get("state_dict", state)
    if (
        not isinstance(state, Mapping)
        or not state
        or not all(isinstance(v, torch.Tensor) for v in state.values())
    ):
        raise InputError(
            path, "holds no state dict", "tensors by parameter name", "save model.state_dict() instead"
        )
    return dict(state)


def check_fits(
    path: Path, architecture: str, state: Mapping[str, torch.Tensor], wanted: Mapping[str, torch.Tensor]
) -> None:
    """Raise InputError unless `state` holds the tensors `wanted` in their shapes, and no other block.

    Heads are of no use here and ignored. The position embedding may differ in length: timm resamples it
    to the image size.
    """
    for name in sorted(set(wanted) | {k for k in state if not k.startswith(_HEADS)}):
        found, right = (tuple(t[name].shape) if name in t else None for t in (state, wanted))
        if found == right or (name == "pos_embed" and found and right and found[-1] == right[-1]):
            continue
        raise InputError(
            path,
            f"'{name}' is {'missing' if found is None else f'of shape {found}'}",
            f"{'no such tensor' if right is None else f'shape {right}'} in {architecture}",
            "set the architecture that these weights belong to",
        )


def state_sha256(state: Mapping[str, torch.Tensor]) -> str:
    """SHA-256 (hex) of named tensors: names, shapes, types and bytes in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name}{tuple(tensor.shape)}{tensor.dtype}".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
