"""Kinematic ruptures: their patches against the whole rectangle, their moment, their clock."""

import numpy as np
import pytest

from slipbench.datasets.physics.okada import Sources, displacement
from slipbench.datasets.physics.rupture import Ruptures, ramps, ruptures, static_patches
from slipbench.datasets.physics.source import SHEAR_MODULUS_PA, Range, Sampling, moment, sample

N = 12
SAMPLING = Sampling(variant="all", depth_km=Range(low=2, high=60), mw=Range(low=5.8, high=9.0))


def some(roughness: float = 0.5, seed: int = 0) -> tuple[dict[str, np.ndarray], Ruptures]:
    rng = np.random.default_rng(seed)
    parameters, _ = sample(N, rng, SAMPLING)
    return parameters, ruptures(parameters, np.full(N, 2.5), roughness, rng)


def stations(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.random.default_rng(seed).uniform(-300, 300, (2, N, 7)))


def test_the_moment_is_that_of_the_magnitude() -> None:
    parameters, r = some()
    area = 1e6 * r.length_km * r.width_km
    found = SHEAR_MODULUS_PA * (r.slip_m * area[:, None]).sum(axis=1)
    np.testing.assert_allclose(found, moment(parameters["mw"]), rtol=1e-9)
    assert (r.slip_m > 0).all()


def test_even_slip_on_all_patches_is_the_whole_rectangle() -> None:
    p, r = some()
    even = Ruptures(**{**vars(r), "slip_m": np.repeat(p["slip"][:, None], r.slip_m.shape[1], axis=1)})
    east, north = stations()
    patches = static_patches(even, east, north, 0.25).sum(axis=2)
    middle = [x.mean(axis=1) * 1e3 for x in (r.east_km, r.north_km)]
    np.testing.assert_allclose(r.depth_km.mean(axis=1) * 1e3, p["depth"])
    names = ("depth", "strike", "dip", "rake", "length", "width", "slip")
    whole = Sources(*middle, *(p[k] for k in names), np.zeros(N))
    wanted = displacement(whole, 1e3 * east, 1e3 * north)
    largest = np.abs(wanted).max(axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(patches / largest, wanted / largest, atol=2e-4)


def test_the_rupture_begins_on_the_fault_and_runs_at_its_speed() -> None:
    _, r = some()
    away = np.sqrt(r.east_km**2 + r.north_km**2 + (r.depth_km - r.hypocentre_km[:, None]) ** 2)
    np.testing.assert_allclose(r.begins_s, away / 2.5, rtol=1e-9)
    half = np.hypot(r.length_km, r.width_km) / 2
    assert (away.min(axis=1) <= half * (1 + 1e-9)).all()
    assert (r.hypocentre_km > 0).all()


def test_the_centroid_lies_where_the_slip_is() -> None:
    _, r = some(roughness=0.0)
    smooth = r.centroid_km()
    np.testing.assert_allclose(smooth[:, 0], r.east_km.mean(axis=1), atol=1e-9)
    one = Ruptures(**{**vars(r), "slip_m": np.eye(r.slip_m.shape[1])[np.arange(N)]})
    at = np.arange(N)
    np.testing.assert_allclose(one.centroid_km()[:, 1], r.north_km[at, at])
    np.testing.assert_allclose(one.centroid_km()[:, 2], r.depth_km[at, at])


def test_nothing_moves_before_the_wave_and_all_has_moved_in_the_end() -> None:
    _, r = some()
    east, north = stations()
    static = static_patches(r, east, north, 0.25)
    speed, rise, time = np.full(N, 3.5), np.full(N, 8.0), np.arange(0.0, 2000.0)
    found = ramps(static, r, east, north, speed, rise, time)
    patch = np.sqrt(
        (east[..., None] - r.east_km[:, None]) ** 2
        + (north[..., None] - r.north_km[:, None]) ** 2
        + r.depth_km[:, None] ** 2
    )
    first = (r.begins_s[:, None] + patch / 3.5).min(axis=-1)
    last = (r.begins_s[:, None] + patch / 3.5).max(axis=-1) + 8.0
    assert (found[time < first[..., None]] == 0).all()
    total = np.broadcast_to(static.sum(axis=2)[:, :, None], found.shape)
    over = time > last[..., None]
    assert over.any()
    np.testing.assert_allclose(found[over], total[over], atol=1e-4 * np.abs(total).max(), rtol=1e-3)


@pytest.mark.parametrize("roughness", [0.0, 1.0])
def test_rough_slip_varies_more(roughness: float) -> None:
    _, r = some(roughness)
    middle = r.slip_m.reshape(N, 8, 4)[:, 3:5, 1:3].reshape(N, -1)
    spread = np.log(middle).std(axis=1).mean()
    assert spread < 1e-9 if roughness == 0 else spread > 0.2
