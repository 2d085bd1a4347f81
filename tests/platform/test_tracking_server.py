"""MLflow's server on PostgreSQL and S3: many writers, a restart, nothing lost or doubled."""

import hashlib
import multiprocessing
import os
import time
from collections import Counter
from pathlib import Path

import pytest

from slipbench.platform.registered import network_file
from slipbench.platform.registration import CARD, WEIGHTS, Registration
from slipbench.platform.settings import Settings
from slipbench.platform.spool import replay, track, waiting
from slipbench.platform.tracking import Record, Tracker
from tests.object_store import BUCKET, s3_server

from .services import Server, mlflow_server, postgresql
from .told import Told

WRITERS, CELLS = 8, 12
#: Writers that also log one and the same suite.
COMMON = 3
pytestmark = pytest.mark.service


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("services")
    with (
        s3_server() as env,
        postgresql() as backend,
        mlflow_server(backend, f"s3://{BUCKET}/mlflow", folder, env) as running,
    ):
        yield running


def place(home: Path, uri: str) -> Settings:
    return Settings(None, home, uri, home / "stores")


def suite(name: str, what: str) -> tuple[Record, list[Record]]:
    cells = [
        Record(f"cell-{i}", f"cell {i}", tags={"of": what}, params={"seed": str(i)}, metrics={"r2": i / 7})
        for i in range(CELLS)
    ]
    trials = [Record(f"trial-{i}", f"trial {i}", metrics={"loss": float(i)}) for i in range(2)]
    fit = Record("fit", "fit", curves={"loss": [(0, 1.0), (1, 0.5)]}, children=trials)
    return Record(f"suite-{what}", name, params={"what": what}), [*cells, fit]


def model(home: Path, what: str, score: float) -> Registration:
    """A network to register; it is the same one wherever `what` is."""
    folder = home / f"model-{what}"
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_text(what)
    (folder / CARD).write_text(f"# {what}\n")
    digest = hashlib.sha256(what.encode()).hexdigest()
    tags = {"slipbench.weights_sha256": digest, "network": "img"}
    return Registration("slipbench-source-shared", str(folder), digest, "board", score, False, tags)


def write(number: int, home: Path, uri: str, ready, go) -> None:
    """A suite of its own, and for some a common one, in one experiment."""
    artifact = home / "results.txt"
    home.mkdir(parents=True)
    artifact.write_text(f"writer {number}\n")
    os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"  # what the server refuses while it is away must wait
    ready.release()
    go.wait()
    for what in (f"own-{number}", "common")[: 1 + (number < COMMON)]:
        found = model(home, what, 100.0 - number if what != "common" else 50.0)
        track(place(home, uri), Told(), *suite("shared", what), [artifact], found)
    while waiting(place(home, uri)):
        time.sleep(0.5)
        replay(place(home, uri), Told())


def tree(server: Server) -> dict[str, Counter]:
    """Suite to how often each of its runs is there, and each of those to the runs below it."""
    runs = Tracker(server.uri, Path("unused")).runs("shared")
    name = {r.info.run_id: r.data.tags["slipbench.id"] for r in runs}
    found: dict[str, Counter] = {}
    for run in runs:
        above = run.data.tags.get("mlflow.parentRunId")
        found.setdefault(name[above] if above else "", Counter())[run.data.tags["slipbench.id"]] += 1
        assert "slipbench.logged" in run.data.tags
    return found


@pytest.mark.timeout(280)
def test_eight_writers_and_a_server_that_dies_lose_and_double_nothing(server: Server, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready, go = context.Semaphore(0), context.Event()
    writers = [
        context.Process(target=write, args=(i, tmp_path / f"home{i}", server.uri, ready, go))
        for i in range(WRITERS)
    ]
    for writer in writers:
        writer.start()
    for _ in writers:
        ready.acquire()
    go.set()
    time.sleep(4)
    server.kill()
    assert any(writer.is_alive() for writer in writers)
    time.sleep(2)
    server.start()
    for writer in writers:
        writer.join(200)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    cells = {f"cell-{i}": 1 for i in range(CELLS)} | {"fit": 1}
    wanted = {f"suite-own-{i}": cells for i in range(WRITERS)} | {"suite-common": cells}
    found = tree(server)
    assert found.pop("") == dict.fromkeys(wanted, 1)
    assert found.pop("fit") == {"trial-0": WRITERS + 1, "trial-1": WRITERS + 1}
    assert found == wanted
    registry = Tracker(server.uri, Path("unused"))._client
    versions = registry.search_model_versions("name = 'slipbench-source-shared'")
    every = [f"own-{i}" for i in range(WRITERS)] + ["common"]
    assert Counter(v.description for v in versions) == {f"# {what}\n": 1 for what in every}
    champion = registry.get_model_version_by_alias("slipbench-source-shared", "champion")
    assert champion.description == "# common\n"


@pytest.mark.timeout(120)
def test_the_artifacts_are_in_the_bucket_and_come_back(server: Server, tmp_path: Path) -> None:
    artifact = tmp_path / "figure.txt"
    artifact.write_text("a figure")
    told = Told()
    here = place(tmp_path / "home", server.uri)
    found = model(tmp_path, "kept", 1.0)
    run = track(here, told, *suite("kept", "kept"), [artifact], found)
    assert told.lines[-1] == f"tracking kept: {CELLS + 3} of {CELLS + 3} runs were new"
    fetched = network_file(f"models:/{found.name}/{told.lines[0].split('version ')[1].split(',')[0]}", here)
    assert fetched.read_text() == "kept"
    client = Tracker(server.uri, Path("unused"))._client
    assert client.get_run(run).info.artifact_uri.startswith("mlflow-artifacts:")
    back = client.download_artifacts(run, "figure.txt", str(tmp_path))
    assert Path(back).read_text() == "a figure"


@pytest.mark.timeout(200)
def test_what_the_server_did_not_take_waits_on_disk_and_is_sent_once(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    here, told = place(tmp_path / "home", server.uri), Told()
    server.kill()
    try:
        assert track(here, told, *suite("late", "late")) == ""
        assert track(here, told, *suite("late", "late")) == ""
        (kept,) = waiting(here)
        assert f"{CELLS + 3} runs wait in {kept}" in told.lines[-1]
        assert replay(here, told) == 1
    finally:
        server.start()
    assert replay(here, told) == 0
    assert told.lines[-1] == f"tracking late: {CELLS + 3} of {CELLS + 3} runs were new"
    assert waiting(here) == []
    track(here, told, *suite("late", "late"))
    assert told.lines[-1] == f"tracking late: 0 of {CELLS + 3} runs were new"
