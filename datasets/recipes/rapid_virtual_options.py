"""Options of the virtual kinematic samples."""

from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.noise.high_rate import HighRateNoise
from slipbench.datasets.options import Options
from slipbench.datasets.physics.pgd import SCALINGS
from slipbench.datasets.physics.source import Range, StressDrop
from slipbench.datasets.recipes.base import RecipeOptions
from slipbench.datasets.recipes.source_options import SplitFractions
from slipbench.datasets.registry import nearest


class RapidSources(Options):
    """Random earthquakes: any mechanism, any direction."""

    mw: Range = Field(Range(low=5.5, high=9.5), description="moment magnitude")
    depth_km: Range = Field(Range(low=2.0, high=60.0), description="depth of the rectangle's centre, km")
    stress_drop: StressDrop = Field(
        StressDrop(mean_mpa=4.0, std_mpa=4.0, low_mpa=0.5, high_mpa=30.0), description="static stress drop"
    )
    roughness: float = Field(0.5, ge=0, description="standard deviation of the logarithm of slip")
    rupture_km_s: Range = Field(Range(low=1.8, high=3.2), description="speed of the rupture, km/s")
    wave_km_s: Range = Field(Range(low=3.0, high=4.2), description="speed of the S waves, km/s")
    rise: Range = Field(
        Range(low=0.1, high=0.5), description="duration of a patch's slip over that of the earthquake"
    )


class RapidWaves(Options):
    """Waves that come and go, sized so that the peak follows a published relation within its scatter."""

    scaling: str = Field("ruhl2019", description="relation of peak displacement, magnitude and distance")
    between_events: float = Field(0.15, ge=0, description="scatter of log10 of the peak between events")
    between_stations: float = Field(0.2, ge=0, description="scatter of log10 of the peak between stations")
    least: float = Field(0.1, ge=0, description="least size of the waves, over the static displacement")

    @model_validator(mode="after")
    def _known(self) -> "RapidWaves":
        if self.scaling not in SCALINGS:
            raise ValueError(f"unknown scaling '{self.scaling}'; {nearest(self.scaling, SCALINGS)}")
        return self


class RapidNetwork(Options):
    """Where the stations are."""

    kind: Literal["real", "made", "auto"] = Field(
        "auto", description="also thinned and turned real networks, made ones only, or what there is"
    )
    made_share: float = Field(0.5, ge=0, le=1, description="share of made networks beside real ones")
    reach_km: float = Field(600.0, gt=0, description="farthest station from the epicentre, km")
    offshore_km: float = Field(250.0, ge=0, description="farthest epicentre from the network, km")
    least: int = Field(6, ge=1, description="fewest stations of a network before any fail")
    made_most: int = Field(1200, ge=1, description="most stations of a made network")


class RapidGaps(Options):
    """What is missing or wrong."""

    dead: float = Field(0.3, ge=0, lt=1, description="most stations without data; the share is drawn")
    dropout: float = Field(0.1, ge=0, le=1, description="chance that a station misses a stretch of samples")
    dropout_s: float = Field(60.0, gt=0, description="longest such stretch, s")
    broken: float = Field(0.01, ge=0, lt=1, description="chance that a station jumps at random")


class RapidVirtualOptions(RecipeOptions):
    """Options of the recipe ``rapid_virtual``."""

    recipe: Literal["rapid_virtual"] = "rapid_virtual"
    n_events: int = Field(1000, ge=3, description="earthquakes")
    seconds_per_event: int = Field(8, ge=1, description="snapshots of each, at random seconds")
    first_s: int = Field(3, ge=1, description="earliest second of a snapshot after the origin time")
    last_s: int = Field(300, ge=2, description="latest second of a snapshot")
    early_s: float = Field(
        30.0, ge=0, description="seconds are drawn evenly in the logarithm of the time plus so much, s"
    )
    most_stations: int = Field(64, ge=2, description="stations of a snapshot at most")
    sources: RapidSources = Field(RapidSources(), description="earthquakes")
    waves: RapidWaves = Field(RapidWaves(), description="transient waves")
    network: RapidNetwork = Field(RapidNetwork(), description="stations")
    noise: HighRateNoise = Field(HighRateNoise(), description="noise of the positions")
    gaps: RapidGaps = Field(RapidGaps(), description="missing and wrong data")
    split: SplitFractions = Field(
        SplitFractions(train=0.85, validation=0.05), description="shares of training and validation events"
    )
    poisson: float = Field(0.25, ge=0, lt=0.5, description="Poisson ratio of the half-space")

    @model_validator(mode="after")
    def _whole_events(self) -> "RapidVirtualOptions":
        if self.rows_per_shard % self.seconds_per_event:
            raise ValueError("rows_per_shard must be a multiple of seconds_per_event")
        if self.first_s >= self.last_s:
            raise ValueError("first_s < last_s is needed")
        return self
