"""What is timed of the prior-fitted network: whole predictions of the same table as the forest's."""

import numpy as np
import pytest

from slipbench.benchmarks.decoders.tabpfn import TabPFN, TabPFNOptions
from slipbench.benchmarks.speed import decoders


def test_both_predict_the_same_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = TabPFNOptions(weights="tiny", estimators=1, too_many_rows="ignore", device="cpu")
    monkeypatch.setattr(decoders, "network", lambda: TabPFN(tiny, 0))
    found = [decoders.task(40, make)() for make in (decoders.network, decoders.trees)]
    assert [f.shape for f in found] == [(8,), (8,)]
    assert all(np.isfinite(f).all() for f in found)
    row = decoders.compared(40)
    assert row.value > 0
    assert "40 rows given, 8 asked" in row.what
