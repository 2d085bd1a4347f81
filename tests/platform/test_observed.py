"""Real commands looked at while they run: their metrics scraped, their status read; then they are killed."""

import json
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from slipbench.datasets.store.reader import Store
from tests.chaos.builds import SLIPBENCH, environment

PATIENCE = 100
SHARDS = ["n_samples=16384", "rows_per_shard=8", "n_stations=40", "representations=[img]"]
DATA = ["n_samples=64", "rows_per_shard=32", "n_stations=40"]
BENCH = [
    *("bench", "source_demo", "--no-tune", "networks.img.model.width=0.25", "networks.img.epochs=400"),
    *(f"dataset.{o}" for o in DATA),
    *(f"networks.img.dataset.{o}" for o in DATA),
    "networks.img.patience=400",
]


class Running:
    """A command in a process of its own, and what others see of it."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.home, self.env = home, environment(home)
        home.mkdir(exist_ok=True)
        self._log = (home / "stderr").open("wb")
        self.process = subprocess.Popen(
            [SLIPBENCH, *arguments], env=self.env, stdout=subprocess.DEVNULL, stderr=self._log
        )

    @property
    def err(self) -> str:
        return (self.home / "stderr").read_text()

    def look(self, *options: str) -> str:
        """What ``slipbench status`` prints."""
        command = [SLIPBENCH, "status", *options]
        return subprocess.run(command, env=self.env, capture_output=True, text=True, check=True).stdout

    def status(self) -> dict:
        return json.loads(self.look("--json"))

    def wait(self, what: Callable[[], object], says: str) -> object:
        """What `what` gives as soon as it gives something, while the command runs."""
        deadline = time.monotonic() + PATIENCE
        while not (found := what()):
            assert self.process.poll() is None, f"{says}: the command ended\n{self.err}"
            assert time.monotonic() < deadline, f"{says}\n{self.err}"
            time.sleep(0.05)
        return found

    def kill(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(*arguments: str) -> Running:
        started.append(Running(tmp_path / "home", *arguments))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def numbers(text: str) -> dict[str, float]:
    """Every sample by its name and the values of its labels."""
    return {
        " ".join([s.name, *s.labels.values()]): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


@pytest.mark.timeout(250)
def test_a_build_is_scraped_seen_and_killed(start: Callable[..., Running]) -> None:
    run = start("--metrics", "0", "build", "source_demo", *SHARDS, "--workers", "1")
    found = run.wait(lambda: re.search(r"metrics: (http://127.0.0.1:\d+/metrics)", run.err), "no port told")
    url = found[1]

    def scrape() -> dict[str, float]:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return numbers(answer.read().decode())

    run.wait(lambda: scrape().get("slipbench_stage_done build source_demo", 0) >= 3, "no shard counted")
    first, second = scrape(), scrape()
    for seen in (first, second):
        done = seen["slipbench_stage_done build source_demo"]
        assert seen["slipbench_stage_size build source_demo"] == 2048
        assert seen["slipbench_stage_queue build source_demo"] == 2048 - done
        # between the two numbers some more shards may be written
        assert 8 * done <= seen["slipbench_samples_total build"] <= 8 * (done + 9)
        per_row = seen["slipbench_bytes_total build"] / seen["slipbench_samples_total build"]
        assert per_row == pytest.approx(22001)
        assert 0 < seen["slipbench_samples_per_second build"] < 1e5
        assert seen["slipbench_failures_total command"] == 0
        assert seen["process_resident_memory_bytes"] > 1e7
    assert second["slipbench_samples_total build"] >= first["slipbench_samples_total build"]

    def counted() -> dict | None:
        (one,) = run.status()["running"]
        return one if one["stages"][0]["done"] >= 3 else None

    one = run.wait(counted, "no shard in the status")
    assert (one["command"], one["subject"]) == ("build", "source_demo")
    assert one["process"]["pid"] == run.process.pid
    stage = one["stages"][0]
    assert (stage["stage"], stage["total"], stage["ended"]) == ("build source_demo", 2048, False)
    assert stage["seconds_left"] > 0
    shown = run.look()
    assert re.search(r"running: build source_demo \(run \w+, process \d+ on ", shown)
    assert re.search(r"\n    build source_demo: \d+ of 2048, about \d+ ", shown)

    assert run.kill(signal.SIGKILL) == -signal.SIGKILL
    after = run.status()
    assert after["running"] == []
    (past,) = after["past"]
    assert (past["state"], past["run"]) == ("killed", one["run"])
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        scrape()
    assert re.search(r"build source_demo: killed after \d+ s at build source_demo: \d+ of 2048", run.look())


@pytest.mark.timeout(280)
def test_a_suite_is_seen_stopped_and_finished(start: Callable[..., Running], tmp_path: Path) -> None:
    file = tmp_path / "slipbench.prom"

    def read() -> dict[str, float]:
        """The file is whole whenever it is looked at."""
        found = numbers(file.read_text()) if file.exists() else {}
        assert not found or "slipbench_running" in found
        return found

    run = start("--metrics", str(file), *BENCH)
    epochs = run.wait(lambda: read().get("slipbench_stage_done fit img-seed0", 0), "no epoch in the file")
    seen = read()
    assert seen["slipbench_running"] == 1
    assert seen["slipbench_samples_total build"] == 64
    (store,) = run.home.glob("stores/*.zarr")
    rows = len(Store(store).rows_of("train"))
    assert seen["slipbench_samples_total train"] >= rows * epochs
    assert seen["slipbench_samples_total train"] % rows == 0
    assert seen["slipbench_samples_per_second train"] > 0
    status = run.status()
    assert status["holder"]["pid"] == status["running"][0]["process"]["pid"] == run.process.pid
    assert [fit["state"] for fit in status["fits"]] == ["unfinished"]
    refused = subprocess.run([SLIPBENCH, *BENCH], env=run.env, capture_output=True, text=True)
    assert refused.returncode == 2
    assert f"another run is writing here (process {run.process.pid} on " in refused.stderr

    assert run.kill(signal.SIGTERM) == 143
    assert read()["slipbench_running"] == 0
    status = run.status()
    assert (status["running"], status["holder"]) == ([], None)
    assert [one["state"] for one in status["past"]] == ["stopped"]

    short = [o.replace("=400", "=2") for o in BENCH]
    done = start("--metrics", str(file), *short)
    assert done.process.wait(PATIENCE) == 0, done.err
    seen, status = read(), done.status()
    assert status["past"][0]["state"] == "done"
    (suite,) = status["suites"]
    assert (suite["state"], suite["cells"], suite["failed"]) == ("finished", 4, 0)
    assert sorted(fit["state"] for fit in status["fits"]) == ["finished", "unfinished"]
    assert seen["slipbench_stage_queue suite source_demo"] == 0
    assert seen["slipbench_samples_total bench"] == 4 * len(Store(store).rows_of("test"))
    assert seen["slipbench_samples_total train"] == 2 * rows
    assert {path.name for path in tmp_path.iterdir()} == {"home", "slipbench.prom"}
