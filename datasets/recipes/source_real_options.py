"""Options of the dataset of real earthquakes."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, model_validator

from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.options import Options
from slipbench.datasets.physics.source import Range, Sampling
from slipbench.datasets.preprocess.neighbours import NeighbourRule
from slipbench.datasets.preprocess.static_offset import Windows
from slipbench.datasets.preprocess.window import MIN_SAMPLES, MIN_STATIONS
from slipbench.datasets.recipes.base import RecipeOptions
from slipbench.datasets.recipes.source_network import NGL_LIST
from slipbench.datasets.recipes.source_options import Representation, SurrogateOptions

GCMT = "catalogs/gcmt_1976_2013_pycsep.csv.gz"
_NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]*$"


class Centroid(Options):
    """The true place and size of one earthquake, where something better than the catalogue is known."""

    day: date = Field(description="day of the earthquake (UTC)")
    latitude: float = Field(ge=-90, le=90, description="centroid latitude, degrees")
    longitude: float = Field(ge=-180, le=360, description="centroid longitude, degrees")
    depth_km: float = Field(ge=0, le=800, description="centroid depth, km")
    mw: float = Field(ge=0, le=10, description="moment magnitude")
    source: str = Field(min_length=3, description="where this is from")


class Targets(Options):
    """Region of the sources, and what networks scale to 0 ... 1; the defaults are those of training."""

    latitude: Range = Field(Sampling().latitude, description="latitude of the centroid, degrees")
    longitude: Range = Field(Sampling().longitude, description="longitude of the centroid, degrees")
    mw: Range = Field(Sampling().mw, description="moment magnitude; larger events keep their value")

    def holds(self, latitude: float, longitude: float) -> bool:
        """Whether a place lies in the region."""
        lat, lon = self.latitude, self.longitude
        return lat.low <= latitude <= lat.high and lon.low <= longitude <= lon.high


class NoisyInput(Options):
    """What inputs have in common that give an offset, to which daily noise is added."""

    realisations: int = Field(64, ge=1, description="rows of each event, each with noise of its own")
    noise: Literal["parametric", "surrogate"] = Field(
        "parametric",
        description="simulated noise, or surrogates of the Cascadia residuals in the data folder",
    )
    parametric: ParametricNoise = Field(ParametricNoise(), description="parametric noise")
    surrogate: SurrogateOptions = Field(SurrogateOptions(), description="surrogate noise")
    n_stations: int | None = Field(
        None, ge=1, description="keep so many of the stations in the grid, drawn at random; null: all"
    )
    outliers: NeighbourRule = Field(
        NeighbourRule(), description="stations whose offset does not fit those around are left out"
    )


class OffsetFile(Options):
    """Static offsets of one earthquake in a file of ``lon lat east north station`` lines."""

    name: str = Field(pattern=_NAME, max_length=32, description="name of the event in tables")
    time: datetime = Field(description="origin time (UTC)")
    file: str = Field(description="file below the data folder, or an absolute path")


class CoseismicInput(NoisyInput):
    """Observed static offsets and daily noise."""

    kind: Literal["coseismic"] = Field(description="static offsets from text files")
    events: tuple[OffsetFile, ...] = Field(min_length=1, description="earthquakes and their files")
    sea_floor: Literal["drop", "keep"] = Field(
        "drop",
        description="sites at the sea floor (codes that begin with an underscore), where no daily GNSS is",
    )
    same_place_m: float = Field(
        100.0, ge=0, description="of sites closer than this the first in the file is kept, m"
    )


class HighRateInput(NoisyInput):
    """Static offsets taken from 1 Hz records, and daily noise."""

    kind: Literal["high_rate"] = Field(description="static offsets from 1 Hz records (NPZ)")
    events: tuple[str, ...] = Field(
        (),
        description="names below high_rate of the data folder, or paths of NPZ files; empty: all there",
    )
    windows: Windows = Field(Windows(), description="samples that give the positions before and after")


class DailyInput(Options):
    """Measured daily positions around the events of the catalogue (S1, section 4)."""

    kind: Literal["daily"] = Field(description="daily positions around catalogue events")
    positions: str = Field("daily/japan18_daily.csv.gz", description="daily positions")
    stations: str = Field(NGL_LIST, description="coordinates of the stations")
    least_mw: float = Field(5.8, description="smallest magnitude")
    deepest_km: float = Field(100.0, gt=0, description="largest depth; a depth that is not known passes, km")
    only: dict[int, tuple[date, ...]] = Field(
        {2011: (date(2011, 3, 11),)}, description="years of which only these days are used"
    )
    least_stations: float = Field(
        MIN_STATIONS, ge=0, le=1, description="least share of the grid's stations with enough days"
    )
    least_days: float = Field(
        MIN_SAMPLES, gt=0, le=1, description="least share of days that a station must have"
    )
    trend: Literal["window", "beside_step"] = Field(
        "window",
        description="line taken off: through the whole window as published, or with a step at the event",
    )


Input = Annotated[CoseismicInput | HighRateInput | DailyInput, Field(discriminator="kind")]


class SourceRealOptions(RecipeOptions):
    """Options of the dataset of real earthquakes."""

    recipe: Literal["source_real"] = Field(description="which recipe these options are for")
    input: Input = Field(description="where the displacement comes from")
    representations: tuple[Representation, ...] = Field(
        ("img", "offset"),
        min_length=1,
        description="arrays to store: img, ts, its, offset (observed, at the stations)",
    )
    catalogue: str | None = Field(
        GCMT,
        description="true places and sizes: Global CMT as ndk or as pyCSEP's CSV; null: event files only",
    )
    centroids: tuple[Centroid, ...] = Field((), description="true values that win over the catalogue, by day")
    targets: Targets = Field(Targets(), description="region of the sources and ranges of the labels")
    grid: Grid = Field(Grid(), description="images: nodes, blocks, tension, land")
    land: Literal["list", "stations"] = Field(
        "list", description="nodes near NGL's stations, as in training, or near the stations of these events"
    )
    few_stations: int = Field(
        30, ge=1, description="an event with fewer stations in the grid counts as too sparse"
    )
    too_sparse: Literal["keep", "drop"] = Field("keep", description="what to do with such events")

    @model_validator(mode="after")
    def _each_once(self) -> "SourceRealOptions":
        if len(set(self.representations)) < len(self.representations):
            raise ValueError("each representation may be named once")
        if len({c.day for c in self.centroids}) < len(self.centroids):
            raise ValueError("each day may have one centroid")
        names = [e.name for e in self.input.events] if isinstance(self.input, CoseismicInput) else []
        if len(set(names)) < len(names):
            raise ValueError("each event needs a name of its own")
        return self
