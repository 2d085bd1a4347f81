"""Pretrained weights that decoders can use: where they are, or how to get them. Downloads nothing."""

import os
from pathlib import Path

from slipbench.trainers.encoders.weights import find_published

VIT = ("vit_base_patch16_224", "augreg_in21k")
_TABPFN_NAMES = ("tabpfn-v2-regressor.ckpt", "tabpfn-v2-regressor*.ckpt")


def weights() -> list[tuple[str, Path | None, str]]:
    """Name, file or None, and how to get it (with the licence), of every kind of weights."""
    return [
        (
            "ViT weights",
            find_published(*VIT),
            f"timm/{'.'.join(VIT)} (Apache-2.0) is downloaded by the first run with weights: in21k; without "
            "a network fetch model.safetensors elsewhere and set weights: path; weights: random needs none",
        ),
        (
            "TabPFN weights",
            _tabpfn(),
            "download Prior-Labs/TabPFN-v2-reg from huggingface.co (Prior Labs licence, Apache-2.0 with "
            "attribution; later versions are non-commercial) and set weights_path; weights: tiny needs none",
        ),
    ]


def _tabpfn() -> Path | None:
    named = os.environ.get("TABPFN_MODEL_CACHE_DIR")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folders = [Path(named)] if named else [cache / "tabpfn"]
    found = [f for folder in folders for name in _TABPFN_NAMES for f in sorted(folder.glob(name))]
    return found[0] if found else None
