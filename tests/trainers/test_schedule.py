import itertools
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
from pydantic import ValidationError

from slipbench.datasets.hashing import config_hash
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit
from slipbench.trainers.hash import NOT_IN_HASH, fit_hash
from slipbench.trainers.models.registry import MODELS
from slipbench.trainers.module import VERSION
from slipbench.trainers.schedule import cosine

from .toy_source import toy_options


def test_the_rate_rises_then_falls() -> None:
    rates = [cosine(step, 1000) for step in range(1001)]
    assert rates[0] == pytest.approx(1 / 50)
    assert rates[49] == rates[50] == max(rates) == 1
    assert all(a >= b for a, b in itertools.pairwise(rates[50:]))
    assert rates[525] == pytest.approx(0.505, abs=0.01)
    assert rates[1000] == pytest.approx(0.01)
    assert cosine(0, 1) == 1


def test_a_fit_follows_it_and_resumes_into_it(toy_store: Store, tmp_path: Path) -> None:
    class Killed(RuntimeError):
        pass

    class Seen(pl.Callback):
        def __init__(self, dies: int = 0) -> None:
            self.rates: list[float] = []
            self.dies = dies

        def on_train_batch_end(self, trainer: pl.Trainer, *args: Any) -> None:
            self.rates.append(trainer.optimizers[0].param_groups[0]["lr"])

        def on_validation_end(self, trainer: pl.Trainer, module: Any) -> None:
            if self.dies and trainer.current_epoch == self.dies:
                raise Killed

    options = toy_options(schedule="cosine", clip_norm=0.5, learning_rate=2e-3, epochs=4)
    seen = Seen()
    whole = fit(options, toy_store, tmp_path / "whole", callbacks=[seen])
    steps = len(seen.rates)
    assert seen.rates == pytest.approx([2e-3 * cosine(k, steps) for k in range(steps)])
    first, rest = Seen(dies=2), Seen()
    with pytest.raises(Killed):
        fit(options, toy_store, tmp_path / "cut", callbacks=[first])
    again = fit(options, toy_store, tmp_path / "cut", callbacks=[rest])
    assert rest.rates == seen.rates[len(seen.rates) - len(rest.rates) :]
    assert [e["validation_loss"] for e in again.history] == [e["validation_loss"] for e in whole.history]
    constant = fit(toy_options(learning_rate=2e-3, epochs=4), toy_store, tmp_path / "constant")
    assert constant.history[-1]["train_loss"] != whole.history[-1]["train_loss"]


def test_what_came_later_leaves_older_hashes_alone() -> None:
    """The hash of a fit of before, in the words of then."""
    plain, later = fit_hash(toy_options(), "x"), {"schedule", "clip_norm", "fresh_sources"}
    before = {
        "options": toy_options().model_dump(mode="json", exclude=NOT_IN_HASH | later),
        "dataset": "x",
        "start": "",
        "network_version": MODELS.info("img").version,
        "trainer_version": VERSION,
    }
    assert plain == config_hash(before)
    assert fit_hash(toy_options(schedule="cosine"), "x") != plain
    assert fit_hash(toy_options(clip_norm=1), "x") != plain


def test_fresh_sources_need_a_virtual_dataset() -> None:
    with pytest.raises(ValidationError, match="fresh_sources needs a virtual dataset"):
        toy_options(fresh_sources=True)
