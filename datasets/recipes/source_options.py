"""Options of the S1 dataset."""

from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.options import Options
from slipbench.datasets.physics.source import Sampling
from slipbench.datasets.recipes.base import RecipeOptions
from slipbench.datasets.recipes.source_gaps import Gaps
from slipbench.datasets.recipes.source_post_seismic import PostSeismic

WINDOW_DAYS = 100
EVENT_DAY = 50  # first day with the offset: the step is 1 on the event day itself
IMAGE_DAYS = (EVENT_DAY - 1, EVENT_DAY + 1)  # their difference is the image
FRAMES = 15
COMPONENTS = ("east", "north")

Representation = Literal["img", "ts", "its", "offset"]


def days_of(representations: tuple[Representation, ...]) -> tuple[int, ...]:
    """Days of the window that arrays need, ascending."""
    wanted: set[int] = set()
    if "img" in representations:
        wanted |= set(IMAGE_DAYS)
    if "its" in representations:
        wanted |= set(range(EVENT_DAY - FRAMES // 2, EVENT_DAY + FRAMES // 2 + 1))
    if "ts" in representations:
        wanted = set(range(WINDOW_DAYS))
    return tuple(sorted(wanted))


class SurrogateOptions(Options):
    """Surrogates of real residuals."""

    step_days: int = Field(50, ge=1, description="days between the first days of source windows")
    coverage: float = Field(0.9, gt=0, le=1, description="least share of days that a donor station must have")


class SplitFractions(Options):
    """Random split of the samples."""

    train: float = Field(0.6, gt=0, lt=1, description="share of training samples")
    validation: float = Field(0.2, gt=0, lt=1, description="share of validation samples; the rest is test")

    @model_validator(mode="after")
    def _leaves_a_test_set(self) -> "SplitFractions":
        if self.train + self.validation >= 1:
            raise ValueError("train + validation must leave a test set")
        return self


class SourceSyntheticOptions(RecipeOptions):
    """Options of the synthetic source dataset."""

    recipe: Literal["source_synthetic"] = Field(description="which recipe these options are for")
    n_samples: int = Field(20_000, ge=5, description="samples in all")
    appended_at: tuple[int, ...] = Field(
        (),
        description="rows at which appended parts begin, whole shards; each part is split by itself "
        "(build --append writes this)",
    )
    representations: tuple[Representation, ...] = Field(
        ("img",),
        min_length=1,
        description="arrays to store: img, ts, its, offset (noise-free, at the stations)",
    )
    form: Literal["stored", "virtual"] = Field(
        "stored",
        description="keep samples, or keep what they are made from and make them on the device that trains",
    )
    stations: Literal["auto", "ngl", "made"] = Field(
        "auto", description="NGL's list, a made network, or the list where the data folder has it"
    )
    n_stations: int = Field(300, ge=4, description="stations in the network")
    network_seed: int | None = Field(
        None, ge=0, description="seed of the choice of stations; that of everything else where not given"
    )
    noise: Literal["parametric", "surrogate"] = Field(
        "parametric",
        description="simulated noise, or surrogates of the Cascadia residuals in the data folder",
    )
    parametric: ParametricNoise = Field(ParametricNoise(), description="parametric noise")
    surrogate: SurrogateOptions = Field(SurrogateOptions(), description="surrogate noise")
    sampling: Sampling = Field(Sampling(), description="ranges and policies of the sources")
    post_seismic: PostSeismic | None = Field(None, description="logarithmic motion after the step, or none")
    gaps: Gaps | None = Field(None, description="missing stations and days, or none")
    poisson: float = Field(0.25, ge=0, lt=0.5, description="Poisson ratio of the half-space")
    grid: Grid = Field(Grid(), description="images: nodes, blocks, tension, land")
    split: SplitFractions = Field(SplitFractions(), description="training, validation and test shares")

    @model_validator(mode="after")
    def _each_once(self) -> "SourceSyntheticOptions":
        if len(set(self.representations)) < len(self.representations):
            raise ValueError("each representation may be named once")
        return self

    @model_validator(mode="after")
    def _gaps_leave_stations(self) -> "SourceSyntheticOptions":
        if self.gaps and self.gaps.least_stations > self.n_stations:
            raise ValueError("gaps.least_stations must not exceed n_stations")
        return self

    @model_validator(mode="after")
    def _virtual_gaps_are_whole_stations(self) -> "SourceSyntheticOptions":
        if self.form == "virtual" and self.gaps and self.gaps.daily_share:
            raise ValueError("form: virtual keeps whole missing stations only; gaps.daily_share must be 0")
        return self

    @model_validator(mode="after")
    def _parts_are_whole_shards(self) -> "SourceSyntheticOptions":
        edges = (0, *self.appended_at, self.n_samples)
        if any(a >= b for a, b in pairwise(edges)) or any(a % self.rows_per_shard for a in edges[:-1]):
            raise ValueError("appended_at must ascend, in whole shards, below n_samples")
        return self

    def trains_on_tests_of(self, other: "SourceSyntheticOptions") -> bool:
        """Whether test sources of `other` are among the training sources here.

        Sources depend on the seed and the shard; the order that the split cuts depends on the number of
        samples as well, and puts training rows first and test rows last.
        """
        if self.seed != other.seed or self.rows_per_shard != other.rows_per_shard:
            return False
        return self.parts != other.parts or self.split.train > other.split.train + other.split.validation

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """First row and end of the rows that were asked for at first, and of those appended later."""
        return tuple(pairwise((0, *self.appended_at, self.n_samples)))

    @property
    def days(self) -> tuple[int, ...]:
        """Days of the window that the stored arrays need, ascending."""
        return days_of(self.representations)
