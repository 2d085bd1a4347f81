"""Lines on stderr for programs: every one is a JSON object, also mistakes and what libraries log."""

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from slipbench.platform.cli import watching
from slipbench.platform.cli.console import err
from slipbench.platform.cli.progress import Reporter

SMALL = ["n_samples=64", "rows_per_shard=16", "n_stations=40", "representations=[img]"]


@pytest.fixture
def as_json():
    watching.NOW.log = watching.Log.JSON
    yield
    watching.NOW.log = watching.Log.TEXT


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_build_tells_every_shard(slipbench: Callable, tmp_path: Path) -> None:
    ran = slipbench("--log", "json", "build", "source_demo", *SMALL, "--out", tmp_path / "s.zarr")
    assert ran.code == 0, ran.err
    told = lines(ran.err)
    assert [one["message"] for one in (told[0], told[-1])] == ["started", "done"]
    assert {(one["command"], one["subject"]) for one in told} == {("build", "source_demo")}
    assert len({one["run"] for one in told}) == len({one["config_hash"] for one in told}) == 1
    assert sorted(one["shard"] for one in told if "shard" in one) == [0, 1, 2, 3]
    assert {one["samples"] for one in told if "shard" in one} == {16}
    (last,) = [one for one in told if "done" in one]
    assert (last["stage"], last["done"], last["total"]) == ("build source_demo", 4, 4)
    assert all(one["time"].endswith("+00:00") and one["level"] == "info" for one in told)
    again = slipbench("build", "source_demo", *SMALL, "--out", tmp_path / "s.zarr")
    assert again.err == "build source_demo: 4 of 4\n"


def test_the_environment_asks_for_it_too(slipbench: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPBENCH_LOG", "json")
    for arguments in (["verify", "nowhere"], ["nonsense"], ["--metrics", "x.txt", "build", "source_demo"]):
        ran = slipbench(*arguments)
        (told,) = lines(ran.err) or [{}]
        assert (told["level"], ran.code) == ("error", 2)
    monkeypatch.setenv("SLIPBENCH_LOG", "xml")
    assert "'xml' is not one of" in slipbench("doctor").err


def test_tracebacks_and_passwords(slipbench: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPBENCH_TRACKING", "http://user:word@127.0.0.1:9")
    ran = slipbench("--debug", "--log", "json", "predict", "models:/a@b", "store", "--out", "p.parquet")
    (told,) = lines(ran.err)
    assert "InputError" in told["exception"]
    assert "word" not in ran.err


def test_notes_and_what_libraries_say(as_json, capsys: pytest.CaptureFixture[str]) -> None:
    err().print("a note of\ntwo lines")
    with Reporter("test", "this") as report:
        logging.getLogger("some.library").warning("a warning of %s", "theirs")
        logging.getLogger("some.library").info("not wanted")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old", DeprecationWarning, stacklevel=1)
        try:
            raise ValueError("x")
        except ValueError:
            logging.getLogger("slipbench.below").exception("it broke", extra={"shard": 7})
        report.fail("train", "a fit failed")
        report.stage("fit a")("now", 1, 1)
    told = lines(capsys.readouterr().err)
    assert [one["message"] for one in told[:4]] == [
        "a note of",
        "two lines",
        "started",
        "a warning of theirs",
    ]
    assert told[3]["logger"] == "some.library"
    assert "old" in told[4]["message"]
    assert (told[5]["shard"], told[5]["level"]) == (7, "error")
    assert "ValueError: x" in told[5]["exception"]
    assert (told[6]["kind"], told[6]["status"], told[6]["level"]) == ("train", "failed", "warning")
    assert told[7]["detail"] == "now"
    assert logging.getLogger("slipbench").propagate
    assert not logging.getLogger("slipbench").handlers
