import dataclasses

import numpy as np
import pytest

from slipbench.datasets.noise.parametric import ParametricNoise, time_covariance
from slipbench.datasets.seismicity.bvalue import b_value
from slipbench.datasets.seismicity.catalogue import Catalogue
from slipbench.datasets.seismicity.etas import Etas
from slipbench.datasets.seismicity.network import SMALLEST_STEP, made_positions, made_stations, offsets_mm


def simulate(seed=0, days=3000, **changes):
    return dataclasses.replace(Etas(), **changes).simulate(0, days, np.random.default_rng(seed))


def test_same_seed_same_catalogue():
    a, b, c = simulate(5), simulate(5), simulate(6)
    np.testing.assert_array_equal(a.time, b.time)
    np.testing.assert_array_equal(a.magnitude, b.magnitude)
    assert len(a) != len(c) or not np.array_equal(a.time, c.time)


def test_times_are_sorted_and_inside():
    c = simulate(1)
    assert (np.diff(c.time) >= 0).all()
    assert c.time[0] >= 0
    assert c.time[-1] < 3000
    assert c.magnitude.min() == 4.0
    assert c.magnitude.max() <= Etas().m_max + 0.05
    assert np.isfinite([c.longitude, c.latitude]).all()


def test_branching_ratio_is_the_share_of_aftershocks():
    """N = background / (1 - ratio) on average; a small alpha keeps the scatter of one catalogue small."""
    etas = dataclasses.replace(Etas(), alpha=0.2, productivity=0.4, omori_p=2.0, background_per_day=3.0)
    n = [len(etas.simulate(0, 3000, np.random.default_rng(s))) for s in range(10)]
    assert np.mean(n) == pytest.approx(9000 / (1 - etas.branching_ratio), rel=0.03)
    assert 0 < etas.branching_ratio < 1


def test_magnitudes_follow_their_b_value():
    c = simulate(2, b=1.2, days=6000)
    assert b_value(c.magnitude, 4.0, 0.1, "utsu") == pytest.approx(1.2, rel=4 / np.sqrt(len(c)))


def test_events_cluster_in_time():
    def dispersion(c):
        counts = np.bincount(c.time.astype(int), minlength=3000)
        return counts.var() / counts.mean()

    poisson = simulate(3, productivity=1e-9)
    assert dispersion(poisson) == pytest.approx(1.0, abs=0.15)
    assert dispersion(simulate(3)) > 2


def test_an_endless_catalogue_is_refused():
    with pytest.raises(ValueError, match="branching ratio"):
        simulate(productivity=0.5)


def network(catalogue, seed=0):
    lat, lon = made_stations(18, np.random.default_rng(9))
    return lat, lon, made_positions(lat, lon, np.arange(300), catalogue, np.random.default_rng(seed))


def event(m, day=200.5):
    return Catalogue(*(np.array([x]) for x in (day, 142.5, 38.0, m)))


def test_positions_follow_events_and_never_precede_them():
    lat, lon, quiet = network(event(SMALLEST_STEP - 0.1))
    _, _, shaken = network(event(7.5))
    np.testing.assert_array_equal(shaken[:200], quiet[:200])
    assert 0.01 < np.isnan(quiet[..., 0]).mean() < 0.03
    offset = offsets_mm(lat, lon, 38.0, 142.5, 7.5)
    moved = shaken - quiet
    np.testing.assert_allclose(
        moved[200], np.where(np.isnan(moved[200]), np.nan, offset * (0.5 + 0.2 * np.log1p(0.05)))
    )
    later = np.nanmax(np.abs(moved[299]))
    assert np.abs(offset).max() < later < 2 * np.abs(offset).max()
    # Trenchward: stations west of the epicentre move east.
    assert (offset[lon < 142, 0] > 0).all()


def test_noise_has_the_parametric_model_s_size():
    """White noise and the one-day innovations of the flicker noise make the day-to-day scatter."""
    _, _, quiet = network(event(5.0))
    scatter = np.nanstd(np.diff(quiet, axis=0), axis=(0, 1))
    model = ParametricNoise()
    for found, amplitudes in zip(scatter, (model.east, model.north, model.up), strict=True):
        c = time_covariance(amplitudes, 2, model.history_days)
        assert found == pytest.approx(np.sqrt(c[0, 0] + c[1, 1] - 2 * c[0, 1]), rel=0.05)
