"""Samples made in torch beside those of the stored form: equal without noise, alike with it."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from slipbench.datasets.noise.surrogate import SurrogateNoise
from slipbench.datasets.physics import okada
from slipbench.datasets.physics.projection import project, to_station_frame
from slipbench.datasets.recipes.source_maker import SourceMaker, SurrogateDays
from slipbench.datasets.recipes.source_options import WINDOW_DAYS
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.synthesis.source_torch import DAY_ORDER, SourceSynthesiser

from .moments import bound, two_sample_z

SMALL = {"lat_first": 36.0, "step_arcmin": 15.0, "rows": 16, "columns": 9}
VIEWS = ["img", "its", "ts", "offset"]


def options(**change):
    base = {
        "recipe": "source_synthetic",
        "name": "small",
        "seed": 4,
        "n_samples": 64,
        "rows_per_shard": 64,
        "n_stations": 24,
        "stations": "made",
        "grid": SMALL,
        "representations": VIEWS,
    }
    return SourceSynthetic.Options.model_validate(base | change)


def both(dtype=torch.float64, spectra=None, **change) -> tuple[SourceMaker, SourceSynthesiser]:
    o = options(**change)
    maker = SourceSynthetic(o, None).plan().make
    place = maker.stations
    return maker, SourceSynthesiser(o, place.lat, place.lon, maker.gridder.land_, spectra, dtype)


def tensors(arrays, *names):
    return {name: torch.from_numpy(np.asarray(arrays[name])) for name in names}


class Silence(nn.Module):
    """No noise, for either form."""

    def __init__(self, shape: tuple[int, int]) -> None:
        super().__init__()
        self.shape = shape

    def draw(self, rows, weights, draw=0):
        if isinstance(rows, int):
            return np.zeros((rows, WINDOW_DAYS, *self.shape[::-1]))
        return torch.zeros(len(rows), len(weights), *self.shape, dtype=torch.float64)


def test_days_are_all_there_once_and_those_of_images_come_first():
    assert sorted(DAY_ORDER) == list(range(100))
    assert DAY_ORDER[:2] == (49, 51)
    assert set(DAY_ORDER[:15]) == set(range(43, 58))


def test_projection_takes_tensors():
    rng = np.random.default_rng(0)
    places = (
        rng.uniform(35, 41, 20),
        rng.uniform(139, 146, 20),
        rng.uniform(35, 41, 9),
        rng.uniform(139, 142, 9),
    )
    places[2][0], places[3][0] = places[0][0], places[1][0]  # a station at the centre
    vectors = rng.normal(size=(20, 9, 3))
    here, there = project(*places), project(*map(torch.from_numpy, places))
    for a, b in zip(here, there, strict=True):
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-12 * np.abs(a).max())
    turned = to_station_frame(torch.from_numpy(vectors), there[2])
    np.testing.assert_allclose(turned, to_station_frame(vectors, here[2]), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("mechanisms", ["thrust", "all"])
@pytest.mark.parametrize("compiled", [True, False])
def test_offsets_are_those_of_the_stored_form(mechanisms, compiled, monkeypatch):
    """By the compiled kernel, and by torch as on other devices."""
    if not compiled:
        monkeypatch.setattr(okada, "kernel", lambda: "numpy")
    maker, made = both(sampling={"variant": mechanisms})
    arrays, _, events = maker.events(0, range(64), np.random.default_rng(1))
    got = made.offsets(torch.from_numpy(arrays["source"])).mT.numpy()
    largest = np.abs(events.offset).max(axis=(1, 2), keepdims=True)
    assert (np.abs(got - events.offset) <= 1e-6 * largest).all()
    single = both(torch.float32, sampling={"variant": mechanisms})[1]
    got = single.offsets(torch.from_numpy(arrays["source"])).mT
    assert got.dtype == torch.float32
    assert (np.abs(got.double().numpy() - events.offset) <= 1e-6 * largest).all()


@pytest.mark.parametrize(
    "variant",
    [
        {},
        {"post_seismic": {}},
        {"post_seismic": {"ratio_per": "component"}},
        {"post_seismic": {"ratio_per": "event"}},
        {"gaps": {}},
        {"post_seismic": {}, "gaps": {"share_low": 0.3}},
    ],
)
def test_without_noise_all_representations_are_equal(variant):
    maker, made = both(**variant)
    made.noise = silence = Silence((2, 24))
    maker = replace(
        maker, noise=type("Quiet", (), {"draw": staticmethod(lambda n, rng: silence.draw(n, None))})
    )
    shard = maker(0, range(64), np.random.default_rng(1))
    inputs = tensors(shard.arrays, *made.reads)
    assert set(made.reads) == {"source"} | set(shard.arrays) - {*VIEWS, "target", "split"}
    for name in VIEWS:
        expected, got = shard.arrays[name], made(name, torch.arange(64), inputs).numpy()
        assert got.shape == expected.shape == (64, *made.shape(name))
        assert (np.isnan(got) == np.isnan(expected)).all()
        # the stored form is rounded to float32
        np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-6 * np.nanmax(np.abs(expected)))
    assert np.isnan(shard.arrays["ts"]).any() == ("gaps" in variant)


def test_representations_of_a_row_are_of_one_earthquake():
    """With noise: image, series and image series show the same positions, whichever is asked for."""
    maker, made = both()
    inputs = tensors(maker(0, range(64), np.random.default_rng(1)).arrays, "source")
    rows = torch.arange(64)
    img, its, ts = (made(name, rows, inputs).numpy() for name in ("img", "its", "ts"))
    change = np.moveaxis(ts[:, :, 51] - ts[:, :, 49], -1, -2)
    np.testing.assert_allclose(img, np.moveaxis(maker.gridder.transform(change), 1, -1), atol=1e-9)
    frames = np.moveaxis(ts[:, :, 43:58], (1, 2, 3), (3, 1, 2))
    np.testing.assert_allclose(its, np.moveaxis(maker.gridder.transform(frames), 2, -1), atol=1e-9)
    linear = both(grid=SMALL | {"block": "mean"})[1]  # medians of changes are no changes of medians
    frames = linear("its", rows, inputs)
    torch.testing.assert_close(frames[:, 8] - frames[:, 6], linear("img", rows, inputs))


@pytest.mark.parametrize("name", ["img", "its", "ts"])
def test_a_row_is_the_same_in_any_batch(name):
    maker, made = both(torch.float32)
    source = torch.from_numpy(maker(0, range(64), np.random.default_rng(1)).arrays["source"])
    whole = made(name, torch.arange(64), {"source": source})
    pick = torch.tensor([41, 3, 60])
    some = made(name, pick, {"source": source[pick]})
    torch.testing.assert_close(some, whole[pick], rtol=1e-5, atol=1e-3)
    assert torch.equal(some, made(name, pick, {"source": source[pick]}))
    other = made(name, pick, {"source": source[pick]}, draw=3)
    land = torch.from_numpy(maker.gridder.land_)
    apart = (other - some) if name == "ts" else (other - some)[..., land, :]
    assert 0.5 < apart.std() < 20
    assert made(name, pick[:0], {"source": source[:0]}).shape == (0, *made.shape(name))


def numbers(made: dict[str, np.ndarray], seed: int = 0) -> np.ndarray:
    """Features (n, k): some values of every representation, their products, and power by frequency."""
    rng = np.random.default_rng(seed)
    ts = made["ts"].astype(np.float64)
    some = []
    for name, count in (("img", 8), ("its", 10), ("ts", 12)):
        flat = made[name].reshape(len(ts), -1).astype(np.float64)
        alive = np.flatnonzero(flat.std(axis=0) > 0)  # not the sea
        some.append(flat[:, rng.choice(alive, count, replace=False)])
    values = np.concatenate(some, axis=1)
    one, two = np.triu_indices(values.shape[1])
    power = np.abs(np.fft.rfft(ts, axis=2)) ** 2
    return np.concatenate(
        [values, values[:, one] * values[:, two], power.mean(axis=1).reshape(len(ts), -1)], axis=1
    )


def observe(maker: SourceMaker, made: SourceSynthesiser, n: int, seed: int):
    """The weakest earthquake of 64, seen `n` times by both forms; noise rules."""
    arrays, _, events = maker.events(0, range(64), np.random.default_rng(1))
    weakest = int(np.abs(events.offset).max(axis=(1, 2)).argmin())
    again = np.full(n, weakest)
    stored = maker.observed(events.take(again), np.random.default_rng(seed))
    source = torch.from_numpy(arrays["source"][again])
    rows = torch.arange(n) + 1000 * seed
    return stored, {name: made(name, rows, {"source": source}).numpy() for name in ("img", "its", "ts")}


def surrogates(m: int) -> SurrogateNoise:
    """Surrogates of coloured windows that are correlated between the channels of `m` stations."""
    rng = np.random.default_rng(6)
    mixing = np.eye(2 * m) + 0.3 * rng.normal(size=(2 * m, 2 * m)) / np.sqrt(m)
    windows = np.cumsum(rng.normal(size=(4, 100, 2 * m)), axis=1) @ mixing + rng.normal(size=(4, 100, 2 * m))
    return SurrogateNoise.fit(windows)


@pytest.mark.parametrize("kind", ["parametric", "surrogate"])
def test_both_forms_have_the_same_statistics(kind):
    """Means, covariances and spectra of 2 x 1,200 samples, none farther apart than chance allows.

    Some 600 moments by Bonferroni's rule (`moments`). Noise 15 % larger, or of the wrong days, would show.
    """
    spectra, noise = None, None
    if kind == "surrogate":
        found = surrogates(24)
        spectra = found.spectra().reshape(4, 2, 51, 24, 2)
        noise = SurrogateDays(found, tuple(range(100)), 2)
    maker, made = both(torch.float32, spectra)
    maker = replace(maker, noise=noise or maker.noise)
    stored, synthesised = observe(maker, made, 1200, seed=2)
    a, b = numbers(stored), numbers(synthesised)
    assert a.shape[1] > 590
    assert np.abs(two_sample_z(a, b)).max() < bound(a.shape[1])
    louder = {name: 1.15 * value for name, value in synthesised.items()}
    assert np.abs(two_sample_z(a, numbers(louder))).max() > bound(a.shape[1])
    shifted = synthesised | {"its": synthesised["its"][:, ::-1], "ts": synthesised["ts"][:, :, ::-1]}
    assert np.abs(two_sample_z(a, numbers(shifted))).max() > bound(a.shape[1])


@pytest.mark.parametrize("kind", ["parametric", "surrogate"])
def test_nothing_is_left_on_the_cpu(kind, monkeypatch):
    """Shapes and devices worked out for a GPU, which need not be there; mixing devices is an error."""
    spectra = surrogates(24).spectra().reshape(4, 2, 51, 24, 2) if kind == "surrogate" else None
    made = both(torch.float32, spectra, post_seismic={})[1]

    def displacement(fault, east, north, poisson):  # the real one looks at values
        assert {field.device.type for field in vars(fault).values()} == {"cuda"}
        return torch.stack([east, north, east], dim=-1)

    monkeypatch.setattr("slipbench.datasets.synthesis.source_torch.okada_torch.displacement", displacement)
    with FakeTensorMode():
        for module in made.modules():
            for name, held in module.named_buffers(recurse=False):
                setattr(module, name, torch.empty(held.shape, dtype=held.dtype, device="cuda"))
        inputs = {
            "source": torch.empty(5, 11, dtype=torch.float64, device="cuda"),
            "tau": torch.empty(5, dtype=torch.float64, device="cuda"),
            "post_ratio": torch.empty(5, 24, device="cuda"),
        }
        for name in VIEWS:
            found = made(name, torch.arange(5, device="cuda"), inputs)
            assert (found.device.type, found.shape) == ("cuda", (5, *made.shape(name)))
