"""The command that studies a store, and what it prints."""

import numpy as np
import pandas as pd
import pytest

from slipbench.benchmarks.limits.__main__ import main
from slipbench.benchmarks.limits.problem import noise_of
from slipbench.benchmarks.limits.report import coverage, errors, sampling
from slipbench.benchmarks.limits.summary import REGIONS
from slipbench.datasets.errors import InputError
from slipbench.datasets.recipes.build import build
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic

from .toy_suites import toy_source


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    options = {"recipe": "source_synthetic", "name": "few", "n_samples": 10, "n_stations": 10}
    options |= {"stations": "made", "representations": ["ts"], "rows_per_shard": 10}
    options |= {"sampling": {"mw": {"low": 7.6, "high": 8.5}}}
    folder = tmp_path_factory.mktemp("limits") / "store"
    build(SourceSynthetic(SourceSynthetic.Options.model_validate(options), None).plan(), folder)
    return folder


@pytest.mark.parametrize("what", ["study", "coverage"])
def test_the_command(folder, tmp_path, what, capsys):
    kept = tmp_path / "events.parquet"
    words = [what, str(folder), "--events", "2", "--effective", "100", "--keep", str(kept)]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert "Effective samples" in out
    assert ("| 7.5–8.5 | 2 |" if what == "study" else "| position | 2 |") in out
    frame = pd.read_parquet(kept)
    assert len(frame) == 2
    assert (frame["ess"] >= 100).all()
    if what == "study":
        assert (frame["median_km"] < 100).all()
        assert (frame["gls_inversion_km"] < 100).all()
        assert (frame["crb_prior_km"] <= frame["crb_km"]).all()


def test_a_store_without_sources_is_refused_in_one_line(tmp_path, capsys):
    store = toy_source(tmp_path / "store", 40)
    with pytest.raises(InputError):
        noise_of(store, None)
    assert main(["study", str(store.folder)]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def made(n):
    rng = np.random.default_rng(0)
    names = ["crb", "crb_prior", "gls_inversion", "mean_inversion", "median_inversion"]
    columns = {f"{k}_{end}": rng.exponential(size=n) for k in names for end in ("km", "mw")}
    columns |= {f"{k}_{end}": rng.exponential(size=n) for k in ("median", "mean") for end in ("km", "error")}
    columns |= {f"{k}_seconds": 0.1 for k in names[2:]} | {region: rng.uniform(size=n) for region in REGIONS}
    columns |= {"mw": np.linspace(5.8, 7.4, n), "ess": 2000.0, "largest": 0.01, "attempts": 1.0}
    return pd.DataFrame(columns | {"evaluations": 2e4, "seconds": 1.5})


def test_tables():
    frame = made(101)
    frame.loc[3, "crb_km"] = np.inf
    text = errors(frame)
    assert "| 5.8–6.5 | 44 |" in text
    assert "| 7.5–8.5 | 0 | – |" in text
    frame["position"] = np.r_[np.full(91, 0.5), np.full(10, 0.97)]
    assert "90.1% [82.5%, 95.1%]" in coverage(frame)
    frame.loc[7, ["ess", "attempts"]] = [400.0, 3.0]
    text = sampling(frame, 1000)
    assert "1 of 101 events were tried again, 1 stay below 1000." in text
    assert "Mw (effective samples) of those: 5.91 (400)." in text
