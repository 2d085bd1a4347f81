import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from slipbench.benchmarks.limits.forward import Forward
from slipbench.benchmarks.limits.prior import FARTHEST, Prior
from slipbench.datasets.physics.source import Sampling, sample
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_maker import offsets

from .limits_cases import sources

PRIORS = {surface: Prior(Sampling(surface=surface)) for surface in ("redraw", "push_down")}
for prior in PRIORS.values():
    prior.log_weight(prior.of_normal(np.zeros((1, 8))))  # what is worked out once takes long


@pytest.mark.parametrize("variant", ["thrust", "all"])
@pytest.mark.parametrize("reach", [1.0, 30.0])  # degrees around the region: series, and arctangent
def test_fast_offsets_are_those_of_a_store(variant, reach):
    found = sources(60, 1, variant=variant)
    rng = np.random.default_rng(0)
    lat, lon = rng.uniform(35 - reach, 41 + reach, 40), rng.uniform(139 - reach, 146 + reach, 40)
    lat[0], lon[0] = found["latitude"][0], found["longitude"][0]  # a station right above the source
    network = Stations(tuple(map(str, range(40))), lat, lon, np.zeros(40))
    want = offsets(found, network, 0.25)[..., :2].swapaxes(1, 2)
    got = Forward(lat, lon)(found)
    assert np.abs(got - want).max(axis=(1, 2)) == pytest.approx(0, abs=1e-10 * np.abs(want).max())


@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(PRIORS)))
def test_coordinates_and_parameters_are_inverse(seed, surface):
    prior = PRIORS[surface]
    z = np.clip(np.random.default_rng(seed).standard_normal((20, 8)), -4, 4)
    found = prior.of_normal(z)
    again = prior.of_normal(prior.normal(found))
    for name, values in found.items():
        np.testing.assert_allclose(again[name], values, rtol=1e-9, err_msg=name)
    top = found["depth"] - found["width"] / 2 * np.sin(np.radians(found["dip"]))
    possible = np.isfinite(prior.log_weight(found))
    assert (top[possible] >= prior.sampling.min_top_km * 1e3 - 1e-6).all()


@pytest.mark.parametrize("variant", ["thrust", "all"])
@pytest.mark.parametrize("surface", ["redraw", "push_down"])
def test_weighted_coordinates_are_distributed_as_sources_are_drawn(variant, surface):
    """Depth, dip and stress drop of large earthquakes are those that the surface cuts."""
    options = Sampling(variant=variant, surface=surface, mw={"low": 7.9, "high": 8.5})
    n = 40_000
    drawn, _ = sample(n, np.random.default_rng(1), options)
    prior = Prior(options)
    rng = np.random.default_rng(2)
    found = prior.of_normal(rng.standard_normal((n, 8)))
    weight = np.exp(prior.log_weight(found))
    kept = rng.choice(n, n // 2, p=weight / weight.sum())
    for name in ("mw", "depth", "dip", "rake", "stress_drop", "width"):
        assert ks_2samp(drawn[name], found[name][kept]).statistic < 0.02, name
    # latitude, longitude and Mw are uniform: the mean weight does not depend on Mw, and is 1
    for part in np.array_split(np.argsort(found["mw"]), 4):
        assert weight[part].mean() == pytest.approx(1, abs=5 * weight.std() / np.sqrt(len(part)) + 2e-3)


def test_the_ends_of_the_ranges_are_kept_away_from():
    prior = Prior(Sampling())
    for side in (-FARTHEST, FARTHEST):
        found = prior.of_normal(np.full((1, 8), side))
        assert all(np.isfinite(v).all() for v in found.values())
        assert np.isfinite(Forward(np.array([38.0]), np.array([140.0]))(found)).all()
