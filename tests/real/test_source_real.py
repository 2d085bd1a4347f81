"""The S1 inputs as they were measured: NGL's stations and the Cascadia residuals."""

import numpy as np
import pytest

from slipbench.datasets.gridding.spline import Grid
from slipbench.datasets.readers.residuals import read_residuals
from slipbench.datasets.readers.stations import read_stations
from slipbench.datasets.recipes.source_network import NGL_LIST
from slipbench.datasets.recipes.source_noise import RESIDUALS
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic

pytestmark = pytest.mark.real


def test_station_list(data_dir):
    stations = read_stations(data_dir / NGL_LIST)
    assert len(stations) == 1644
    assert Grid().holds(stations.lat, stations.lon).sum() == 325


def test_residuals(data_dir):
    r = read_residuals(data_dir / RESIDUALS)
    assert r.values.shape == (211, 3, 4016)
    assert np.isnan(r.values).mean() == pytest.approx(0.20, abs=0.01)
    assert np.isnan(r.lat).sum() == 5
    spread = np.nanstd(r.values, axis=(0, 2))
    assert spread[2] > 2 * spread[:2].max()  # up is last and noisiest


def test_surrogates_on_real_stations(data_dir):
    options = SourceSynthetic.Options.model_validate(
        {
            "recipe": "source_synthetic",
            "name": "real",
            "n_samples": 64,
            "rows_per_shard": 64,
            "n_stations": 150,
            "stations": "ngl",
            "noise": "surrogate",
            "representations": ["ts", "offset"],
        }
    )
    plan = SourceSynthetic(options, data_dir).plan()
    assert {s.name for s in plan.sources} == {NGL_LIST, RESIDUALS}
    assert plan.attrs["noise"]["windows"] > 20
    assert plan.attrs["noise"]["share_interpolated"] < 0.02
    shard = plan.make(0, plan.rows(0), plan.rng(0))
    noise = shard.arrays["ts"].astype(np.float64)
    noise[:, :, 50:] -= shard.arrays["offset"][:, :, None]
    assert np.isfinite(noise).all()
    daily = np.diff(noise, axis=2).std(axis=(0, 1, 2))
    assert (daily > 0.8).all()  # mm: day-to-day scatter of regional GNSS
    assert (daily < 4).all()
    # Neighbours share noise: the mean correlation over the network is clearly positive.
    series = noise[..., 0] - noise[..., 0].mean(axis=2, keepdims=True)
    series /= series.std(axis=2, keepdims=True)
    mean = np.mean([np.corrcoef(s)[np.triu_indices(150, 1)].mean() for s in series[:16]])
    assert mean > 0.05
