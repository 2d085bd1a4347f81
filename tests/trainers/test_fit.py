import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import fit_hash
from slipbench.trainers.keeper import Diverged, Keeper
from slipbench.trainers.record import Fit

from .toy_source import toy_options, toy_source


class Killed(RuntimeError):
    """Stands for a kill at a chosen moment."""


class Kill(pl.Callback):
    """Dies in training epoch `epoch` (from 0), before its first step or after it has been kept."""

    def __init__(self, epoch: int, moment: str) -> None:
        self.epoch, self.moment = epoch, moment

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.moment == "end" and trainer.current_epoch == self.epoch:
            raise Killed

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.moment == "middle" and trainer.current_epoch == self.epoch:
            raise Killed


@pytest.fixture(scope="module")
def whole(toy_store: Store, tmp_path_factory: pytest.TempPathFactory) -> Fit:
    """An uninterrupted fit of four epochs."""
    return fit(toy_options(), toy_store, tmp_path_factory.mktemp("whole"))


def weights(result: Fit) -> dict[str, torch.Tensor]:
    return torch.load(result.checkpoint, weights_only=True)["state_dict"]


def equal(a: Fit, b: Fit) -> bool:
    one, two = weights(a), weights(b)
    return one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)


def test_record_of_a_fit(whole: Fit) -> None:
    losses = [e["validation_loss"] for e in whole.history]
    assert whole.epochs == len(losses) == 4
    assert whole.validation_loss == min(losses)
    assert losses[whole.best_epoch - 1] == whole.validation_loss
    assert whole.sha256 == file_sha256(whole.checkpoint)
    assert whole.parameters == sum(
        v.numel() for k, v in weights(whole).items() if k.endswith(("weight", "bias")) and "network" in k
    )
    assert whole.samples_per_second > 0
    assert whole.seconds > 0
    assert sorted(p.name for p in whole.checkpoint.parent.iterdir()) == ["best.ckpt", "fit.json"]


def test_losses_fall(toy_store: Store, tmp_path: Path) -> None:
    options = toy_options(epochs=12, learning_rate=5e-3, model={"model": "img", "width": 0.1, "dropout": 0})
    history = fit(options, toy_store, tmp_path).history
    assert history[-1]["train_loss"] < 0.5 * history[0]["train_loss"]
    assert min(e["validation_loss"] for e in history) < 0.5 * history[0]["validation_loss"]


@pytest.mark.parametrize(
    ("epoch", "moment"), [(0, "middle"), (0, "end"), (2, "middle"), (2, "end"), (3, "end")]
)
def test_a_killed_fit_resumes_to_the_same_weights(
    toy_store: Store, tmp_path: Path, whole: Fit, epoch: int, moment: str
) -> None:
    with pytest.raises(Killed):
        fit(toy_options(), toy_store, tmp_path, callbacks=[Kill(epoch, moment)])
    started: list[tuple[int, str]] = []
    resumed = fit(
        toy_options(), toy_store, tmp_path, progress=lambda done, total, text: started.append((done, text))
    )
    assert started[0][0] == epoch + (moment == "end")
    assert equal(resumed, whole)
    assert resumed.sha256 == whole.sha256
    assert (resumed.epochs, resumed.best_epoch) == (whole.epochs, whole.best_epoch)
    assert [e["validation_loss"] for e in resumed.history] == [e["validation_loss"] for e in whole.history]


def test_a_killed_fit_in_64_bits_goes_on_from_64_bits(toy_store: Store, tmp_path: Path) -> None:
    options = toy_options(epochs=3, precision="64-true")
    reference = fit(options, toy_store, tmp_path / "reference")
    with pytest.raises(Killed):
        fit(options, toy_store, tmp_path / "killed", callbacks=[Kill(1, "middle")])
    assert fit(options, toy_store, tmp_path / "killed").sha256 == reference.sha256


def test_a_fit_killed_after_its_patience_ran_out_trains_no_more(toy_store: Store, tmp_path: Path) -> None:
    options = toy_options(epochs=9, patience=1, learning_rate=1.0)
    reference = fit(options, toy_store, tmp_path / "reference")
    assert reference.epochs < 9
    assert reference.best_epoch == reference.epochs - 1
    with pytest.raises(Killed):
        fit(options, toy_store, tmp_path / "killed", callbacks=[Kill(reference.epochs - 1, "end")])
    resumed = fit(options, toy_store, tmp_path / "killed")
    assert resumed.epochs == reference.epochs
    assert equal(resumed, reference)


