"""Training and testing on virtual stores."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from pydantic import ValidationError

from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.store.reader import Store
from slipbench.datasets.virtual import read_view, synthesiser_of
from slipbench.trainers.checkpoint import load
from slipbench.trainers.data import StoreData, content
from slipbench.trainers.fit import fit
from slipbench.trainers.options import TrainerOptions
from slipbench.trainers.predict import predict

from .toy_source import toy_options

#: Earthquakes below the network that its images tell apart.
NEAR = {
    "longitude": {"low": 139.5, "high": 142.5},
    "latitude": {"low": 36, "high": 39.5},
    "depth_km": {"low": 40, "high": 60},
    "mw": {"low": 6.8, "high": 7.4},
}


def store(folder: Path, **change: Any) -> Store:
    options = SourceSynthetic.Options.model_validate(
        {
            "recipe": "source_synthetic",
            "name": "small",
            "seed": 4,
            "n_samples": 480,
            "rows_per_shard": 48,
            "n_stations": 30,
            "stations": "made",
            "grid": {"lat_first": 36.0, "step_arcmin": 15.0, "rows": 16, "columns": 9},
            "sampling": NEAR,
        }
        | change
    )
    build(SourceSynthetic(options, None).plan(), folder)
    return Store(folder)


def quick(**change: Any) -> TrainerOptions:
    """The dataset only says that noise may be fresh: a fit takes its store as an argument."""
    base = {
        "dataset": {"recipe": "source_synthetic", "name": "unused", "form": "virtual"},
        "model": {"model": "img", "width": 0.1, "dropout": 0},
        "learning_rate": 5e-3,
        "batch_size": 48,
    }
    return toy_options(**(base | change))


@pytest.fixture(scope="module")
def virtual(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store(tmp_path_factory.mktemp("virtual") / "s", form="virtual")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return store(tmp_path_factory.mktemp("stored") / "s")


class Seen(pl.Callback):
    """Remembers the inputs of some rows, by stage and epoch."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], dict[int, torch.Tensor]] = {}

    def _note(self, stage: str, epoch: int, batch: Any) -> None:
        x, _, rows = batch
        self.found.setdefault((stage, epoch), {}).update(zip(rows.tolist(), x, strict=True))

    def on_train_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, *more: Any) -> None:
        self._note("train", trainer.current_epoch, batch)

    def on_validation_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, *more: Any) -> None:
        self._note("validation", trainer.current_epoch, batch)


@pytest.mark.parametrize("fresh", [False, True])
def test_rows_have_their_noise_or_new_noise_every_epoch(virtual: Store, tmp_path: Path, fresh: bool) -> None:
    seen = Seen()
    fit(quick(epochs=2, fresh_noise=fresh), virtual, tmp_path, callbacks=[seen])
    own = read_view(virtual, "img", slice(0, 480))
    for stage in ("train", "validation"):
        rows = virtual.rows_of(stage).tolist()
        for epoch in (0, 1):
            found = seen.found[stage, epoch]
            assert sorted(found) == rows
            away = np.abs(np.stack([found[r] for r in rows]) - own[rows])
            if fresh and stage == "train" and epoch == 1:
                assert 0.5 < away[away > 0].mean() < 10  # noise of some mm, twice
            else:
                assert away.max() < 1e-2


def test_a_fit_is_repeatable_and_resumes_into_the_same_noise(virtual: Store, tmp_path: Path) -> None:
    class Killed(RuntimeError):
        pass

    class Kill(pl.Callback):
        def on_validation_end(self, trainer: pl.Trainer, module: Any) -> None:
            if trainer.current_epoch == 1:
                raise Killed

    options = quick(epochs=2, fresh_noise=True)
    whole = fit(options, virtual, tmp_path / "whole")
    with pytest.raises(Killed):
        fit(options, virtual, tmp_path / "cut", callbacks=[Kill()])
    resumed = fit(options, virtual, tmp_path / "cut")
    for loss in ("train_loss", "validation_loss"):
        assert [e[loss] for e in resumed.history] == [e[loss] for e in whole.history]
    fixed = fit(quick(epochs=2), virtual, tmp_path / "fixed")
    assert fixed.history[0]["train_loss"] == whole.history[0]["train_loss"]
    assert fixed.history[1]["train_loss"] != whole.history[1]["train_loss"]


def test_it_learns_as_from_the_stored_form(stored: Store, virtual: Store, tmp_path: Path) -> None:
    """The same fits reach the same validation loss, and do so by learning: a constant has 1/12."""
    found = {}
    for name, where in (("stored", stored), ("virtual", virtual)):
        fits = [fit(quick(epochs=12, seed=seed), where, tmp_path / f"{name}{seed}") for seed in (0, 1)]
        found[name] = np.array([one.validation_loss for one in fits])
        assert found[name].max() < 0.93 / 12
    assert found["virtual"].mean() == pytest.approx(found["stored"].mean(), rel=0.1)


