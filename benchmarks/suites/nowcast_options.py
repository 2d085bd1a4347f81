"""Options of the nowcast suite."""

from typing import Any, Literal

from pydantic import Field, model_validator

from slipbench.benchmarks.baselines.registry import BASELINES, unfit
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.features import Modality
from slipbench.benchmarks.splits import LabelName, SplitName
from slipbench.benchmarks.suites.base import SuiteOptions
from slipbench.benchmarks.tuning import TuneOptions
from slipbench.trainers.encoders.registry import ENCODERS

Encoder: Any = ENCODERS.union("encoder")
Decoder: Any = DECODERS.union("decoder")
AnyBaseline: Any = BASELINES.union("baseline")


class NowcastOptions(SuiteOptions):
    """Options of the nowcast suite."""

    suite: Literal["nowcast"] = "nowcast"
    encoder: Encoder = Field(description="network that turns a daily image into features")
    components: int = Field(500, ge=3, description="most features of a modality with images (PCA, a and b)")
    decoders: list[Decoder] = Field(min_length=1, description="regressors to compare")
    baselines: list[AnyBaseline] = Field(default_factory=list, description="simple predictors beside them")
    modalities: list[Modality] = Field(
        default=["gnss", "ab", "both"], min_length=1, description="what a decoder sees: images, a and b, both"
    )
    labels: list[LabelName] = Field(
        default=["two_sided"],
        min_length=1,
        description="density with the published kernel or with one of past events; events of the next window",
    )
    splits: list[SplitName] = Field(
        default=["random", "chronological", "blocked"], min_length=1, description="ways to divide the days"
    )
    seeds: list[int] = Field(default=[0], min_length=1, description="seeds of splits and models")
    test_fraction: float = Field(0.3, gt=0, lt=1, description="share of the days to test on")
    tune: TuneOptions | None = Field(None, description="search for each decoder's options; none unless given")
    min_train_rows: int = Field(50, ge=2, description="a split that leaves fewer training days is skipped")

    @model_validator(mode="after")
    def _can_run(self) -> "NowcastOptions":
        names = [d.name for d in self.decoders] + [b.baseline for b in self.baselines]
        if reason := unfit(self.baselines, "nowcast"):
            raise ValueError(reason)
        if twice := sorted({n for n in names if names.count(n) > 1}):
            raise ValueError(f"two models are called '{twice[0]}'; give one another name")
        return self
