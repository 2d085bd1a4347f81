"""Variants of source_synthetic on the real network, with surrogates of real noise."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slipbench.datasets.recipes.source_synthetic import SourceSynthetic

pytestmark = pytest.mark.real


def shard(data: Path, **change: Any) -> dict[str, np.ndarray]:
    base: dict[str, Any] = {"recipe": "source_synthetic", "name": "real"}
    base |= {"n_samples": 12, "rows_per_shard": 12}
    base |= {"stations": "ngl", "n_stations": 100, "noise": "surrogate", "representations": ["ts", "img"]}
    plan = SourceSynthetic(SourceSynthetic.Options.model_validate(base | change), data).plan()
    return dict(plan.make(0, plan.rows(0), plan.rng(0)).arrays)


def test_real_noise_is_paired_too(data_dir: Path) -> None:
    plain = shard(data_dir)
    both = shard(data_dir, gaps={"share_low": 0.1}, post_seismic={})
    there = ~np.isnan(both["ts"])
    np.testing.assert_array_equal(there.all(axis=(2, 3)), both["present"] == 1)
    assert 0.35 < there.mean() < 0.95
    before = there & (np.arange(100) < 51)[:, None]
    np.testing.assert_array_equal(both["ts"][before], plain["ts"][before])
    np.testing.assert_array_equal(both["source"], plain["source"])
    # what was added after the step has the form of the document at every station
    added = both["ts"].astype(np.float64) - plain["ts"]
    shape = np.log10(1 + np.arange(50) / both["tau"][:, None])
    h = added[:, :, 99] / shape[:, None, 49, None]
    want = h[:, :, None] * shape[:, None, :, None]
    np.testing.assert_allclose(added[:, :, 50:][there[:, :, 50:]], want[there[:, :, 50:]], atol=2e-3)
    assert np.isfinite(both["img"]).all()
