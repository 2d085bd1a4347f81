"""``slipbench plan``, ``repair`` and ``build --append`` as they are typed."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from slipbench.datasets.dataset import Dataset, recipe_of
from slipbench.platform.cli.plan import SHARD_FACTOR

TINY = ["rows_per_shard=8", "n_stations=12", "stations=made"]


def tree(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def store(slipbench: Callable, tmp_path: Path) -> Path:
    folder = tmp_path / "s.zarr"
    assert slipbench("build", "source_demo", "n_samples=16", *TINY, "--out", folder).code == 0
    return folder


def test_a_plan_tells_bytes_before_anything_is_written(slipbench: Callable, tmp_path: Path) -> None:
    ran = slipbench("plan", "source_demo", "n_samples=20", *TINY, "--workers", "3", "--json")
    assert ran.code == 0
    facts = json.loads(ran.out)
    row = 76 * 36 * 2 * 4 + 3 * 8 + 11 * 8 + 1
    assert (facts["rows"], facts["shards"], facts["shard_bytes"]) == (20, 3, 8 * row)
    assert 20 * row < facts["bytes"] < 20 * row + 10_000  # the network and the grid
    assert facts["memory_bytes"] == 3 * ((300 << 20) + SHARD_FACTOR * 8 * row)
    assert not (tmp_path / "home").exists()
    text = slipbench("plan", "source_demo", "n_samples=20", *TINY).out
    assert "20 in 3 shards of 8" in text


def test_a_plan_names_its_inputs_by_sha256(slipbench: Callable, data_dir: Path, monkeypatch) -> None:
    monkeypatch.setenv("SLIPBENCH_DATA", str(data_dir))
    (source,) = json.loads(slipbench("plan", "source_honshu_20k", "--json").out)["sources"]
    assert source["name"] == "stations/ngl_japan_box.csv"
    assert len(source["sha256"]) == 64


@pytest.mark.parametrize(
    ("representations", "variant"),
    [
        (["img"], {}),
        (["ts"], {}),
        (["its"], {}),
        (["ts", "img", "its"], {}),
        (["ts"], {"post_seismic": {}, "gaps": {"daily_share": 0.1}}),
        (["ts", "img", "its"], {"post_seismic": {}, "gaps": {}}),
    ],
)
def test_a_shard_stays_within_the_stated_memory(representations: list[str], variant: dict) -> None:
    options = {"recipe": "source_synthetic", "name": "m", "n_samples": 128, "rows_per_shard": 128}
    options |= {"stations": "made", "n_stations": 150, "representations": representations} | variant
    plan = recipe_of(TypeAdapter(Dataset).validate_python(options), None).plan()
    tracemalloc.start()
    plan.make(0, plan.rows(0), plan.rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= SHARD_FACTOR * plan.shard_bytes


def test_repair_mends_and_says_what(slipbench: Callable, store: Path) -> None:
    before = tree(store)
    (store / "zarr.json").unlink()
    (store / "target/c/1/0").write_bytes(b"?")
    assert slipbench("verify", store).code == 1
    ran = slipbench("repair", store)
    assert ran.code == 0
    assert "restored: target/c/1/0" in ran.out
    assert "2 files restored, 1 shards made again" in ran.out
    assert tree(store) == before
    (store / "mine.txt").write_text("x")
    ran = slipbench("repair", store, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["foreign"] == ["mine.txt"]
    assert (store / "mine.txt").exists()


def test_a_card_never_shows_a_lost_shard_as_zeros(slipbench: Callable, store: Path) -> None:
    assert "img, sample 8, first component" in slipbench("inspect", store).out
    (store / "img/c/1/0/0/0").unlink()
    ran = slipbench("inspect", store)
    assert ran.code == 2
    (line,) = ran.err.strip().splitlines()
    assert "slipbench repair" in line


def test_append_grows_a_store(slipbench: Callable, store: Path) -> None:
    before = tree(store)
    ran = slipbench("build", "source_demo", "n_samples=32", *TINY, "--append", "--out", store, "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["rows"] == 32
    after = tree(store)
    assert all(after[name] == raw for name, raw in before.items() if "/c/" in name)
    assert slipbench("verify", store).code == 0


def test_a_running_scheduler_builds_the_same_bytes(slipbench: Callable, store: Path, tmp_path: Path) -> None:
    from distributed import LocalCluster

    out = tmp_path / "elsewhere.zarr"
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address=None
    ) as cluster:
        where = ("--scheduler", cluster.scheduler_address)
        ran = slipbench("build", "source_demo", "n_samples=16", *TINY, "--out", out, *where)
    assert ran.code == 0, ran.err
    assert tree(out) == tree(store)


def test_mistakes_are_one_line(slipbench: Callable, store: Path, tmp_path: Path) -> None:
    append = ["build", "source_demo", "n_samples=32", *TINY, "--append"]
    for arguments, words in (
        (append, "--out STORE"),
        ([*append, "--out", tmp_path / "none"], "no such folder"),
        ([*append, "seed=1", "--out", store], "seed: 1 differs"),
        (["build", "nowcast_demo", "--append", "--out", store], "cannot grow"),
        (["repair", tmp_path / "none"], "no such folder"),
        (["plan", "source_demp"], "did you mean 'source_demo'"),
    ):
        ran = slipbench(*arguments)
        assert (ran.code, ran.out) == (2, ""), ran
        (line,) = ran.err.strip().splitlines()
        assert words in line, line
