"""Torch's global state during a fit and after it."""

from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch
from torch.utils import deterministic as memory

from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit
from slipbench.trainers.quiet import reproducible

from .toy_source import toy_options


@pytest.mark.parametrize("filled", [True, False])
def test_the_callers_state_comes_back(monkeypatch: pytest.MonkeyPatch, filled: bool) -> None:
    monkeypatch.setattr(memory, "fill_uninitialized_memory", filled)
    state = torch.get_rng_state()
    with reproducible(deterministic=True):
        assert torch.are_deterministic_algorithms_enabled()
        assert not memory.fill_uninitialized_memory
        torch.rand(3)
    assert not torch.are_deterministic_algorithms_enabled()
    assert memory.fill_uninitialized_memory == filled
    assert torch.equal(torch.get_rng_state(), state)


class Fill(pl.Callback):
    """Lets torch fill new memory with NaN again."""

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        memory.fill_uninitialized_memory = True


def test_a_fit_reads_no_memory_that_it_has_not_written(toy_store: Store, tmp_path: Path) -> None:
    plain = fit(toy_options(epochs=2), toy_store, tmp_path / "plain")
    filled = fit(toy_options(epochs=2), toy_store, tmp_path / "filled", callbacks=[Fill()])
    assert plain.sha256 == filled.sha256
