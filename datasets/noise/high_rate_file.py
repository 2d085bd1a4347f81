"""The small YAML of a fit of high-rate noise: parameters for a dataset's `noise`, and their origin."""

from typing import Annotated

import yaml
from pydantic import Field

from slipbench.datasets.noise.fit_file import NAME
from slipbench.datasets.noise.high_rate import COMPONENTS, HighRateNoise
from slipbench.datasets.noise.high_rate_fit import HighRateFit
from slipbench.datasets.options import Options

_HEAD = "# A dataset uses this by the line  defaults: [{{noise: PATH/{name}.yaml#high_rate}}]\n"


class HighRateRecord(Options):
    """Where fitted noise comes from and how well it fits."""

    command: str = Field(description="what was run")
    sources: dict[str, Annotated[str, Field(pattern="^[0-9a-f]{64}$")]] = Field(
        min_length=1, description="records and their SHA-256"
    )
    used: dict[str, tuple[int, int]] = Field(
        min_length=1, description="stations and samples of each record used"
    )
    left_out: dict[str, str] = Field(description="records not used, with the reason")
    psd_ratio: dict[str, tuple[float | None, ...]] = Field(
        description="spectrum of data over model below 0.03 Hz, to 0.1 Hz and above; null where there is none"
    )
    common: dict[str, dict[str, float]] = Field(
        description="mean correlation between two stations, by record and component"
    )


class HighRateNoiseFile(Options):
    """Fitted high-rate noise with its provenance."""

    name: str = Field(pattern=f"^{NAME}$", description="name of the fit, that of its file")
    high_rate: HighRateNoise = Field(description="fitted parameters")
    fit: HighRateRecord = Field(description="where they come from")


def high_rate_file(name: str, fit: HighRateFit, command: str, sources: dict[str, str]) -> HighRateNoiseFile:
    """Gather a fit; `sources` are the names of the records and their SHA-256."""
    record = HighRateRecord(
        command=command,
        sources=sources,
        used={s.name: (len(s.power), s.samples) for s in fit.spectra},
        left_out=fit.left_out,
        psd_ratio={k: tuple(None if r != r else r for r in v) for k, v in fit.ratio.items()},
        common={
            s.name: {c: float(f"{v:.2g}") for c, v in zip(COMPONENTS, s.common, strict=True)}
            for s in fit.spectra
        },
    )
    return HighRateNoiseFile(name=name, high_rate=fit.noise, fit=record)


def yaml_text(file: HighRateNoiseFile) -> str:
    """The file's text. It holds no date and no place, so that the same fit gives the same bytes."""
    body = yaml.safe_dump(
        file.model_dump(mode="json"), sort_keys=False, width=110, default_flow_style=None, allow_unicode=True
    )
    return _HEAD.format(name=file.name) + body
