"""What ``slipbench status`` makes of whatever lies in a home."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from slipbench.datasets.errors import InputError
from slipbench.datasets.lock import exclusive, holder
from slipbench.datasets.process import is_running, this_process
from slipbench.platform import live
from slipbench.platform.live import Live
from slipbench.platform.settings import Settings
from slipbench.platform.status import read_status
from slipbench.platform.work import Counted, Work


@pytest.fixture
def place(tmp_path: Path) -> Settings:
    return Settings(None, tmp_path / "home", "sqlite:///unused", tmp_path / "stores")


def begun(name: str) -> Counted:
    stage = Counted(name)
    stage.step("", 0, 8)
    return stage


def command(place: Settings, **more) -> Path:
    """The file of a command that ran in this process, with other values."""
    work = Work("build", "toy", "hash")
    Live(place.home, work).step(begun("build toy"))
    (path,) = place.home.glob(f"status/*{work.run}.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | more))
    return path


def states(place: Settings) -> list[str]:
    found = read_status(place)
    return [one["state"] for one in (*found["running"], *found["past"])]


def test_an_empty_home(slipbench: Callable, tmp_path: Path) -> None:
    ran = slipbench("status")
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'home'}: nobody writes there\nnothing runs\n")
    assert not (tmp_path / "home").exists()


def test_half_written_and_foreign_files_are_survived(place: Settings, slipbench: Callable) -> None:
    whole = command(place).read_bytes()
    for cut in range(0, len(whole), 7):
        (place.home / "status" / f"{cut}.json").write_bytes(whole[:cut])
    for number, text in enumerate(
        ("[]", "7", "{}", '{"since": "x"}', '{"stages": 3}', "\x00", '{"state": []}')
    ):
        (place.home / "status" / f"x{number}.json").write_text(text)
    for folder in ("fits/a", "fits/b-search-c", "results/d/cells"):
        (place.home / folder).mkdir(parents=True)
    (place.home / "fits/a/fit.json").write_text('{"fit_hash": "x", "resu')
    (place.home / "fits/b-search-c/tune.json").write_text("{")
    (place.home / "results/d/results.parquet").write_bytes(b"PAR1 and no more")
    (place.home / ".lock").write_text('{"pid": 1')
    found = read_status(place)
    assert [one["subject"] for one in found["running"]] == ["toy"]
    assert (found["past"], found["holder"]) == ([], None)
    assert [fit["state"] for fit in found["fits"]].count("finished") == 0
    assert [suite["state"] for suite in found["suites"]] == ["unreadable"]
    assert slipbench("status").code == 0


def test_only_its_own_process_keeps_a_command_running(place: Settings) -> None:
    me = this_process()
    assert is_running(me)
    command(place)
    assert states(place) == ["running"]
    for change in ({"began": me["began"] - 1}, {"boot": "another"}, {"pid": 2**22 + 1}, {"pid": None}):
        assert is_running(me | change) is False, change
        path = command(place, process=me | change)
        assert "killed" in states(place)
        path.unlink()


def test_a_command_elsewhere_is_judged_by_when_it_was_heard(place: Settings) -> None:
    elsewhere = this_process() | {"host": "another"}
    assert is_running(elsewhere) is None
    command(place, process=elsewhere, heard=time.time() - 5)
    assert states(place) == ["running"]
    command(place, process=elsewhere, heard=time.time() - 3600)
    assert sorted(states(place)) == ["lost", "running"]
    assert is_running(this_process() | {"namespace": "pid:[1]"}) is None


def test_a_process_that_ended_but_was_not_waited_for_does_not_run(tmp_path: Path) -> None:
    code = (
        "import json; from slipbench.datasets.process import this_process; print(json.dumps(this_process()))"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = json.loads(child.stdout.readline())
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_running(told) is False
    child.wait()


def test_writing_is_rare_and_whole(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    view, stage = Live(place.home, Work("bench", "toy")), begun("suite toy")
    view.say("a line before the first stage")
    view.flush()
    assert not place.home.exists()
    view.step(stage)
    (path,) = place.home.glob("status/*.json")
    first = path.stat().st_mtime_ns
    for done in range(1000):
        stage.step(f"cell {done}", done, 2000)
        view.step(stage)
    assert path.stat().st_mtime_ns == first
    view.flush()
    told = json.loads(path.read_text())["stages"][0]
    assert (told["done"], told["total"], told["detail"]) == (999, 2000, "cell 999")
    second = path.stat().st_mtime_ns
    view.flush()
    assert path.stat().st_mtime_ns == second
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.0)
    view.flush()
    assert path.stat().st_mtime_ns > second
    view.end("failed", "why")
    assert [(one["state"], one["reason"]) for one in read_status(place)["past"]] == [("failed", "why")]
    assert len(list(path.parent.iterdir())) == 1


def test_old_files_go(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "KEPT", 3)
    for age in range(6):
        view = Live(place.home, Work("build", str(age), since=1e9 + age))
        view.step(begun("build toy"))
        view.end("done", "")
    assert [one["subject"] for one in read_status(place)["past"]] == ["5", "4", "3"]


def test_a_home_that_cannot_be_written_costs_the_status_only(place: Settings) -> None:
    place.home.parent.mkdir(exist_ok=True)
    place.home.write_text("a file in the place of the folder")
    view = Live(place.home, Work("build", "toy"))
    view.step(begun("build toy"))
    view.flush()
    view.end("done", "")


def test_a_lock_tells_who_holds_it_and_is_not_disturbed_by_the_question(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert holder(lock) is None
    with exclusive(lock, "here", "run"):
        found = holder(lock)
        assert found is not None
        assert found["pid"] == os.getpid()
        told = rf"another run is writing here \(process {os.getpid()} on .*, since \d\d:\d\d:\d\d\)"
        with pytest.raises(InputError, match=told), exclusive(lock, "here", "run"):
            pass
        assert holder(lock) == found
    assert holder(lock) is None
    lock.write_text(json.dumps(this_process() | {"pid": 2**22 + 1, "since": time.time()}))  # it was killed
    assert holder(lock) is None
    with exclusive(lock, "here", "run"):
        pass