def test_a_finished_fit_is_returned_without_work(toy_store: Store, whole: Fit) -> None:
    out = whole.checkpoint.parent
    before = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    called: list[Any] = []
    again = fit(toy_options(name="other_name"), toy_store, out, progress=lambda *a: called.append(a))
    assert again == whole
    assert not called
    assert before == {p: p.stat().st_mtime_ns for p in out.iterdir()}


def test_another_fit_is_not_overwritten(toy_store: Store, whole: Fit) -> None:
    with pytest.raises(InputError, match=r"holds fit .*expected fit .*choose another folder"):
        fit(toy_options(seed=1), toy_store, whole.checkpoint.parent)


def test_a_changed_checkpoint_or_record_is_noticed(toy_store: Store, tmp_path: Path) -> None:
    options = toy_options(epochs=1)
    result = fit(options, toy_store, tmp_path)
    result.checkpoint.write_bytes(result.checkpoint.read_bytes() + b"x")
    with pytest.raises(InputError, match="missing or changed"):
        fit(options, toy_store, tmp_path)
    (tmp_path / "fit.json").write_text("{")
    with pytest.raises(InputError, match=r"fit\.json: not readable"):
        fit(options, toy_store, tmp_path)


def test_seed_decides_the_weights(toy_store: Store, tmp_path: Path, whole: Fit) -> None:
    torch.manual_seed(99)
    state = torch.random.get_rng_state()
    same = fit(toy_options(loader_workers=0, cache_mib=0), toy_store, tmp_path / "same")
    other = fit(toy_options(seed=1), toy_store, tmp_path / "other")
    assert equal(same, whole)
    assert not equal(other, whole)
    assert torch.equal(state, torch.random.get_rng_state())
    assert not torch.are_deterministic_algorithms_enabled()


def test_hash_covers_what_decides_the_weights() -> None:
    base = fit_hash(toy_options(), "d")
    assert base == fit_hash(toy_options(name="x", loader_workers=3, accelerator="auto", cache_mib=1), "d")
    changed = [
        {"seed": 1},
        {"epochs": 5},
        {"learning_rate": 2e-3},
        {"precision": "bf16-mixed"},
        {"model": {"model": "img", "width": 0.2}},
    ]
    others = [fit_hash(toy_options(**c), "d") for c in changed] + [fit_hash(toy_options(), "e")]
    assert len({base, *others}) == len(changed) + 2


def test_early_stopping_keeps_the_best_epoch(tmp_path: Path, toy_store: Store) -> None:
    keeper = Keeper(tmp_path, epochs=9, patience=2, seed=0, n_train=1)
    spent = []
    for epoch, loss in enumerate([3.0, 1.0, 1.0, 2.0], 1):
        keeper.history.append({"epoch": epoch, "validation_loss": loss})
        spent.append(keeper.exhausted)
    assert spent == [False, False, False, True]
    assert keeper.best == {"epoch": 2, "validation_loss": 1.0}


def test_divergence_is_one_line(toy_store: Store, tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"the loss is .* after epoch 1; expected a finite number; lower"):
        fit(toy_options(learning_rate=1e30, epochs=2), toy_store, tmp_path)


def test_nothing_is_printed_and_nothing_written_elsewhere(
    toy_store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    recwarn: Any,
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    fit(toy_options(epochs=2), toy_store, tmp_path / "out")
    assert capfd.readouterr() == ("", "")
    assert [str(w.message) for w in recwarn] == []
    assert list(here.iterdir()) == []
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["best.ckpt", "fit.json"]


class Book(pl.loggers.logger.Logger):
    """A logger that remembers."""

    name, version = "book", 0

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.rows.append(metrics)

    def log_hyperparams(self, params: Any) -> None:
        raise AssertionError("the caller logs the options")


def test_metrics_reach_the_logger_every_epoch(toy_store: Store, tmp_path: Path) -> None:
    book = Book()
    result = fit(toy_options(epochs=2), toy_store, tmp_path, logger=book)
    for name in ("train_loss", "validation_loss", "samples_per_second"):
        logged = [row[name] for row in book.rows if name in row]
        assert logged == pytest.approx([e[name] for e in result.history])


def test_a_store_without_the_array_starts_nothing(tmp_path: Path) -> None:
    store = toy_source(tmp_path / "store", 24, name="ts")
    with pytest.raises(InputError, match="no array 'img'"):
        fit(toy_options(), store, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_demanded_gpu_that_is_not_there(toy_store: Store, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no GPU is visible"):
        fit(toy_options(accelerator="gpu"), toy_store, tmp_path / "out")


def test_record_is_plain_json(whole: Fit) -> None:
    raw = json.loads((whole.checkpoint.parent / "fit.json").read_text())
    assert raw["result"]["sha256"] == whole.sha256
    assert str(whole.checkpoint.parent) not in json.dumps(raw)
