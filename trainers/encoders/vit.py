"""Vision transformer: the mean of its output tokens as features of an image."""

from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import Field, model_validator

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.options import Options
from slipbench.datasets.registry import Info, nearest
from slipbench.trainers.encoders.base import Encoder, Progress, check_images
from slipbench.trainers.encoders.registry import ENCODERS
from slipbench.trainers.encoders.weights import (
    check_fits,
    check_published,
    fetch_published,
    read_state,
    state_sha256,
)

_IN21K = "augreg_in21k"


class VitOptions(Options):
    """Options of the encoder."""

    encoder: Literal["vit"] = "vit"
    architecture: str = Field("vit_base_patch16_224", description="timm's name of the vision transformer")
    weights: Literal["random", "in21k", "path"] = Field(
        "random", description="drawn from seed; published ImageNet-21k weights (downloaded); a local file"
    )
    weights_path: Path | None = Field(None, description="safetensors file or torch state dict for 'path'")
    image_size: int = Field(224, ge=16, description="side (pixels) that images are resized to, bilinearly")
    scale_mm: float = Field(20.0, gt=0, description="displacement (mm) that becomes 1; larger is clipped")
    batch_size: int = Field(16, ge=1, description="images in one forward pass")
    precision: Literal["32-true", "bf16"] = Field("32-true", description="arithmetic of the network")
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to compute")
    seed: int = Field(0, ge=0, description="seed of random weights")

    @model_validator(mode="after")
    def _path_goes_with_path(self) -> "VitOptions":
        if (self.weights == "path") != (self.weights_path is not None):
            raise ValueError("weights_path is needed with weights: path, and only there")
        return self


@ENCODERS.register(
    Info(
        name="vit",
        task="nowcast",
        summary="mean output token of a vision transformer",
        reference="Dosovitskiy et al. 2021; weights Steiner et al. 2022",
        licence="Apache-2.0",
        version=1,
        needs=("weights for anything but random",),
        limits="images of three components; values beyond scale_mm are clipped",
    )
)
class Vit(Encoder):
    """Vision transformer through timm.

    Displacement is divided by ``scale_mm`` and clipped to [-1, 1], the range that the published weights
    were trained on. The scale is a physical constant, not a statistic of the data. Pixels that are NaN
    become 0 (no displacement). All output tokens, the class token among them, are averaged: for the
    default architecture (197, 768) to 768.
    """

    Options = VitOptions
    options: VitOptions

    def check(self) -> None:
        """Raise InputError for a wrong architecture or size, missing or foreign weights, no such device."""
        self._device()
        wanted = self._skeleton.state_dict()
        if self.options.weights == "in21k":
            check_published(self.options.architecture, _IN21K)
        elif self.options.weights_path is not None:
            state = read_state(self.options.weights_path)
            check_fits(self.options.weights_path, self.options.architecture, state, wanted)

    def identity(self) -> dict[str, Any]:
        """Options without the path, version of this code, and the SHA-256 of the weights."""
        options = self.options.model_dump(mode="json", exclude={"weights_path"})
        return {"options": options, "version": self.info.version, "weights_sha256": self.weights_sha256}

    @cached_property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights file; of the drawn tensors where there is none."""
        path = self._weights_file
        return state_sha256(self._network.state_dict()) if path is None else file_sha256(path)

    @cached_property
    def width(self) -> int:
        """Length of a token."""
        return int(self._skeleton.num_features)

    @cached_property
    def _weights_file(self) -> Path | None:
        if self.options.weights == "in21k":
            return fetch_published(self.options.architecture, _IN21K)
        return self.options.weights_path

    @cached_property
    def _skeleton(self) -> Any:
        """The network without memory for its weights."""
        import timm

        known = timm.list_models("vit_*", module="vision_transformer")
        name, size = self.options.architecture, self.options.image_size
        if name not in known:
            close = nearest(name, known)
            raise InputError(
                "architecture",
                f"unknown vision transformer '{name}'",
                "a vit_* name of timm without its tag",
                close if close.startswith("did") else "see timm.list_models('vit_*')",
            )
        with torch.device("meta"):
            network: Any = timm.create_model(name, num_classes=0, img_size=size)
        patch = network.patch_embed.patch_size[0]
        if size % patch:
            raise InputError(
                "image_size",
                f"{size} pixels",
                f"a multiple of the {patch}-pixel patch of {name}",
                f"choose {round(size / patch) * patch}",
            )
        return network

    @cached_property
    def _network(self) -> torch.nn.Module:
        import timm

        path = self._weights_file
        overlay = None
        if path is not None:
            state = read_state(path)
            check_fits(path, self.options.architecture, state, self._skeleton.state_dict())
            kept = {k: v for k, v in state.items() if k in self._skeleton.state_dict()}
            overlay = {"state_dict": kept, "custom_load": False}
        with torch.random.fork_rng(devices=[]):  # timm draws from the global stream; leave that as it was
            torch.default_generator.manual_seed(self.options.seed)
            network = timm.create_model(
                self.options.architecture,
                pretrained=overlay is not None,
                pretrained_cfg_overlay=overlay,
                num_classes=0,
                img_size=self.options.image_size,
            )
        return network.eval().requires_grad_(False)

    def _device(self) -> torch.device:
        gpu = torch.cuda.is_available()
        if self.options.device == "gpu" and not gpu:
            raise InputError("device", "no GPU is visible", "a GPU", "set device: auto or cpu")
        return torch.device("cuda" if gpu and self.options.device != "cpu" else "cpu")

    def encode(self, images: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """Features of images; see `Encoder.encode`.

        Raises
        ------
        InputError
            For a wrong shape, and for what `check` finds.
        """
        check_images("images", images.shape)
        device = self._device()
        dtype = torch.bfloat16 if self.options.precision == "bf16" else torch.float32
        network: Any = self._network.to(device, dtype)
        out = np.empty((len(images), self.width), np.float32)
        # TF32 would make the first convolution on a GPU differ from the CPU in the third digit.
        with torch.inference_mode(), torch.backends.cudnn.flags(deterministic=True, allow_tf32=False):
            for start in range(0, len(images), self.options.batch_size):
                batch = slice(start, min(start + self.options.batch_size, len(images)))
                pixels = self._pixels(images[batch]).to(device, dtype)
                out[batch] = network.forward_features(pixels).float().mean(1).cpu().numpy()
                if progress is not None:
                    progress(batch.stop, len(images))
        return out

    def _pixels(self, images: np.ndarray) -> torch.Tensor:
        """Scaled and resized images, shape (n, 3, size, size)."""
        scaled = np.nan_to_num(images.astype(np.float32) / self.options.scale_mm, nan=0.0)
        planes = torch.from_numpy(np.clip(scaled, -1, 1).transpose(0, 3, 1, 2).copy())
        size = (self.options.image_size,) * 2
        return torch.nn.functional.interpolate(planes, size, mode="bilinear", align_corners=False)
