"""Made images: noise and offsets are those of the models, gaps leave stations, no day is read."""

from types import SimpleNamespace

import numpy as np
import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.physics.source import sample
from slipbench.datasets.readers.stations import Stations
from slipbench.datasets.recipes.source_maker import offsets
from slipbench.datasets.seismicity.network import made_stations
from slipbench.datasets.synthesis.nowcast_images import NowcastImages, VirtualImages

LAT, LON = made_stations(6, np.random.default_rng(0))
QUIET = {
    **{c: {"white_mm": 0, "flicker_mm": 0, "random_walk_mm": 0} for c in ("east", "north", "up")},
    "common_mode": 0,
    "local": 1,
}


class Network:
    """What is read of a store."""

    attrs = {  # noqa: RUF012
        "region": {"south": 22.0, "north": 46.0, "west": 123.0, "east": 148.0},
        "grid": {"sigma_km": 427.0},
    }
    _arrays = {  # noqa: RUF012
        "station_lat": LAT,
        "station_lon": LON,
        "node_lat": np.linspace(30, 44, 5),
        "node_lon": np.linspace(129, 145, 4),
    }

    def read(self, name: str) -> np.ndarray:
        return self._arrays[name]


def _made(stations: bool = False, **options: object) -> NowcastImages:
    images = NowcastImages(Network(), VirtualImages.model_validate(options))
    if stations:  # values at the stations in place of images
        images._gridder = SimpleNamespace(transform=lambda values: (values, None))
    return images


def test_images_follow_the_stream_alone() -> None:
    images = _made()
    first, again, other = (images.draw(5, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first.shape == (5, 5, 4, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_white_noise_of_two_days_has_twice_the_variance() -> None:
    noise = QUIET | {"east": {"white_mm": 2, "flicker_mm": 0, "random_walk_mm": 0}}
    values = _made(stations=True, noise=noise, event_share=0, missing_share=0).draw(
        4000, np.random.default_rng(0)
    )
    assert values[..., 0].std() == pytest.approx(2 * np.sqrt(2), rel=0.02)
    assert not values[..., 1:].any()


def test_random_walk_moves_on_for_two_days() -> None:
    noise = QUIET | {"up": {"white_mm": 0, "flicker_mm": 0, "random_walk_mm": 3}}
    values = _made(stations=True, noise=noise, event_share=0, missing_share=0).draw(
        4000, np.random.default_rng(0)
    )
    assert values[..., 2].std() == pytest.approx(3 * np.sqrt(2 / 365.25), rel=0.02)


def test_events_move_stations_by_okada_s_offsets() -> None:
    images = _made(stations=True, noise=QUIET, event_share=1, missing_share=0)
    values = images.draw(8, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    images._noise.draw(8, rng)
    rng.random(8)
    parameters, _ = sample(8, rng, images.options.sampling)
    wanted = offsets(parameters, Stations(tuple("abcdef"), LAT, LON, np.zeros(6)), 0.25)
    np.testing.assert_allclose(values, wanted, rtol=1e-5)
    assert np.abs(wanted).max() > 1


def test_gaps_leave_a_station() -> None:
    values = _made(stations=True, missing_share=0.99).draw(2000, np.random.default_rng(0))
    missing = np.isnan(values)
    assert (missing.any(axis=2) == missing.all(axis=2)).all()
    assert not missing[..., 0].all(axis=1).any()
    # half of 0.99, less one of six stations of the images that would have none
    assert missing[..., 0].mean() == pytest.approx(0.495 - 0.99**6 / 7 / 6, abs=0.02)


def test_sources_elsewhere_are_refused() -> None:
    with pytest.raises(InputError, match=r"virtual\.sampling\.longitude: -130 \.\.\. -120"):
        _made(sampling={"longitude": {"low": -130, "high": -120}})
