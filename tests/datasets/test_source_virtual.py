"""Virtual stores: what they keep, statistics, growth, the picture, what cannot be."""

import numpy as np
import pytest
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.residuals import Residuals
from slipbench.datasets.recipes import source_noise
from slipbench.datasets.recipes.append import append
from slipbench.datasets.recipes.base import RECIPES
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.remake import recipe_of_store
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store
from slipbench.datasets.store.repair import repair
from slipbench.datasets.store.verify import verify
from slipbench.datasets.virtual import read_view, synthesiser_of, virtual_arrays

from .toy import toy_plan

VARIANTS = {"post_seismic": {}, "gaps": {}}


def options(**change):
    base = {
        "recipe": "source_synthetic",
        "name": "small",
        "seed": 4,
        "n_samples": 48,
        "rows_per_shard": 16,
        "n_stations": 24,
        "stations": "made",
        "grid": {"lat_first": 36.0, "step_arcmin": 15.0, "rows": 16, "columns": 9},
        "representations": ["img", "ts", "offset"],
    }
    return SourceSynthetic.Options.model_validate(base | change)


def built(folder, data=None, **change) -> Store:
    build(SourceSynthetic(options(**change), data).plan(), folder)
    return Store(folder)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    return built(tmp_path_factory.mktemp("stored") / "s", **VARIANTS)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return built(tmp_path_factory.mktemp("kept") / "s", form="virtual", **VARIANTS)


def files(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_it_keeps_what_the_samples_are_made_from(stored, kept):
    assert set(stored.names) - set(kept.names) == {"img", "ts", "offset"}
    for name in kept.names:
        np.testing.assert_array_equal(kept.read(name), stored.read(name))
    assert set(virtual_arrays(kept)) == {"img", "ts", "offset"}
    assert virtual_arrays(stored) == {}
    for name, about in virtual_arrays(kept).items():
        array = stored.array(name)
        assert tuple(about["shape"]) == array.shape[1:] == synthesiser_of(kept).shape(name)
        assert (about["units"], about["about"]) == (array.attrs["units"], array.attrs["about"])
    assert kept.dataset_hash != stored.dataset_hash


def test_samples_are_made_from_the_store_alone(stored, kept):
    for name in ("img", "ts", "offset"):
        made, there = read_view(kept, name, slice(8, 40)), stored.read(name, slice(8, 40))
        assert (made.shape, made.dtype) == (there.shape, there.dtype)
        assert (np.isnan(made) == np.isnan(there)).all()
        np.testing.assert_array_equal(read_view(stored, name, slice(8, 40)), there)
    big = np.abs(stored.read("source")[8:40, 3]).argmax()
    made, there = read_view(kept, "img", slice(8, 40))[big], stored.read("img")[8 + big]
    assert np.abs(made - there).max() < 0.1 * np.abs(there).max()  # noise
    np.testing.assert_allclose(
        read_view(kept, "offset", slice(0, 48)), stored.read("offset"), rtol=1e-5, atol=1e-5
    )


def test_statistics_are_those_of_training_rows(stored, kept):
    for name in ("img", "ts", "offset"):
        here, there = kept.attrs["statistics"][name], stored.attrs["statistics"][name]
        assert here["count"] == there["count"]
        np.testing.assert_allclose(here["std"], there["std"], rtol=0.02)
        np.testing.assert_allclose(here["mean"], there["mean"], atol=0.02 * max(there["std"]))
    assert kept.attrs["statistics"]["offset"] == stored.attrs["statistics"]["offset"]


def test_only_the_first_shards_are_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("slipbench.datasets.recipes.source_virtual.MEASURED_ROWS", 20)
    store = built(tmp_path / "s", form="virtual", representations=["offset"])
    counts = [s["moments"]["offset"]["count"] for s in store.manifest.shards]
    split = store.read("split")
    assert counts == [24 * int((split[:16] == 0).sum()), 24 * int((split[16:32] == 0).sum()), 0]
    assert "first 32" in store.attrs["virtual"]["statistics"]


def test_same_bytes_again_also_grown_and_repaired(tmp_path, kept):
    again = built(tmp_path / "again", form="virtual", **VARIANTS)
    assert files(again.folder) == files(kept.folder)
    small = built(tmp_path / "grown", form="virtual", n_samples=32, **VARIANTS)
    larger = SourceSynthetic(options(form="virtual", **VARIANTS), None).appended_to(small.manifest)
    append(larger.plan(), small.folder)
    build(larger.plan(), tmp_path / "whole")
    assert files(small.folder) == files(tmp_path / "whole")
    (again.folder / "source" / "c" / "1" / "0").unlink()
    repair(again.folder, recipe_of_store(again.folder, None).plan())
    assert verify(again.folder) == []


def test_surrogate_noise_needs_no_residuals_any_more(tmp_path, monkeypatch):
    """The windows travel inside the store: samples have their spectra and means."""
    rng = np.random.default_rng(0)
    residuals = Residuals(
        np.cumsum(rng.normal(size=(24, 3, 230)), axis=2).astype(np.float32),
        2005 + np.arange(230) / 365.25,
        tuple(f"D{k}" for k in range(24)),
        rng.uniform(42, 48, 24),
        rng.uniform(-125, -120, 24),
    )
    monkeypatch.setattr(source_noise, "read_residuals", lambda path: residuals)
    path = tmp_path / source_noise.RESIDUALS
    path.parent.mkdir(parents=True)
    path.write_bytes(b"made")
    change = {"noise": "surrogate", "representations": ["ts", "offset"], "surrogate": {"step_days": 50}}
    plan = SourceSynthetic(options(**change), tmp_path).plan()
    store = built(tmp_path / "s", data=tmp_path, form="virtual", **change)
    path.unlink()
    noise = read_view(store, "ts", slice(0, 48)).astype(np.float64)
    noise[:, :, 50:] -= read_view(store, "offset", slice(0, 48))[:, :, None]
    windows = plan.make.noise.noise
    source = (windows.scores @ windows.vectors + windows.mean[:, None]).reshape(-1, 100, 24, 2)
    wanted = np.abs(np.fft.rfft(np.moveaxis(source, 1, 2), axis=2))
    got = np.abs(np.fft.rfft(noise, axis=2))
    away = np.abs(got[:, None] - wanted[None]).max(axis=(2, 3, 4))
    assert away.min(axis=1).max() < 1e-3 * wanted.max()  # each is a surrogate of one of the windows
    assert len(np.unique(away.argmin(axis=1))) == len(wanted)


def test_a_store_without_noise(tmp_path):
    store = built(tmp_path / "s", form="virtual", representations=["offset"])
    assert read_view(store, "offset", slice(0, 3)).shape == (3, 24, 2)


def test_daily_gaps_are_bad_options():
    with pytest.raises(ValidationError, match="daily_share must be 0"):
        options(form="virtual", gaps={"daily_share": 0.1})


def test_other_recipes_have_no_virtual_form(tmp_path, kept):
    with pytest.raises(InputError, match="samples cannot be made from it"):
        RECIPES.get("nowcast").synthesiser(kept)
    build(toy_plan(), tmp_path / "toy")
    with pytest.raises(InputError, match="unknown dataset recipe 'toy'"):
        synthesiser_of(Store(tmp_path / "toy"))


def test_picture(tmp_path, kept):
    SourceSynthetic.plot(kept, tmp_path / "card.png")
    assert (tmp_path / "card.png").stat().st_size > 50_000
