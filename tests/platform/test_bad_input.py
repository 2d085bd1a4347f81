"""Bad input on the command line: one line, exit code 2, nothing started."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

DAILY = "daily/japan18_daily.csv.gz"
CATALOGUE = "catalogs/usgs_japan_M2.5_1990_2019.csv.gz"
STATIONS = "stations/ngl_japan_box.csv"
TINY = [
    "n_samples=24",
    "rows_per_shard=8",
    "n_stations=12",
]


def _write(data: Path, name: str, text: str, cut: int = 0) -> None:
    path = data / name
    path.parent.mkdir(parents=True, exist_ok=True)
    raw = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    path.write_bytes(raw[: len(raw) - cut])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made data folder with readable files for the nowcast."""
    folder = tmp_path / "data"
    days = np.arange(np.datetime64("2009-01-01"), np.datetime64("2009-02-01"))
    rows = [f"G00{s},{d},{s}.0,1.5,0.0" for s in (1, 2, 3) for d in days]
    _write(folder, DAILY, "\n".join(["station,date,e_mm,n_mm,u_mm", *rows, ""]))
    events = [f"{i},{d} 01:00:00.000,140.5,36.{i % 10},4.8,0.0,0.0" for i, d in enumerate(days)]
    _write(folder, CATALOGUE, "\n".join(["id,time,longitude,latitude,magnitude,x,y", *events, ""]))
    stations = [f"G00{s},36.{s},140.{s},10.0" for s in (1, 2, 3)]
    _write(folder, STATIONS, "\n".join(["code,lat,lon,h", *stations, ""]))
    monkeypatch.setenv("SLIPBENCH_DATA", str(folder))
    return folder


def _refused(ran: object, *words: str) -> str:
    assert ran.code == 2, ran  # type: ignore[attr-defined]
    (line,) = ran.err.strip().splitlines()  # type: ignore[attr-defined]
    assert line.startswith("slipbench: ")
    assert ran.out == ""  # type: ignore[attr-defined]
    for word in words:
        assert word in line
    return line


def _append(data: Path, name: str, row: str) -> None:
    path = data / name
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    _write(data, name, text + row + "\n")


@pytest.mark.parametrize(
    ("name", "row", "words"),
    [
        (CATALOGUE, "99,2009-01-20 01:00:00.000,140.5,36.0,nan,0.0,0.0", [":33", "magnitude"]),
        (CATALOGUE, "99,2009-01-20 01:00:00.000,140.5,96.0,4.0,0.0,0.0", [":33", "latitude '96.0'"]),
        (CATALOGUE, "99,2009-01-20 01:00:00.000,440.5,36.0,4.0,0.0,0.0", [":33", "longitude '440.5'"]),
        (STATIONS, "G001,36.5,140.5,10.0", [":5", "'G001'", "line 2"]),
        (DAILY, "G001,2009-01-05,0.0,0.0,0.0", ["G001", "2009-01-05", "twice"]),
    ],
)
def test_a_wrong_row_of_the_data_is_named(
    slipbench: Callable, data: Path, tmp_path: Path, name: str, row: str, words: list[str]
) -> None:
    _append(data, name, row)
    ran = slipbench("build", "nowcast_japan18", "--out", tmp_path / "store.zarr")
    _refused(ran, Path(name).name, *words)
    assert not (tmp_path / "store.zarr").exists()


def test_an_empty_and_a_truncated_csv(slipbench: Callable, data: Path, tmp_path: Path) -> None:
    whole = gzip.decompress((data / CATALOGUE).read_bytes()).decode()
    _write(data, CATALOGUE, whole, cut=20)
    _refused(slipbench("build", "nowcast_japan18", "--out", tmp_path / "s"), CATALOGUE, "cut off")
    _write(data, CATALOGUE, "")
    _refused(slipbench("build", "nowcast_japan18", "--out", tmp_path / "s"), CATALOGUE, "empty")
    (data / CATALOGUE).unlink()
    _refused(slipbench("build", "nowcast_japan18", "--out", tmp_path / "s"), "SLIPBENCH_DATA")
    assert not (tmp_path / "s").exists()


