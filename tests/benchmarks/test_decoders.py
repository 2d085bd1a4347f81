"""Every registered decoder keeps the contract; TabPFN refuses what it must before it runs."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from slipbench.benchmarks.decoders import tabpfn as tabpfn_module
from slipbench.benchmarks.decoders.base import Decoder
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.decoders.tabpfn import TabPFN, TabPFNOptions
from slipbench.benchmarks.decoders.thinning import Reduction, thinned
from slipbench.datasets.errors import InputError
from slipbench.trainers.pfn.tiny import write_tiny_checkpoint

QUICK: dict[str, dict[str, Any]] = {name: {"trees": 30, "threads": 1} for name in DECODERS.names()}
QUICK |= {"ridge": {}, "gp": {}, "mlp": {}}
QUICK["tabpfn"] = {"weights": "tiny", "estimators": 2, "device": "cpu"}
TRAINED = [name for name in DECODERS.names() if name != "tabpfn"]
THREADED = [name for name in DECODERS.names() if "threads" in DECODERS.get(name).Options.model_fields]


def _decoder(name: str, seed: int = 0, **change: object) -> Decoder:
    part = DECODERS.get(name)
    return part(part.Options(decoder=name, **{**QUICK[name], **change}), seed)


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    """220 rows of a linear trend with noise, in units far from 1; 150 of them are for training."""
    rng = np.random.default_rng(4)
    X = rng.normal(3.0, [1e-3, 1.0, 1e3, 1.0, 10.0], (220, 5))
    return X, 1e-4 * (2 * (X[:, 1] - 3) + X[:, 2] / 1e3 + 0.1 * rng.normal(size=220)) + 0.2


@pytest.mark.parametrize("name", DECODERS.names())
class TestEveryDecoder:
    def test_info_is_filled(self, name: str) -> None:
        info = DECODERS.info(name)
        assert info.name == name
        assert info.task in ("source", "nowcast", "any")
        assert all((info.summary, info.reference, info.licence))

    def test_options_forbid_extras_and_describe_themselves(self, name: str) -> None:
        options = DECODERS.get(name).Options
        assert options().name == name
        with pytest.raises(ValidationError, match="Extra inputs"):
            options(decoder=name, colour="red")
        with pytest.raises(ValidationError, match="pattern"):
            options(decoder=name, name="Not A Name")
        assert all(f.description for k, f in options.model_fields.items() if k != "decoder")
        found = TypeAdapter(DECODERS.union("decoder")).validate_python({"decoder": name, "name": "mine"})
        assert isinstance(found, options)
        assert found.name == "mine"

    def test_predictions_are_repeated_silent_and_leave_no_files(
        self, name: str, table: tuple, tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        X, y = table
        monkeypatch.chdir(tmp_path)
        decoder = _decoder(name, seed=1)
        decoder.check()
        assert decoder.limits(150, 5) is None
        assert decoder.fit(X[:150], y[:150]) is decoder
        once = decoder.predict(X[150:])
        again = _decoder(name, seed=1).fit(X[:150], y[:150]).predict(X[150:])
        assert (once.shape, once.dtype) == ((70,), np.float64)
        assert np.isfinite(once).all()
        np.testing.assert_array_equal(once, again)
        assert capfd.readouterr() == ("", "")
        assert os.listdir(tmp_path) == []

    def test_warns_of_nothing(self, name: str, table: tuple, recwarn: pytest.WarningsRecorder) -> None:
        X, y = table
        _decoder(name).fit(np.r_[X, X], np.r_[y, y]).predict(X)
        ours = [str(w.message) for w in recwarn if w.category is not DeprecationWarning]
        assert ours == []

    def test_a_row_s_prediction_depends_on_no_other_test_row(self, name: str, table: tuple) -> None:
        X, y = table
        decoder = _decoder(name).fit(X[:150], y[:150])
        whole = decoder.predict(X[150:])
        np.testing.assert_allclose(decoder.predict(X[160:161]), whole[10:11], atol=1e-6 * np.ptp(y))

    def test_missing_values_and_an_empty_column(self, name: str, table: tuple) -> None:
        X, y = table
        gaps = X.copy()
        gaps[::7, 1] = np.nan
        gaps[:, 3] = np.nan
        predictions = _decoder(name).fit(gaps[:150], y[:150]).predict(gaps[150:])
        assert np.isfinite(predictions).all()

    def test_a_constant_target_is_predicted(self, name: str, table: tuple) -> None:
        X, _ = table
        predictions = _decoder(name).fit(X[:40], np.full(40, 0.25)).predict(X[150:])
        np.testing.assert_allclose(predictions, 0.25, atol=1e-4)

    def test_wrong_tables_are_refused(self, name: str, table: tuple) -> None:
        X, y = table
        decoder = _decoder(name)
        with pytest.raises(ValueError, match="fitted to nothing"):
            decoder.predict(X)
        with pytest.raises(ValueError, match="are no table"):
            decoder.fit(X, y[:-1])
        with pytest.raises(ValueError, match="are no table"):
            decoder.fit(X[:, :0], y)
        with pytest.raises(ValueError, match="targets are not finite"):
            decoder.fit(X, np.where(np.arange(220) == 7, np.nan, y))
        with pytest.raises(ValueError, match="finite or missing"):
            decoder.fit(np.where(X > 1e3, np.inf, X), y)
        decoder.fit(X[:50], y[:50])
        with pytest.raises(ValueError, match="4 features, fitted to 5"):
            decoder.predict(X[:, :4])


@pytest.mark.parametrize("name", TRAINED)
def test_beats_the_mean_on_an_easy_table(name: str, table: tuple) -> None:
    X, y = table
    decoder = _decoder(name).fit(X[:150], y[:150])
    error = np.mean((decoder.predict(X[150:]) - y[150:]) ** 2)
    assert error < 0.25 * np.mean((y[:150].mean() - y[150:]) ** 2)
    assert decoder.notes == ""


@pytest.mark.parametrize("name", DECODERS.names())
@pytest.mark.parametrize(("scale", "shift"), [(2.0**-20, 0.0), (2.0**20, 0.0), (1.0, 512.0)])
def test_the_unit_of_the_target_does_not_matter(name: str, table: tuple, scale: float, shift: float) -> None:
    X, y = table
    y = (y - y.mean()) / y.std()
    plain = _decoder(name).fit(X[:150], y[:150]).predict(X[150:])
    other = _decoder(name).fit(X[:150], scale * y[:150] + shift).predict(X[150:])
    np.testing.assert_allclose((other - shift) / scale, plain, atol=1e-4)


@pytest.mark.parametrize("name", THREADED)
def test_the_number_of_threads_changes_nothing(name: str, table: tuple) -> None:
    X, y = table
    one, two = (_decoder(name, threads=t).fit(X[:150], y[:150]).predict(X[150:]) for t in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", [n for n in THREADED if n != "catboost"])
def test_another_seed_grows_other_trees(name: str, table: tuple) -> None:
    X, y = table
    first, other = (_decoder(name, seed=s).fit(X[:150], y[:150]).predict(X[150:]) for s in (0, 1))
    assert not np.array_equal(first, other)


DISTRIBUTIONS = ("gp", "tabpfn")
LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


@pytest.mark.parametrize("name", DECODERS.names())
def test_who_predicts_a_distribution_gives_quantiles_in_the_target_s_unit(name: str, table: tuple) -> None:
    X, y = table
    decoder = _decoder(name).fit(X[:150], y[:150])
    point, quantiles = decoder.predict_distribution(X[150:], LEVELS)
    np.testing.assert_allclose(point, decoder.predict(X[150:]), atol=1e-6 * np.ptp(y))
    assert (quantiles is not None) == (name in DISTRIBUTIONS)
    if quantiles is not None:
        assert quantiles.shape == (70, 5)
        assert (np.diff(quantiles, axis=1) >= 0).all()
        inside = (quantiles[:, 0] < y[150:]) & (y[150:] < quantiles[:, -1])
        assert inside.mean() > 0.7


@pytest.mark.parametrize("name", DECODERS.names())
def test_drawn_options_are_options_and_differ(name: str) -> None:
    part = DECODERS.get(name)
    rng = np.random.default_rng(0)
    drawn = [part.draw(rng) for _ in range(20)]
    assert len({str(d) for d in drawn}) > 5
    for change in drawn:
        assert (
            part.Options.model_validate({"decoder": name, **change}).model_dump(include=set(change)) == change
        )


def test_the_gp_s_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(5)
    X = rng.uniform(-3, 3, (500, 1))
    y = np.sin(X[:, 0]) + 0.3 * rng.normal(size=500)
    decoder = _decoder("gp", rows=150).fit(X[:300], y[:300])
    assert decoder.notes == "fitted to 150 of 300 rows"
    point, quantiles = decoder.predict_distribution(X[300:], [0.1, 0.9])
    assert quantiles is not None
    inside = (quantiles[:, 0] < y[300:]) & (y[300:] < quantiles[:, 1])
    assert inside.mean() == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / 200))
    assert np.sqrt(np.mean((point - np.sin(X[300:, 0])) ** 2)) < 0.15


def test_the_mlp_stops_on_the_last_block_of_time() -> None:
    """The last rows obey another law: what a pass gains on the first ones it loses there."""
    rng = np.random.default_rng(6)
    X = rng.normal(size=(200, 3))
    y = np.where(np.arange(200) < 170, X[:, 0], -X[:, 0])
    early = _decoder("mlp").fit(X, y).predict(X[:170])
    late = _decoder("mlp").fit(X[:170], y[:170]).predict(X[:170])
    assert np.mean((late - y[:170]) ** 2) < 0.2 * np.mean((early - y[:170]) ** 2)


@given(rows=st.integers(1, 400), count=st.integers(1, 400), seed=st.integers(0, 9))
@settings(max_examples=60, deadline=None)
def test_thinning_keeps_one_row_of_every_block_of_time(rows: int, count: int, seed: int) -> None:
    kept = thinned(rows, count, np.random.default_rng(seed))
    assert len(kept) == min(rows, count)
    assert (np.diff(kept) > 0).all()
    if rows > count:
        edges = np.arange(count + 1) * rows // count
        assert ((edges[:-1] <= kept) & (kept < edges[1:])).all()


def test_a_reduction_is_that_of_its_training_rows() -> None:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 6)) * [5.0, 3.0, 1.0, 0.1, 0.1, 0.1]
    X[::9, 0] = np.nan
    few = Reduction.fit(X, 2)(X)
    assert few.shape == (80, 2)
    np.testing.assert_allclose(few.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(few[:, 0].std(), 1)
    assert 0.5 < few[:, 1].std() < 0.8
    np.testing.assert_allclose(np.corrcoef(few.T)[0, 1], 0, atol=1e-12)
    all_of_them = Reduction.fit(X, 6)(X)
    np.testing.assert_allclose(all_of_them.std(axis=0), 1)
    np.testing.assert_array_equal(Reduction.fit(X, 6)(X[:1]), all_of_them[:1])


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
@settings(max_examples=10, deadline=None)
def test_ridge_does_not_care_about_units(scale: float, shift: float) -> None:
    rng = np.random.default_rng(8)
    X = rng.normal(size=(60, 4))
    y = X @ [1.0, -2.0, 0.0, 0.5] + 0.1 * rng.normal(size=60)
    plain = _decoder("ridge").fit(X[:40], y[:40]).predict(X[40:])
    scaled = _decoder("ridge").fit(scale * X[:40] + shift, y[:40]).predict(scale * X[40:] + shift)
    np.testing.assert_allclose(scaled, plain, atol=1e-6)


def test_ridge_imputes_with_the_median_of_the_training_rows() -> None:
    X = np.array([[0.0], [1.0], [2.0], [3.0], [100.0]])
    decoder = _decoder("ridge").fit(X, X[:, 0])
    np.testing.assert_array_equal(decoder.predict(np.array([[np.nan]])), decoder.predict(np.array([[2.0]])))


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "weights.ckpt"
    write_tiny_checkpoint(path, seed=0)
    return path


class TestTabPFN:
    def _decoder(self, **options: Any) -> TabPFN:
        return TabPFN(TabPFNOptions(estimators=1, device="cpu", **options), 0)

    def test_missing_weights_are_an_input_error_before_anything_runs(self, tmp_path: Path) -> None:
        for options in ({}, {"weights_path": tmp_path / "none.ckpt"}):
            with pytest.raises(InputError, match=r"weights_path.*TabPFN-v2-reg.*licence.*weights: tiny"):
                self._decoder(**options).check()
        assert list(tmp_path.iterdir()) == []  # the package would have downloaded to that path

    @pytest.mark.parametrize("content", [b"", b"no checkpoint"])
    def test_damaged_weights_are_an_input_error(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "bad.ckpt").write_bytes(content)
        with pytest.raises(InputError, match=r"bad\.ckpt: not loadable"):
            self._decoder(weights_path=tmp_path / "bad.ckpt").check()

    def test_weights_of_something_else_are_an_input_error(self, tmp_path: Path) -> None:
        torch.save({"state_dict": {"w": torch.zeros(2)}}, tmp_path / "other.ckpt")
        with pytest.raises(InputError, match=r"other\.ckpt: not loadable"):
            self._decoder(weights_path=tmp_path / "other.ckpt").check()

    def test_a_path_has_no_use_with_tiny(self, tmp_path: Path) -> None:
        with pytest.raises(ValidationError, match="no use with weights: tiny"):
            TabPFNOptions(weights="tiny", weights_path=tmp_path)

    def test_untrained_weights_are_noted_however_they_come(self, checkpoint: Path) -> None:
        assert self._decoder(weights="tiny").notes == "untrained"
        assert self._decoder(weights_path=checkpoint).notes == "untrained"
        content = torch.load(checkpoint, weights_only=True)
        torch.save({k: v for k, v in content.items() if k != "untrained"}, checkpoint)
        assert self._decoder(weights_path=checkpoint).notes == ""

    def test_a_file_and_tiny_of_the_same_seed_predict_the_same(self, checkpoint: Path, table: tuple) -> None:
        X, y = table
        tiny, file = (
            self._decoder(**o).fit(X[:50], y[:50]).predict(X[50:])
            for o in ({"weights": "tiny"}, {"weights_path": checkpoint})
        )
        other = self._decoder(weights="tiny", tiny_seed=1).fit(X[:50], y[:50]).predict(X[50:])
        np.testing.assert_array_equal(tiny, file)
        assert not np.array_equal(tiny, other)

    def test_a_made_checkpoint_goes_away_with_its_decoder(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(tabpfn_module.tempfile, "tempdir", str(tmp_path))
        decoder = self._decoder(weights="tiny")
        decoder.check()
        assert len(list(tmp_path.rglob("tiny.ckpt"))) == 1
        del decoder
        assert list(tmp_path.iterdir()) == []

    def test_limits_are_those_of_the_weights(self) -> None:
        assert self._decoder(weights="tiny").limits(10_000, 500) is None
        fail = self._decoder(weights="tiny").limits
        assert fail(10_001, 500) == "10001 rows, 10000 are allowed (too_many_rows: fail)"
        assert fail(10, 501) == "501 features, 500 are allowed (too_many_features: fail)"
        subsample = self._decoder(weights="tiny", too_many_rows="subsample").limits
        assert subsample(10_001, 500) is None
        assert subsample(10, 501) == "501 features, 500 are allowed (too_many_features: fail)"
        pca = self._decoder(weights="tiny", too_many_features="pca").limits
        assert pca(10, 501) is None
        assert pca(10_001, 500) == "10001 rows, 10000 are allowed (too_many_rows: fail)"
        ignore = {"too_many_rows": "ignore", "too_many_features": "ignore"}
        assert self._decoder(weights="tiny", **ignore).limits(10_001, 501) is None

    def test_options_may_narrow_the_limits(self) -> None:
        narrow = self._decoder(weights="tiny", cpu_rows=1000, features=20).limits
        assert narrow(1000, 20) is None
        assert narrow(1001, 20) == "1001 rows, 1000 are allowed (too_many_rows: fail)"
        assert narrow(1000, 21) == "21 features, 20 are allowed (too_many_features: fail)"

    def test_missing_weights_may_give_rows_with_the_reason(self, tmp_path: Path, monkeypatch: Any) -> None:
        monkeypatch.setattr(tabpfn_module, "_published", lambda: tmp_path / "tabpfn-v2-regressor.ckpt")
        decoder = self._decoder(weights="cache", missing="skip")
        decoder.check()
        found = decoder.limits(10, 2)
        assert found is not None
        assert found.startswith("no weights: download Prior-Labs/TabPFN-v2-reg")
        assert "Prior Labs licence" in found
        assert str(tmp_path) not in found
        with pytest.raises(InputError, match="no such file"):
            self._decoder(weights="cache").check()
        write_tiny_checkpoint(tmp_path / "tabpfn-v2-regressor.ckpt", 0)
        decoder = self._decoder(weights="cache", missing="skip")
        assert decoder.limits(10, 2) is None
        assert decoder.weights_file == tmp_path / "tabpfn-v2-regressor.ckpt"

    def test_only_an_explicit_download_downloads(self, tmp_path: Path, monkeypatch: Any) -> None:
        from tabpfn import model_loading

        target, asked = tmp_path / "tabpfn-v2-regressor.ckpt", []

        def sent(to: Path, **kind: Any) -> Any:
            asked.append(kind["which"])
            if len(asked) == 1:
                return [OSError("no way out")]
            write_tiny_checkpoint(to, 0)
            return "ok"

        monkeypatch.setattr(tabpfn_module, "_published", lambda: target)
        monkeypatch.setattr(model_loading, "download_model", sent)
        self._decoder(weights="cache", missing="skip").check()
        assert asked == []
        with pytest.raises(InputError, match="download failed: no way out"):
            self._decoder(weights="download").check()
        self._decoder(weights="download").check()
        assert asked == ["regressor"] * 2

    @pytest.fixture
    def small_limits(self, checkpoint: Path) -> Path:
        """Weights that allow 60 rows and 5 features."""
        from dataclasses import asdict

        from tabpfn.constants import ModelVersion
        from tabpfn.inference_config import InferenceConfig

        content = torch.load(checkpoint, weights_only=True)
        config = asdict(InferenceConfig.get_default("regression", ModelVersion.V2))
        content["inference_config"] = config | {"MAX_NUMBER_OF_SAMPLES": 60, "MAX_NUMBER_OF_FEATURES": 5}
        torch.save(content, checkpoint)
        return checkpoint

    def test_what_happens_beyond_the_limits_is_named_and_noted(
        self, small_limits: Path, table: tuple
    ) -> None:
        X, y = table
        with pytest.raises(ValueError, match="150 rows, 60 are allowed"):
            self._decoder(weights_path=small_limits).fit(X[:150], y[:150])
        drawn = self._decoder(weights_path=small_limits, too_many_rows="subsample").fit(X[:150], y[:150])
        assert drawn.notes == "untrained; fitted to 60 of 150 rows"
        assert drawn._model.n_train_samples_ == 60
        used = self._decoder(weights_path=small_limits, too_many_rows="ignore").fit(X[:150], y[:150])
        assert used.notes == "untrained; beyond the limits (60 rows, 5 features)"
        assert used._model.n_train_samples_ == 150
        assert not np.array_equal(drawn.predict(X[150:]), used.predict(X[150:]))
        within = used.fit(X[:60], y[:60])
        assert within.notes == "untrained"
        wide = np.c_[X, X**2]
        fewer = self._decoder(weights_path=small_limits, too_many_features="pca").fit(wide[:60], y[:60])
        assert fewer.notes == "untrained; 5 principal components of 10 features"
        assert fewer._model.n_features_in_ == 5
        assert np.isfinite(fewer.predict(wide[150:])).all()

    def test_more_rows_than_the_package_likes_on_a_cpu(self) -> None:
        X = np.random.default_rng(0).normal(size=(1100, 2))
        assert np.isfinite(self._decoder(weights="tiny").fit(X, X[:, 0]).predict(X[:5])).all()

    @pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
    def test_a_gpu_that_is_not_there_is_an_input_error(self) -> None:
        with pytest.raises(InputError, match="no GPU is visible"):
            TabPFN(TabPFNOptions(weights="tiny", device="cuda"), 0).check()
