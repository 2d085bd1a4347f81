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
from slipbench.datasets.registry import Info
from slipbench.trainers.encoders.architecture import skeleton
from slipbench.trainers.encoders.base import Encoder, Progress, check_images
from slipbench.trainers.encoders.pixels import pixels
from slipbench.trainers.encoders.pretrained import check_pretrained, read_pretraining
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
    weights: Literal["random", "in21k", "path", "mae"] = Field(
        "random",
        description="drawn from seed; published ImageNet-21k weights (downloaded); a local file; "
        "a checkpoint of 'slipbench pretrain-mae'",
    )
    weights_path: Path | None = Field(
        None, description="safetensors file or torch state dict for 'path'; the checkpoint for 'mae'"
    )
    image_size: int = Field(224, ge=16, description="side (pixels) that images are resized to, bilinearly")
    scale_mm: float = Field(20.0, gt=0, description="displacement (mm) that becomes 1; larger is clipped")
    batch_size: int = Field(16, ge=1, description="images in one forward pass")
    precision: Literal["32-true", "bf16", "bf16-mixed"] = Field(
        "32-true", description="arithmetic: float32; all in bfloat16; bfloat16 products of float32 weights"
    )
    device: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to compute")
    seed: int = Field(0, ge=0, description="seed of random weights")

    @model_validator(mode="after")
    def _path_goes_with_path(self) -> "VitOptions":
        if (self.weights in ("path", "mae")) != (self.weights_path is not None):
            raise ValueError("weights_path is needed with weights: path or mae, and only there")
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
        elif (path := self.options.weights_path) is not None:
            self._check_pretraining(path)
            check_fits(path, self.options.architecture, read_state(path), wanted)

    def identity(self) -> dict[str, Any]:
        """Options without the path, version of this code, and the SHA-256 of the weights."""
        options = self.options.model_dump(mode="json", exclude={"weights_path"})
        return {"options": options, "version": self.info.version, "weights_sha256": self.weights_sha256}

    @cached_property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights file; of the drawn tensors where there is none."""
        path = self._weights_file
        return state_sha256(self._network.state_dict()) if path is None else file_sha256(path)

    @property
    def seen_before(self) -> float:
        """See `Encoder.seen_before`."""
        path = self.options.weights_path
        day = read_pretraining(path)["real_before"] if path and self.options.weights == "mae" else None
        return super().seen_before if day is None else float(np.datetime64(day, "D").astype(int))

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
        return skeleton(self.options.architecture, self.options.image_size)

    @cached_property
    def _network(self) -> torch.nn.Module:
        import timm

        path = self._weights_file
        overlay = None
        if path is not None:
            self._check_pretraining(path)
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

    def _check_pretraining(self, path: Path) -> None:
        if self.options.weights == "mae":
            o = self.options
            check_pretrained(path, architecture=o.architecture, image_size=o.image_size, scale_mm=o.scale_mm)

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
        mixed = torch.autocast(device.type, torch.bfloat16, enabled=self.options.precision == "bf16-mixed")
        network: Any = self._network.to(device, dtype)
        out = np.empty((len(images), self.width), np.float32)
        # TF32 would make the first convolution on a GPU differ from the CPU in the third digit.
        exact = torch.backends.cudnn.flags(deterministic=True, allow_tf32=False)
        with torch.inference_mode(), exact, mixed:
            for start in range(0, len(images), self.options.batch_size):
                batch = slice(start, min(start + self.options.batch_size, len(images)))
                x = pixels(images[batch], self.options.scale_mm, self.options.image_size, device)
                out[batch] = network.forward_features(x.to(dtype)).float().mean(1).cpu().numpy()
                if progress is not None:
                    progress(batch.stop, len(images))
        return out
