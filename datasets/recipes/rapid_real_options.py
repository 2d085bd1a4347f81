"""Options of the dataset of high-rate records."""

from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.preprocess.neighbours import NeighbourRule
from slipbench.datasets.preprocess.spikes import SpikeRule
from slipbench.datasets.preprocess.static_offset import Windows
from slipbench.datasets.recipes.base import RecipeOptions
from slipbench.datasets.recipes.source_real_options import Centroid


class RapidRealOptions(RecipeOptions):
    """Options of the dataset of high-rate records."""

    recipe: Literal["rapid_real"] = Field(description="which recipe these options are for")
    rows_per_shard: int = Field(1, ge=1, description="events in one shard, the unit of work")
    events: tuple[str, ...] = Field(
        (),
        description="names below high_rate of the data folder, or paths of NPZ files; empty: all there",
    )
    before_s: float = Field(120.0, gt=0, le=86400, description="time axis begins so long before origin, s")
    after_s: float = Field(480.0, gt=0, le=86400, description="time axis ends so long after origin, s")
    interval_s: float | None = Field(
        None,
        gt=0,
        le=60,
        description="sample the records by straight lines at this interval, s; null: that of the files",
    )
    windows: Windows = Field(
        Windows(),
        description="quiet samples that give the position before, and what the neighbour rule judges",
    )
    outliers: NeighbourRule = Field(
        NeighbourRule(), description="stations whose offset or peak does not fit those around are left out"
    )
    restless_m: float = Field(
        0.1,
        gt=0,
        description="largest root mean square length of the displacement on the axis before origin, m",
    )
    spikes: SpikeRule | None = Field(
        SpikeRule(), description="single epochs that are taken out; null: none are"
    )
    catalogue: str | None = Field(
        None,
        description="true places and sizes: Global CMT as ndk or as pyCSEP's CSV; null: event files only",
    )
    centroids: tuple[Centroid, ...] = Field((), description="true values that win over the catalogue, by day")

    @model_validator(mode="after")
    def _each_once(self) -> "RapidRealOptions":
        if len({c.day for c in self.centroids}) < len(self.centroids):
            raise ValueError("each day may have one centroid")
        return self
