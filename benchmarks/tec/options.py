"""Options of the suite of electron content."""

import datetime
from typing import Literal

from pydantic import Field, field_validator, model_validator

from slipbench.benchmarks.suites.base import SuiteOptions
from slipbench.benchmarks.tec.series import Between
from slipbench.datasets.anomaly.rules import RULES
from slipbench.datasets.anomaly.tec import WINDOW
from slipbench.datasets.options import Options

#: Splits: every day, or without those that space weather explains.
Days = Literal["all_days", "unexplained_days"]


class Measured(Options):
    """Measured data that the report shows beside the made maps."""

    space_weather: str = Field("ionosphere/SW-All.txt.gz", description="CelesTrak's file")
    maps: list[str] = Field(default_factory=list, description="IONEX files")
    latitude: float = Field(37.16, ge=-87.5, le=87.5, description="of the epicentre, degrees")
    longitude: float = Field(116.34, ge=-180, le=360, description="of the epicentre, degrees")
    start: datetime.date = Field(datetime.date(2023, 7, 6), description="first day shown of the indices")
    end: datetime.date = Field(datetime.date(2023, 8, 13), description="last day shown of the indices")
    event: datetime.datetime = Field(
        datetime.datetime(2023, 8, 5, 18, 33, 59), description="origin time of the earthquake (UTC)"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "Measured":
        if not self.start < self.event.date() <= self.end:
            raise ValueError("start < event <= end is needed")
        return self


class TecOptions(SuiteOptions):
    """Options of the suite of electron content."""

    suite: Literal["tec"] = "tec"
    rules: list[str] = Field(default=list(RULES), min_length=1, description=f"of {', '.join(RULES)}")
    between: list[Between] = Field(
        default=["linear", "rotated"], min_length=1, description="how values between two maps are read"
    )
    days: list[Days] = Field(
        default=["all_days", "unexplained_days"], min_length=1, description="which days are tested"
    )
    window: int = Field(WINDOW, ge=4, description="days before, whose values at the same hour count")
    offset_hours: float = Field(1.0, ge=0, lt=24, description="time after each map at which content is read")
    explained_after: int = Field(
        1, ge=0, description="days after an anomalous index that it explains as well"
    )
    measured: Measured | None = Field(None, description="measured data to show; needs SLIPBENCH_DATA")

    @field_validator("rules")
    @classmethod
    def _known(cls, rules: list[str]) -> list[str]:
        if unknown := [rule for rule in rules if rule not in RULES]:
            raise ValueError(f"unknown rule '{unknown[0]}'; choose of {', '.join(RULES)}")
        return rules