def test_a_missing_data_folder(slipbench: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _refused(slipbench("build", "nowcast_japan18", "--out", tmp_path / "s"), "SLIPBENCH_DATA")
    monkeypatch.setenv("SLIPBENCH_DATA", str(tmp_path / "nowhere"))
    _refused(slipbench("build", "source_demo", *TINY), "SLIPBENCH_DATA", "nowhere")
    _refused(slipbench("run", "quickstart"), "SLIPBENCH_DATA")
    _refused(slipbench("doctor"), "SLIPBENCH_DATA")
    assert not (tmp_path / "home").exists()


def test_an_unknown_key_starts_nothing(slipbench: Callable, tmp_path: Path) -> None:
    _refused(slipbench("build", "source_demo", "n_smaples=3"), "n_smaples", "did you mean 'n_samples'?")
    _refused(slipbench("run", "quickstart", "suites.source.networks.img.epoch=3"), "'epochs'")
    _refused(slipbench("train", "img_demo", "learning_rate=fast"), "learning_rate: 'fast'", "number")
    _refused(slipbench("run", "quickstrat"), "did you mean 'quickstart'?")
    assert not (tmp_path / "home").exists()


def test_a_wrong_option_or_command(slipbench: Callable) -> None:
    _refused(slipbench("build", "source_demo", "--wrokers", "3"), "--wrokers")
    _refused(slipbench("biuld"), "biuld")
    _refused(slipbench("build"), "dataset")
    _refused(slipbench("build", "source_demo", "--workers", "none"), "--workers")


def test_a_tracking_server_that_does_not_answer_stops_everything_before_it_starts(
    slipbench: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLIPBENCH_TRACKING", "http://127.0.0.1:9")
    ran = slipbench("bench", "source_demo", *(f"dataset.{o}" for o in TINY))
    assert ran.code == 2
    *told, line = ran.err.strip().splitlines()
    assert told == ["checking inputs, weights and tracking"]
    assert "tracking http://127.0.0.1:9" in line
    assert not (tmp_path / "home").exists()
    _refused(slipbench("train", "img_demo"), "tracking http://127.0.0.1:9")


def test_a_scheduler_that_does_not_answer(slipbench: Callable, tmp_path: Path) -> None:
    out = tmp_path / "s.zarr"
    ran = slipbench("build", "source_demo", *TINY, "--out", out, "--scheduler", "tcp://127.0.0.1:9")
    _refused(ran, "scheduler tcp://127.0.0.1:9")
    assert not out.exists()


def test_paths_that_cannot_be_written(slipbench: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    _refused(slipbench("build", "source_demo", *TINY, "--out", "s3://bucket/x"), "s3://")
    _refused(slipbench("leaderboard", "--html", tmp_path / "no" / "page.html"), "--html")
    _refused(slipbench("build", "source_demo", *TINY, "--out", tmp_path / "file"), str(tmp_path / "file"))


def test_an_empty_home_has_no_leaderboard(slipbench: Callable) -> None:
    _refused(slipbench("leaderboard"), "no results")
    _refused(slipbench("leaderboard", "--json"), "no results")


def test_a_store_that_is_not_sealed(slipbench: Callable, tmp_path: Path) -> None:
    out = tmp_path / "s.zarr"
    assert slipbench("build", "source_demo", *TINY, "--out", out).code == 0
    manifest = (out / "manifest.json").read_bytes()
    (out / "manifest.json").unlink()
    (out / ".building").mkdir()
    for command in (["inspect", out], ["verify", out]):
        _refused(slipbench(*command), "not sealed", "slipbench build")
    (out / ".building").rmdir()
    _refused(slipbench("inspect", out), "no manifest.json")
    _refused(slipbench("inspect", tmp_path / "nowhere"), "no such folder")
    (out / "manifest.json").write_bytes(manifest)
    assert slipbench("verify", out).code == 0
    victim = next(p for p in (out / "img" / "c").rglob("*") if p.is_file())
    raw = victim.read_bytes()
    victim.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    ran = slipbench("verify", out, "--json")
    assert ran.code == 1
    (finding,) = json.loads(ran.out)["findings"]
    assert finding["problem"] == "changed"
    assert finding["file"] == victim.relative_to(out).as_posix()


def test_a_checkpoint_that_cannot_be_used(slipbench: Callable, tmp_path: Path) -> None:
    store, out = tmp_path / "s.zarr", tmp_path / "p.parquet"
    assert slipbench("build", "source_demo", *TINY, "--out", store).code == 0
    text = tmp_path / "text.ckpt"
    text.write_text("hello")
    other = tmp_path / "other.ckpt"
    torch.save(
        {"state_dict": {}, "hyper_parameters": {"model": {"model": "lstm"}, "network_version": 1}}, other
    )
    _refused(slipbench("predict", tmp_path / "no.ckpt", store, "--out", out), "no such file")
    _refused(slipbench("predict", text, store, "--out", out), "not a checkpoint")
    _refused(slipbench("predict", other, store, "--out", out), "unknown network 'lstm'")
    assert not out.exists()


def test_options_that_do_not_fit_together(slipbench: Callable, tmp_path: Path) -> None:
    out = tmp_path / "s.zarr"
    ran = slipbench("build", "source_demo", "form=virtual", "gaps.daily_share=0.1", "--out", out)
    _refused(ran, "gaps.daily_share must be 0; expected options that fit together; change one of them")
    ran = slipbench("build", "source_demo", "gaps.share_low=0.9", "--out", out)
    _refused(ran, "gaps: share_low must not exceed share_high")
    assert not out.exists()
