"""Options of the nowcast dataset."""

import datetime
from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.recipes.base import RecipeOptions
from slipbench.datasets.seismicity.bvalue import Correction
from slipbench.datasets.seismicity.etas import Etas

#: Days after day t that a feature of day t uses: V(t) = r(t + 1) - r(t - 1).
REACH_DAYS = 1


class NowcastOptions(RecipeOptions):
    """One nowcast dataset."""

    recipe: Literal["nowcast"] = Field(description="which recipe these options are for")
    source: Literal["auto", "real", "simulated"] = Field(
        "auto", description="measured data, made data, or measured where the data folder has them"
    )
    start: datetime.date = Field(description="first day with positions and labels (UTC)")
    end: datetime.date = Field(description="last day with positions and labels (UTC)")
    south: float = Field(22.0, ge=-80, le=80, description="southern edge of the region, degrees")
    north: float = Field(46.0, ge=-80, le=80, description="northern edge of the region, degrees")
    west: float = Field(123.0, ge=-180, le=360, description="western edge of the region, degrees")
    east: float = Field(148.0, ge=-180, le=360, description="eastern edge of the region, degrees")
    grid_size: int = Field(50, ge=2, description="rows and columns of an image")
    sigma_cells: float = Field(8.0, gt=0, description="Gaussian weight's sigma, north-south cell lengths")
    window_days: int = Field(128, ge=1, description="length of a catalogue window, days")
    horizon_days: int | None = Field(
        None, ge=1, description="days whose events the count label holds; as many as window_days unless given"
    )
    min_events: int = Field(50, ge=2, description="fewest events of a window with a and b")
    mc: float | Literal["maxc", "goodness_of_fit"] = Field(
        "maxc", description="magnitude of completeness, or how to find it (in the training period)"
    )
    magnitude_step: float = Field(0.1, gt=0, description="rounding step of the magnitudes")
    magnitude_correction: Correction = Field("aki", description="b-value as published, or Utsu's unbiased")
    label_scale: Literal["probability", "events_per_day", "mean_one"] = Field(
        "probability", description="unscaled; times the number of events; or over its training mean"
    )
    lead_days: int = Field(REACH_DAYS + 1, gt=REACH_DAYS, description="days from day t to the label's day")
    train_fraction: float = Field(0.7, gt=0, lt=1, description="leading part of the days that trains")
    on_bad_rows: Literal["fail", "drop"] = Field("fail", description="unusable rows of the catalogue")
    simulated_stations: int = Field(24, ge=3, description="stations of the made network")
    simulated_mc: float = Field(4.0, description="smallest magnitude of the made catalogue")
    simulated_background: float = Field(1.5, gt=0, description="made background events a day")

    @model_validator(mode="after")
    def _ordered(self) -> "NowcastOptions":
        if self.south >= self.north or self.west >= self.east:
            raise ValueError("south < north and west < east are needed")
        if (self.end - self.start).days < self.lead_days + 10:
            raise ValueError("end must come at least lead_days + 10 days after start")
        return self

    @property
    def next_window_days(self) -> int:
        """Length of the window that the count label holds, days."""
        return self.horizon_days or self.window_days

    @property
    def etas(self) -> Etas:
        """Parameters of the made catalogue."""
        return Etas(background_per_day=self.simulated_background, mc=self.simulated_mc)
