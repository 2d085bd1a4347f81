"""Options of the made ionosphere maps."""

import datetime
from typing import Literal

from pydantic import Field, model_validator

from slipbench.datasets.anomaly.tec import WINDOW
from slipbench.datasets.physics.source import Range
from slipbench.datasets.recipes.base import RecipeOptions


class TecSimulatedOptions(RecipeOptions):
    """Days of made ionosphere maps with planted anomalies."""

    recipe: Literal["tec_simulated"] = Field(description="which recipe these options are for")
    start: datetime.date = Field(description="first day (UTC)")
    n_days: int = Field(ge=40, le=10_000, description="days, one row each")
    indices: Literal["real", "made"] = Field(
        "real", description="F10.7, Ap and sunspot number that the maps follow: measured ones, or made ones"
    )
    space_weather: str = Field(
        "ionosphere/SW-All.txt.gz", description="CelesTrak's file, below the data folder or a path"
    )
    maps_per_day: int = Field(12, ge=2, le=96, description="maps a day from 0 h on")
    step_lat: float = Field(2.5, gt=0, le=30, description="degrees between rows, from 87.5 N to 87.5 S")
    step_lon: float = Field(5.0, gt=0, le=60, description="degrees between columns, from 180 W to 180 E")
    memory: float = Field(
        0.5, ge=0, lt=1, description="correlation of the weather with that of the same hour a day before"
    )
    spread: float = Field(0.15, gt=0, le=1, description="standard deviation of the weather's logarithm")
    patch_km: float = Field(2000.0, gt=0, description="size of the weather's patches, km")
    sites: int = Field(48, ge=1, description="places of made earthquakes, where series are looked at")
    sites_with_anomalies: int = Field(28, ge=0, description="those of them with anomalies before earthquakes")
    apart_km: float = Field(2200.0, gt=0, description="least distance of two sites, km")
    most_lat: float = Field(55.0, gt=0, le=85, description="sites lie between this latitude north and south")
    events_per_site: int = Field(8, ge=1, description="earthquakes at each site")
    background_days: int = Field(WINDOW, ge=2, description="days at the begin without anomalies")
    lead_days: int = Field(5, ge=1, description="longest time from an anomaly to its earthquake, days")
    size: Range = Field(Range(low=2.0, high=14.0), description="absolute size of an anomaly, TECU")
    radius_km: Range = Field(Range(low=800.0, high=1500.0), description="where an anomaly has faded, km")
    hours: Range = Field(Range(low=4.0, high=12.0), description="length of an anomaly, hours within one day")

    @model_validator(mode="after")
    def _fits(self) -> "TecSimulatedOptions":
        if self.sites_with_anomalies > self.sites:
            raise ValueError("sites_with_anomalies must not exceed sites")
        room = self.n_days - self.background_days - self.lead_days
        if room < self.events_per_site * (self.lead_days + 1):
            raise ValueError(f"{self.events_per_site} earthquakes a site do not fit into {room} days")
        if self.radius_km.high >= self.apart_km:
            raise ValueError("an anomaly must fade before the next site: radius_km.high < apart_km")
        if not 0 < self.hours.low < self.hours.high < 24 or self.size.low <= 0 or self.radius_km.low <= 0:
            raise ValueError("size and radius_km must be positive, hours between 0 and 24")
        for name, reach in (("step_lat", 175), ("step_lon", 360)):
            if abs(reach / getattr(self, name) - round(reach / getattr(self, name))) > 1e-9:
                raise ValueError(f"{name} must divide {reach} degrees")
        return self
