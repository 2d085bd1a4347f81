"""Options of masked-image pre-training (He et al. 2022): what its YAML below ``configs/trainers`` holds."""

import datetime
from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.dataset import Dataset
from slipbench.datasets.options import Options
from slipbench.datasets.synthesis.nowcast_images import VirtualImages


class Decoder(Options):
    """Transformer that fills in the masked patches; it is thrown away after pre-training."""

    width: int = Field(128, ge=4, description="length of a token, a multiple of 4 and of heads")
    depth: int = Field(2, ge=1, description="blocks")
    heads: int = Field(4, ge=1, description="attention heads of a block")

    @model_validator(mode="after")
    def _divides(self) -> "Decoder":
        if self.width % self.heads or self.width % 4:
            raise ValueError("width must be a multiple of 4 and of heads")
        return self


class RealImages(Options):
    """Measured images beside the made ones."""

    before: datetime.date = Field(description="every day that an image uses comes before this one (UTC)")
    share: float = Field(0.5, gt=0, le=1, description="share of the images that are measured")


class MaeOptions(Options):
    """One pre-training of an encoder.

    Images are made ones unless ``real`` is given. Made images know of the store only where its stations and
    nodes are, so no test day of any split can reach the weights.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name in messages and tables")
    dataset: Dataset = Field(description="nowcast store: its network and grid, and the measured images")
    architecture: str = Field("vit_tiny_patch16_224", description="timm's name of the vision transformer")
    image_size: int = Field(224, ge=16, description="side (pixels) that images are resized to, bilinearly")
    scale_mm: float = Field(20.0, gt=0, description="displacement (mm) that becomes 1; larger is clipped")
    decoder: Decoder = Field(Decoder(), description="the part that is thrown away")
    mask_ratio: float = Field(0.75, gt=0, lt=1, description="share of the patches that the encoder misses")
    patch_norm: bool = Field(
        True, description="compare patches with mean 0 and deviation 1 each, as published; else pixels"
    )
    virtual: VirtualImages = Field(VirtualImages(), description="made images")
    real: RealImages | None = Field(None, description="measured images of the store's training days, or none")
    seed: int = Field(0, ge=0, description="seed of initialisation, images and masks")
    epochs: int = Field(20, ge=1, description="rounds of new images, each ends with a checkpoint")
    images_per_epoch: int = Field(4096, ge=1, description="training images in one epoch")
    validation_images: int = Field(256, ge=1, description="made images for the validation loss")
    batch_size: int = Field(64, ge=1, description="images in one step")
    learning_rate: float = Field(
        1.5e-4, gt=0, description="largest step size of AdamW; a short rise, half a cosine down"
    )
    weight_decay: float = Field(0.05, ge=0, description="AdamW's decay of the matrices")
    precision: Literal["32-true", "bf16-mixed"] = Field("32-true", description="arithmetic of the network")
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to train")
    loader_workers: int = Field(0, ge=0, description="threads that make images ahead; 0: none")

    @model_validator(mode="after")
    def _of_images(self) -> "MaeOptions":
        if self.dataset.recipe != "nowcast":
            raise ValueError("dataset must be of recipe nowcast")
        if self.batch_size > self.images_per_epoch:
            raise ValueError("batch_size must not exceed images_per_epoch")
        return self
