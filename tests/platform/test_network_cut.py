"""The network to the MLflow server is cut and comes back: bounded time, nothing lost, nothing doubled."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipbench.platform.patience import ASKING, SENDING, patience
from slipbench.platform.registration import CARD, WEIGHTS
from slipbench.platform.settings import Settings
from slipbench.platform.spool import replay, track, waiting
from slipbench.platform.tracking import Record, Tracker

from .services import Server, mlflow_server
from .tcp_proxy import Proxy, Way, proxy
from .test_tracking_server import model, place
from .told import Told

pytestmark = pytest.mark.service
#: What is asked for at the moment of the cut: in the middle of the runs, of the files, of the registry.
MOMENTS = {
    "run": (b"/runs/create", 3),
    "values": (b"/runs/log-batch", 3),
    "end": (b"/runs/update", 2),
    "file": (b"PUT", 1),
    "weights": (b"PUT", 2),
    "model": (b"/logged-models ", 1),
    "version": (b"/model-versions/create", 1),
    "champion": (b"/registered-models/alias", 1),
}
#: Each moment once, and the silent network at one moment of each kind.
CUTS: list[tuple[Way, str]] = [
    ("refuse", "run"), ("reset", "values"), ("refuse", "end"), ("reset", "file"), ("refuse", "weights"),
    ("reset", "model"), ("refuse", "version"), ("reset", "champion"),
    ("swallow", "values"), ("swallow", "file"), ("swallow", "version"),
]  # fmt: skip
TRIES, SECONDS = 2, 2
#: What a cut may cost, on a busy machine too; with the values of MLflow itself it would be 16 minutes.
BOUND = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("cut")
    backend, artifacts = f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()
    with mlflow_server(backend, artifacts, folder, {}, "--workers", "1") as running:
        yield running


@pytest.fixture
def network(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A way to the server, which nobody waits for long."""
    _wait(monkeypatch, SECONDS)
    with proxy(server.port) as between:
        yield between


def _wait(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    for name, value in zip(SENDING, (seconds, TRIES - 1), strict=True):
        monkeypatch.setitem(SENDING, name, str(value))
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(ASKING, next(iter(ASKING)), str(seconds))


def heal(network: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network is whole again, and a busy server may take its time."""
    network.be("open")
    _wait(monkeypatch, BOUND)


def send(here: Settings, name: str) -> tuple[str, Told, float]:
    """Track a suite with a file, a fit, a trial and a network; the run, what was said and the seconds."""
    file = here.home / "results.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("results\n")
    cells = [Record(f"cell-{i}", f"cell {i}", params={"seed": i}, metrics={"r2": i / 7}) for i in range(3)]
    trial = Record("trial", "trial", metrics={"loss": 1.0})
    fit = Record("fit", "fit", curves={"loss": [(0, 1.0, 1e9), (1, 0.5, 2e9)]}, children=[trial])
    found = model(here.home, name, 1.0)
    found = type(found)(**{**vars(found), "name": f"slipbench-{name}"})
    told, started = Told(), time.monotonic()
    run = track(here, told, Record(f"suite-{name}", name), [*cells, fit], [file], found)
    return run, told, time.monotonic() - started


def assert_all_there_once(server: Server, name: str) -> None:
    """Asked of the server itself."""
    tracker = Tracker(server.uri, Path("unused"))
    client, runs = tracker._client, tracker.runs(name)
    ids = Counter(r.data.tags["slipbench.id"] for r in runs)
    assert ids == dict.fromkeys([f"suite-{name}", "cell-0", "cell-1", "cell-2", "fit", "trial"], 1)
    assert {r.info.status for r in runs} == {"FINISHED"}
    by_id = {r.data.tags["slipbench.id"]: r for r in runs}
    assert [by_id[f"cell-{i}"].data.metrics["r2"] for i in range(3)] == [0.0, 1 / 7, 2 / 7]
    curve = client.get_metric_history(by_id["fit"].info.run_id, "loss")
    assert sorted((m.step, m.value) for m in curve) == [(0, 1.0), (1, 0.5)]
    assert [f.path for f in client.list_artifacts(by_id[f"suite-{name}"].info.run_id)] == ["results.txt"]
    (version,) = client.search_model_versions(f"name = 'slipbench-{name}'")
    assert client.get_model_version_by_alias(f"slipbench-{name}", "champion").version == version.version
    experiment = client.get_experiment_by_name(name).experiment_id
    (logged,) = client.search_logged_models([experiment])
    assert {f.path for f in client.list_logged_model_artifacts(logged.model_id)} == {CARD, WEIGHTS}


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("way", "moment"), CUTS)
def test_a_cut_in_mid_run_ends_soon_and_the_rest_is_sent_later(
    server: Server, network: Proxy, tmp_path: Path, way: Way, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, here = f"{way}-{moment}", place(tmp_path / "home", network.uri)
    path, which = MOMENTS[moment]
    network.trap(path, way, which)
    run, told, seconds = send(here, name)
    assert network.sprung
    assert run == ""
    assert seconds < BOUND
    assert f"5 runs wait in {waiting(here)[0]}" in told.lines[-1]
    heal(network, monkeypatch)
    assert replay(here, Told()) == 0
    assert_all_there_once(server, name)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_answer_that_is_lost_alone_doubles_nothing(
    server: Server, network: Proxy, tmp_path: Path, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server did what it was asked; MLflow's client does not know and asks again."""
    heal(network, monkeypatch)
    path, which = MOMENTS[moment]
    network.trap(path, "reset", which, once=True)
    here = place(tmp_path / "home", network.uri)
    run, _, _ = send(here, f"once-{moment}")
    assert network.sprung
    # asked again while it is still at the first request, the server refuses the second one: then it waits
    assert bool(run) != bool(waiting(here))
    assert replay(here, Told()) == 0
    assert_all_there_once(server, f"once-{moment}")


@pytest.mark.timeout(120)
def test_a_dead_network_is_waited_for_once_and_not_for_every_suite(
    server: Server, network: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = place(tmp_path / "home", network.uri)
    network.be("swallow")
    names = [f"dead-{i}" for i in range(3)]
    for name in names:
        _, told, seconds = send(here, name)
        assert seconds < TRIES * SECONDS + SECONDS + 10
    assert told.lines[-1] == f"tracking: 2 more suites wait in {here.home / 'spool'}"
    heal(network, monkeypatch)
    assert replay(here, Told()) == 0
    for name in names:
        assert_all_there_once(server, name)


def test_what_the_user_has_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds, tries = SENDING
    monkeypatch.setenv(seconds, "77")
    monkeypatch.delenv(tries, raising=False)
    with patience(SENDING, theirs_first=True):
        assert (os.environ[seconds], os.environ[tries]) == ("77", SENDING[tries])
    with patience(ASKING):
        assert os.environ[seconds] == ASKING[seconds]
    assert os.environ[seconds] == "77"
    assert tries not in os.environ
