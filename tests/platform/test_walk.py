"""The whole walk on the command line, small: every stage real, nothing done twice."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from slipbench.platform.doctor import DATA_FILES
from slipbench.platform.tracking import Tracker


@pytest.mark.service
@pytest.mark.timeout(280)
def test_run_then_everything_that_reads_it(
    slipbench: Callable, tmp_path: Path, small_quickstart: list[str]
) -> None:
    home = tmp_path / "home"
    first = slipbench("run", "quickstart", *small_quickstart, "--json")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert [(s["name"], s["cells"], s["failed"]) for s in told["suites"]] == [
        ("source_demo", 3, 0),
        ("nowcast_demo", 2, 0),
    ]
    assert "<table" in Path(told["leaderboard"]).read_text()
    assert "RAY_AUTH_TOKEN" not in os.environ

    tracker = Tracker(told["tracking"], home / "artifacts")
    before = sorted(r.info.run_id for name in ("source_demo", "nowcast_demo") for r in tracker.runs(name))
    assert len(before) == 1 + 3 + 1 + 2 + 1 + 2  # suites, cells, one fit with two trials
    (fit,) = [r for r in tracker.runs("source_demo") if r.data.tags.get("slipbench.kind") == "fit"]
    assert Path(fit.data.tags["checkpoint"].removeprefix("file://")).exists()
    artifacts = {a.path for a in tracker._client.list_artifacts(told["suites"][0]["run_id"])}
    assert {"results.parquet", "leaderboard.html"} <= artifacts
    assert [a for a in artifacts if a.endswith(".png")]

    again = slipbench("run", "quickstart", *small_quickstart)
    assert again.code == 0
    for words in (
        "store source_demo: sealed already, skipped",
        "search img_demo: finished already, skipped",
        "fit img-seed0: finished already, skipped",
        "tracking source_demo: 0 of 6 runs were new",
        "tracking nowcast_demo: 0 of 2 runs were new",
    ):
        assert words in again.err
    after = sorted(r.info.run_id for name in ("source_demo", "nowcast_demo") for r in tracker.runs(name))
    assert after == before

    board = json.loads(slipbench("leaderboard", "--json", "--suite", "source_demo").out)
    assert {row["model"] for row in board} == {"img", "mean", "peak"}
    assert sorted(row["rank"] for row in board) == [1, 2, 3]
    for row in board:
        assert row["position_error_low"] <= row["position_error"] <= row["position_error_high"]
    page = tmp_path / "page.html"
    printed = slipbench("leaderboard", "--html", page)
    assert "img" in printed.out
    assert "nowcast_demo" in printed.out
    assert page.exists()
    wrong = slipbench("leaderboard", "--suite", "source_dem")
    assert wrong.code == 2
    assert "did you mean 'source_demo'?" in wrong.err

    (store,) = (home / "stores").glob("source_demo-*.zarr")
    (checkpoint,) = (home / "fits").glob("img-seed0-*/best.ckpt")
    assert slipbench("predict", checkpoint, store, "--out", tmp_path / "p.parquet").code == 0
    assert (
        slipbench("predict", checkpoint, store, "--out", tmp_path / "q.parquet", "--split", "tset").code == 2
    )
    other = slipbench("predict", checkpoint, store, "--out", tmp_path / "q.parquet", "--model", "resnet")
    assert other.code == 2
    card = json.loads(slipbench("inspect", store, "--json").out)
    assert card["rows"] == 64
    assert sum(card["rows_by_split"].values()) == 64
    shown = slipbench("inspect", store, "--png", tmp_path / "card.png")
    assert shown.code == 0
    assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")
    assert "first component" in slipbench("inspect", store).out


def test_doctor_answers_in_words_and_json(slipbench: Callable) -> None:
    ran = slipbench("doctor", "--json")
    found = json.loads(ran.out)
    topics = {f["topic"]: f for f in found["findings"]}
    assert ran.code == (1 if found["broken"] else 0)
    assert topics["tracking"]["state"] == "ok"
    assert topics["SLIPBENCH_HOME"]["state"] == "ok"
    assert {"ViT weights", "TabPFN weights", "ray", "mlflow", "GPU", "SLIPBENCH_DATA"} <= set(topics)
    for name in ("ViT weights", "TabPFN weights"):
        assert topics[name]["state"] == "ok" or "set weights" in topics[name]["text"]


def test_doctor_tells_data_that_is_there_from_data_that_is_not(
    slipbench: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPBENCH_DATA", str(tmp_path / "data"))
    (tmp_path / "data" / "high_rate").mkdir(parents=True)

    def states() -> dict[str, str]:
        findings = json.loads(slipbench("doctor", "--json").out)["findings"]
        return {f["text"].split()[0]: f["state"] for f in findings if f["topic"] == "data"}

    assert set(states()) == set(DATA_FILES)
    assert set(states().values()) == {"note"}
    (tmp_path / "data" / "high_rate" / "event.npz").touch()
    (tmp_path / "data" / "stations").mkdir()
    (tmp_path / "data" / "stations" / "ngl_japan_box.csv").touch()
    there = {name for name, state in states().items() if state == "ok"}
    assert there == {"high_rate/*.npz", "stations/ngl_japan_box.csv"}


def test_help_loads_no_heavy_library_and_telemetry_is_off_unless_wanted() -> None:
    code = (
        "import os, sys; from slipbench.platform.cli.main import main; code = main(['--help']);"
        "heavy = {'torch', 'ray', 'mlflow', 'dask', 'zarr', 'pandas', 'numpy'} & set(sys.modules);"
        "names = ('RAY_USAGE_STATS_ENABLED', 'MLFLOW_DISABLE_TELEMETRY', 'TABPFN_DISABLE_TELEMETRY');"
        "print(code, sorted(heavy), *[os.environ[n] for n in names])"
    )
    clean = {k: v for k, v in os.environ.items() if "USAGE_STATS" not in k and "TELEMETRY" not in k}

    def last_line(environment: dict[str, str]) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )
        return done.stdout.strip().splitlines()[-1]

    assert last_line(clean) == "0 [] 0 true 1"
    assert last_line(clean | {"RAY_USAGE_STATS_ENABLED": "1"}) == "0 [] 1 true 1"
