"""Options of the pre-training: what ``configs/trainers/pfn_*.yaml`` hold."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from slipbench.datasets.options import Options

PriorName = Literal["mlp", "trees", "gp", "seismic"]


class TaskOptions(Options):
    """The tasks of a step."""

    rows: tuple[int, int] = Field((32, 128), description="fewest and most rows, context and query together")
    features: tuple[int, int] = Field((1, 12), description="fewest and most features")
    context: tuple[float, float] = Field((0.5, 0.9), description="share of the rows whose target is given")
    cells: int = Field(
        3072, ge=64, description="most cells (rows x column pairs) of a step: sets its number of tasks"
    )
    priors: dict[PriorName, float] = Field(
        {"mlp": 1.0, "trees": 1.0, "gp": 1.0, "seismic": 1.0}, description="weight of each prior"
    )
    chronological: float = Field(
        0.5, ge=0, le=1, description="share of the seismic tasks whose query rows are the latest"
    )

    @model_validator(mode="after")
    def _in_range(self) -> "TaskOptions":
        if not 8 <= self.rows[0] <= self.rows[1]:
            raise ValueError("rows needs 8 <= fewest <= most")
        if not 1 <= self.features[0] <= self.features[1]:
            raise ValueError("features needs 1 <= fewest <= most")
        if not 0.2 <= self.context[0] <= self.context[1] <= 0.95:
            raise ValueError("context needs 0.2 <= least <= most <= 0.95")
        if self.rows[1] * (self.features[1] // 2 + 2) > self.cells:
            raise ValueError("cells is less than one task of the most rows and features has")
        return self

    @field_validator("priors")
    @classmethod
    def _some_weight(cls, value: dict[PriorName, float]) -> dict[PriorName, float]:
        if any(w < 0 for w in value.values()) or not sum(value.values()) > 0:
            raise ValueError("weights are 0 or more, and one is more")
        return value


class NetworkOptions(Options):
    """Size of the network; the architecture is ``tabpfn_v2`` of the TabPFN package."""

    width: int = Field(64, ge=8, description="numbers of a cell's embedding")
    layers: int = Field(4, ge=1, description="blocks of attention between features, between rows, and MLP")
    heads: int = Field(4, ge=1, description="attention heads")
    buckets: int = Field(64, ge=8, description="bars of the predicted distribution")

    @model_validator(mode="after")
    def _heads_divide(self) -> "NetworkOptions":
        if self.width % self.heads or self.width % 4:
            raise ValueError("width must be a multiple of heads and of 4")
        return self


class PretrainOptions(Options):
    """One pre-training."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the network in paths and tables")
    seed: int = Field(0, ge=0, description="seed of the weights and of all tasks")
    steps: int = Field(1000, ge=1, description="steps of the optimiser")
    learning_rate: float = Field(1e-3, gt=0, description="AdamW's largest step size; it rises, then falls")
    weight_decay: float = Field(0.01, ge=0, description="AdamW's weight decay")
    clip_norm: float = Field(1.0, gt=0, description="largest norm of a gradient; longer ones are cut")
    accelerator: Literal["auto", "cpu", "gpu"] = Field("auto", description="where to train")
    precision: Literal["32-true", "bf16-mixed"] = Field("32-true", description="arithmetic of the network")
    save_every: int = Field(100, ge=1, description="steps between two savings, all that a kill can cost")
    loader_workers: int = Field(0, ge=0, description="processes that draw tasks ahead; 0: none")
    max_rows: int = Field(10_000, ge=1, description="most rows that the checkpoint tells the package")
    max_features: int = Field(500, ge=1, description="the same for features")
    network: NetworkOptions = Field(NetworkOptions(), description="size of the network")
    tasks: TaskOptions = Field(TaskOptions(), description="tasks of a step")
