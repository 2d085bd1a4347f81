"""Options of a training run: what a YAML below ``configs/trainers`` holds."""

from typing import Any, Literal

from pydantic import Field, model_validator

from slipbench.datasets.dataset import Dataset
from slipbench.datasets.options import Options
from slipbench.trainers.models.registry import MODELS

Model: Any = MODELS.union("model")


class Uniform(Options):
    """Search range sampled evenly (or evenly in the logarithm)."""

    low: float = Field(description="lower end")
    high: float = Field(description="upper end")
    log: bool = Field(False, description="sample the logarithm; needs low > 0")

    @model_validator(mode="after")
    def _ordered(self) -> "Uniform":
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low < high is needed, and low > 0 with log")
        return self


class Choice(Options):
    """Search over listed values."""

    values: list[bool | int | float | str] = Field(min_length=1, description="the values")


class Search(Options):
    """Search: dotted trainer option (such as ``learning_rate`` or ``model.dropout``) to range."""

    space: dict[str, Uniform | Choice] = Field(min_length=1, description="option to range")
    trials: int = Field(8, ge=1, description="number of configurations tried")
    epochs: int = Field(5, ge=1, description="most epochs of one trial")
    grace_epochs: int = Field(1, ge=1, description="epochs before ASHA may stop a trial")
    cpus_per_trial: float = Field(1.0, gt=0, description="CPU cores of one trial")
    gpus_per_trial: float = Field(0.0, ge=0, description="GPUs of one trial")
    seed: int = Field(0, ge=0, description="seed of the sampled configurations")


class TrainerOptions(Options):
    """One training run."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the network in paths and tables")
    dataset: Dataset = Field(description="store to train on")
    model: Model = Field(description="network and its options")
    seed: int = Field(0, ge=0, description="seed of initialisation, dropout and shuffling")
    epochs: int = Field(50, ge=1, description="most epochs")
    patience: int = Field(10, ge=1, description="epochs without a better validation loss before stopping")
    batch_size: int = Field(128, ge=1, description="samples in one step, over all devices")
    learning_rate: float = Field(1e-3, gt=0, description="Adam's step size")
    schedule: Literal["constant", "cosine"] = Field(
        "constant", description="step size over all epochs: the same, or a short rise and half a cosine down"
    )
    clip_norm: float = Field(0.0, ge=0, description="largest norm of a gradient; longer ones are cut; 0: any")
    weight_decay: float = Field(0.0, ge=0, description="Adam's L2 penalty")
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to train")
    devices: int = Field(1, ge=1, description="GPUs (or CPU processes) of one fit, which share each batch")
    precision: Literal["32-true", "bf16-mixed", "64-true"] = Field(
        "32-true", description="arithmetic of the network (64-true: for checks, slow)"
    )
    compile: bool = Field(
        False, description="compile the network (torch.compile): a slow start, faster steps"
    )
    start: "TrainerOptions | str | None" = Field(
        None, description="trainer (same seed) or checkpoint file whose best weights this one starts from"
    )
    loader_workers: int = Field(0, ge=0, description="threads that read the store ahead; 0: none")
    cache_mib: int = Field(2048, ge=0, description="memory for keeping rows between epochs, MiB")
    fresh_noise: bool = Field(
        False, description="new noise in every epoch for training rows of a virtual dataset"
    )
    fresh_sources: bool = Field(
        False,
        description="new sources, gaps and noise every epoch in place of a virtual dataset's training rows",
    )
    search: Search | None = Field(None, description="search to run before the final fit")

    @model_validator(mode="after")
    def _noise_can_be_fresh(self) -> "TrainerOptions":
        for name in ("fresh_noise", "fresh_sources"):
            if getattr(self, name) and getattr(self.dataset, "form", "stored") != "virtual":
                raise ValueError(f"{name} needs a virtual dataset (dataset.form: virtual)")
        return self
