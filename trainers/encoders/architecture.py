"""timm's vision transformers by name, checked before they take memory."""

from typing import Any

import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies
from slipbench.datasets.registry import nearest

silence_dependencies()


def skeleton(architecture: str, image_size: int) -> Any:
    """A vision transformer without head and without memory for its weights.

    Parameters
    ----------
    architecture : str
        timm's name without its tag.
    image_size : int
        Side of the images in pixels.

    Raises
    ------
    InputError
        For an unknown name, or a size that its patches do not fill.
    """
    import timm

    known = timm.list_models("vit_*", module="vision_transformer")
    if architecture not in known:
        close = nearest(architecture, known)
        raise InputError(
            "architecture",
            f"unknown vision transformer '{architecture}'",
            "a vit_* name of timm without its tag",
            close if close.startswith("did") else "see timm.list_models('vit_*')",
        )
    with torch.device("meta"):
        network: Any = timm.create_model(architecture, num_classes=0, img_size=image_size)
    patch = network.patch_embed.patch_size[0]
    if image_size % patch:
        raise InputError(
            "image_size",
            f"{image_size} pixels",
            f"a multiple of the {patch}-pixel patch of {architecture}",
            f"choose {round(image_size / patch) * patch}",
        )
    return network
