"""Options of precise point positioning: what a YAML below ``configs/positioning`` holds."""

from typing import Literal

from pydantic import Field, field_validator

from slipbench.datasets.options import Options


class PositionOptions(Options):
    """One station, one day, one way of positioning; files are below SLIPBENCH_DATA or absolute."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", description="name of the result")
    observations: str = Field(description="RINEX observations, also compact (Hatanaka) and packed")
    navigation: str = Field(description="RINEX broadcast navigation of the same day")
    orbits: list[str] = Field(min_length=1, description="SP3 files, ascending; a day before and after helps")
    clocks: list[str] = Field(min_length=1, description="RINEX CLK files with clocks of the satellites")
    antennas: str = Field(description="ANTEX file of satellites, and of receivers where it has yours")
    satellite_offsets: Literal["antex", "broadcast"] = Field(
        "antex",
        description="for satellites that the ANTEX file lacks: an error, or offsets from broadcast orbits",
    )
    mode: Literal["static", "kinematic"] = Field(description="one position, or one for each epoch")
    direction: Literal["forward", "combined"] = Field(
        "forward", description="filter forward, or forward and backward combined"
    )
    systems: str = Field("GE", pattern="^[GER]+$", description="letters of systems: G, E, R")
    elevation_mask_deg: float = Field(
        7.0, ge=0, le=60, description="lowest elevation of a satellite, degrees"
    )
    solid_tides: bool = Field(True, description="take out the tides of the solid Earth")
    reference_m: tuple[float, float, float] | None = Field(
        None, description="true position x, y, z, m; the header's by default"
    )
    reference_frame: Literal["ITRF2014", "ETRF2000", "ETRF2014"] = Field(
        "ITRF2014", description="frame of the true position, at the epoch of the observations"
    )
    converged_m: float = Field(
        0.05, gt=0, description="converged is what stays within so many metres of the end (or the median)"
    )

    @field_validator("systems")
    @classmethod
    def _with_gps(cls, value: str) -> str:
        if "G" not in value or len(set(value)) < len(value):
            raise ValueError("needs G, and each letter once")
        return value
