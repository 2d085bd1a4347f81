"""The small YAML of a noise fit: parameters for a dataset's `parametric`, and where they come from."""

from typing import Annotated

import yaml
from pydantic import Field

from slipbench.datasets.noise.fit import NoiseFit
from slipbench.datasets.noise.fit_check import FitCheck
from slipbench.datasets.noise.parametric import ParametricNoise
from slipbench.datasets.options import Options
from slipbench.datasets.readers.residuals import Residuals

_HEAD = "# A dataset uses this by the line  defaults: [{{parametric: PATH/{name}.yaml#parametric}}]\n"
NAME = r"[a-z0-9][a-z0-9_-]*"


class FitRecord(Options):
    """Where fitted noise comes from and how well it fits."""

    command: str = Field(description="what was run")
    sources: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(
        min_length=1, description="files and their SHA-256"
    )
    years: tuple[float, float] = Field(description="first and last day of the residuals, decimal years")
    window_days: int = Field(ge=1, description="length of the windows, days")
    coverage: float = Field(gt=0, le=1, description="least share of its days that a station has in a window")
    windows: int = Field(ge=1, description="windows used")
    series: int = Field(ge=1, description="series used: station, window and component")
    outlying: int = Field(ge=0, description="series left out because their variance stands out")
    missing: float = Field(ge=0, le=1, description="share of missing days in the series used")
    standard_errors: dict[str, float | None] = Field(
        description="standard error by dotted name, in the parameter's unit; null where it is at a bound"
    )
    station_spread: dict[str, tuple[float, float, float]] = Field(
        description="10 %, 50 %, 90 % quantile of the sizes of series relative to the model"
    )
    psd_ratio: dict[str, tuple[float | None, ...]] = Field(
        description="spectrum of data over model at periods above 30 days, 5 to 30 days, below 5 days; null "
        "where the windows hold none"
    )
    log_likelihood: dict[str, float] = Field(description="restricted log-likelihood, up to a constant")
    stations: tuple[str, ...] = Field(min_length=1, description="stations used")


class NoiseFile(Options):
    """A fitted noise model with its provenance."""

    name: str = Field(pattern=f"^{NAME}$", description="name of the fit, that of its file")
    parametric: ParametricNoise = Field(description="fitted parameters")
    fit: FitRecord = Field(description="where they come from")


def noise_file(
    name: str, fit: NoiseFit, check: FitCheck, residuals: Residuals, command: str, sources: dict[str, str]
) -> NoiseFile:
    """Gather a fit, rounded to four digits, so that machines whose last bits differ write the same file.

    Parameters
    ----------
    name : str
        Name of the fit.
    fit, check : NoiseFit, FitCheck
        The fit and its comparison with the data.
    residuals : Residuals
        What was fitted to.
    command : str
        What was run.
    sources : dict
        The residuals' files, as a person would name them, and their SHA-256.
    """
    values = fit.options.model_dump()
    for key, value in values.items():
        if isinstance(value, dict):
            values[key] = {k: _four(v) for k, v in value.items()}
        elif isinstance(value, float):
            values[key] = _four(value)
    windows = fit.windows
    record = FitRecord(
        command=command,
        sources=sources,
        years=(round(float(residuals.year[0]), 4), round(float(residuals.year[-1]), 4)),
        window_days=windows.n_days,
        coverage=windows.coverage,
        windows=len(windows.components[0]),
        series=windows.series,
        outlying=windows.outlying,
        missing=_four(windows.missing),
        standard_errors={k: _known(v) for k, v in fit.errors.items()},
        station_spread={k: (_four(a), _four(b), _four(c)) for k, (a, b, c) in fit.spread.items()},
        psd_ratio={k: tuple(_known(r) for r in v) for k, v in check.ratio.items()},
        log_likelihood={k: round(v, 1) for k, v in fit.log_likelihood.items()},
        stations=tuple(residuals.code[s] for s in windows.stations),
    )
    return NoiseFile(name=name, parametric=ParametricNoise.model_validate(values), fit=record)


def yaml_text(file: NoiseFile) -> str:
    """The file's text. It holds no date and no place, so that the same fit gives the same bytes."""
    body = yaml.safe_dump(
        file.model_dump(mode="json"), sort_keys=False, width=110, default_flow_style=None, allow_unicode=True
    )
    return _HEAD.format(name=file.name) + body


def _four(x: float) -> float:
    return float(f"{x:.4g}")


def _known(x: float) -> float | None:
    return None if x != x else _four(x)