def test_predictions_and_exchange_of_stores(stored: Store, virtual: Store, tmp_path: Path) -> None:
    """A network fitted on one form is tested on the other; test rows have their own noise every time."""
    trained = fit(quick(epochs=6), virtual, tmp_path).checkpoint
    one, two, other = (
        predict(trained, virtual),
        predict(trained, virtual, batch_size=7),
        predict(trained, stored),
    )
    np.testing.assert_array_equal(one.rows, virtual.rows_of("test"))
    np.testing.assert_array_equal(one.y_true, other.y_true)
    np.testing.assert_allclose(one.y_pred, two.y_pred, atol=1e-3)
    images = torch.from_numpy(read_view(virtual, "img", slice(0, 480))[one.rows])
    with torch.inference_mode():
        np.testing.assert_allclose(load(trained)(images).numpy(), one.y_pred, atol=1e-3)
    error = [np.abs(p.y_pred - p.y_true).mean() for p in (one, other)]
    assert error[0] == pytest.approx(error[1], rel=0.1)


def test_series_with_gaps_and_later_motion(tmp_path: Path) -> None:
    """Batches carry what the variants need, also where processes of other devices get the data."""
    variants = {"post_seismic": {}, "gaps": {}, "representations": ["ts"], "n_samples": 60}
    there = store(tmp_path / "s", form="virtual", **variants)
    data = pickle.loads(pickle.dumps(StoreData(there, "ts", 16, seed=0, cache_bytes=1 << 20)))
    data.setup("fit")
    for batch in (next(iter(data.train_dataloader())), next(iter(data.val_dataloader()))):
        assert [len(part) for part in batch] == [len(batch[-1])] * 6
        x, y, rows = data.on_after_batch_transfer(batch, 0)
        np.testing.assert_allclose(x, read_view(there, "ts", slice(0, 60))[rows], rtol=1e-5, atol=1e-3)
        np.testing.assert_array_equal(y, there.read("target")[rows])
        np.testing.assert_array_equal(x.isnan().any(dim=2)[..., 0], there.read("present")[rows] == 0)


def test_a_stored_dataset_has_no_fresh_noise(stored: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"fresh_noise.*holds its samples.*form=virtual"):
        fit(quick(fresh_noise=True), stored, tmp_path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(ValidationError, match="fresh_noise needs a virtual dataset"):
        toy_options(fresh_noise=True)


def test_what_is_neither_stored_nor_made(tmp_path: Path) -> None:
    there = store(tmp_path / "s", form="virtual", representations=["ts"], n_samples=60)
    with pytest.raises(InputError, match="no array 'img' among ts, target"):
        content(there, "img")


def test_fresh_sources_take_the_place_of_the_training_rows(virtual: Store, tmp_path: Path) -> None:
    """No stored training row is seen; validation rows stay; a resumed fit sees what the whole one saw."""

    class Targets(pl.Callback):
        def __init__(self) -> None:
            self.found: dict[tuple[str, int], dict[int, torch.Tensor]] = {}

        def on_train_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, *more: Any) -> None:
            _, y, rows = batch
            key = ("train", trainer.current_epoch)
            self.found.setdefault(key, {}).update(zip(rows.tolist(), y.numpy(), strict=True))

        def on_validation_batch_start(self, trainer: pl.Trainer, module: Any, batch: Any, *more: Any) -> None:
            _, y, rows = batch
            np.testing.assert_array_equal(y.numpy(), virtual.read("target")[rows.numpy()])

    seen, images = Targets(), Seen()
    fit(quick(epochs=2, fresh_sources=True), virtual, tmp_path / "a", callbacks=[seen, images])
    own, train = virtual.read("target"), virtual.rows_of("train")
    maker = synthesiser_of(virtual)
    for epoch in (0, 1):
        drawn = maker.fresh(len(virtual), epoch + 1)
        assert sorted(seen.found["train", epoch]) == train.tolist()
        for row, y in seen.found["train", epoch].items():
            np.testing.assert_array_equal(y, drawn["target"][row])
            assert (y != own[row]).all()
        rows = torch.from_numpy(train[:5])
        made = maker("img", rows, {"source": torch.from_numpy(drawn["source"])[rows]}, epoch + 1)
        shown = torch.stack([images.found["train", epoch][r] for r in rows.tolist()])
        torch.testing.assert_close(shown, made, rtol=1e-4, atol=1e-3)
    np.testing.assert_array_equal(drawn["source"][:, [0, 1, 3]], drawn["target"])


def test_fresh_sources_are_drawn_like_the_stored_ones(tmp_path: Path) -> None:
    """With gaps and later motion; draws differ, and the same draw is the same."""
    variants = {"post_seismic": {}, "gaps": {}, "representations": ["ts"], "n_samples": 2400}
    there = store(tmp_path / "s", form="virtual", **variants)
    maker = synthesiser_of(there)
    one, same, other = maker.fresh(2400, 1), maker.fresh(2400, 1), maker.fresh(2400, 2)
    assert set(one) == {"target", *maker.reads}
    for name, values in one.items():
        stored = there.read(name)
        assert (values.dtype, values.shape) == (stored.dtype, stored.shape)
        np.testing.assert_array_equal(values, same[name])
        assert (values != other[name]).mean() > 0.2
        for column, before in zip(*(v.reshape(2400, -1).T[:11] for v in (values, stored)), strict=True):
            spread = np.std(before) / np.sqrt(1200) + 1e-12
            assert abs(np.mean(column) - np.mean(before)) < 5 * spread, name
    assert len(maker.fresh(5000, 1)["target"]) == 5000  # more than one stream
