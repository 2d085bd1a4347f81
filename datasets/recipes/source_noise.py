"""Daily noise of a network in the S1 datasets: simulated, or surrogates of real residuals."""

from pathlib import Path
from typing import Any, Literal

from slipbench.datasets.noise.parametric import ParametricNoise, parametric_sampler
from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.noise.transplant import transplant
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.data_file import data_file
from slipbench.datasets.recipes.source_maker import Noise, SurrogateDays
from slipbench.datasets.recipes.source_options import COMPONENTS, WINDOW_DAYS, SurrogateOptions
from slipbench.datasets.store.plan import Source

RESIDUALS = "daily/cascadia211_daily_2005_2015.npz"


def network_noise(
    kind: Literal["parametric", "surrogate"],
    parametric: ParametricNoise,
    surrogate: SurrogateOptions,
    stations: Stations,
    days: tuple[int, ...],
    data: Path | None,
) -> tuple[Noise | None, dict[str, Any], tuple[Source, ...]]:
    """Noise on `days` of the window at `stations`, a note on it, and the files it is made from.

    Raises
    ------
    InputError
        When surrogates are asked for and the residuals are not there or have too few donors.
    """
    if not days:
        return None, {"kind": "none: no array with noise is stored"}, ()
    if kind == "parametric":
        noise: Noise = parametric_sampler(
            stations.lat, stations.lon, WINDOW_DAYS, days, COMPONENTS, parametric
        )
        return noise, {"kind": kind, "about": "white + flicker + random walk, separable in space"}, ()
    path, name = data_file(data, RESIDUALS, "noise: surrogate")
    moved = transplant(
        read_residuals(path),
        stations.lat,
        stations.lon,
        WINDOW_DAYS,
        components=tuple(range(len(COMPONENTS))),
        step_days=surrogate.step_days,
        coverage=surrogate.coverage,
    )
    w, d, m, c = moved.windows.shape
    noise = SurrogateDays(SurrogateNoise.fit(moved.windows.reshape(w, d, m * c)), days, c)
    note = {
        "kind": kind,
        "about": "Cascadia residuals given to the stations one to one, phases randomised alike for "
        "the whole network",
        "windows": w,
        "share_interpolated": moved.filled,
        "distance_stretch": moved.stretch,
    }
    return noise, note, (Source.of(path, name),)
