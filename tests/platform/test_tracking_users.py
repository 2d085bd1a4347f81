"""An MLflow server that knows its users: who may write, what the others are told, where passwords are not."""

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.server.auth.client import AuthServiceClient

from slipbench.datasets.errors import InputError
from slipbench.platform.registered import network_file
from slipbench.platform.registration import Registration
from slipbench.platform.settings import Settings
from slipbench.platform.spool import replay, track, waiting
from slipbench.platform.tracking import Record, Tracker
from slipbench.platform.tracking_check import check

from .services import Server, mlflow_server, postgresql, with_users
from .test_tracking_server import CELLS, model, place, suite
from .told import Told

pytestmark = pytest.mark.service
#: The demo made small: one decoder and one baseline on one split.
BENCH = [
    "decoders=[{decoder: ridge}]", "baselines=[{baseline: mean}]", "modalities=[ab]", "seeds=[0]",
    "splits=[chronological]",
]  # fmt: skip


class People:
    """The server's users and their passwords."""

    def __init__(self, server: Server, admin: str) -> None:
        self.server, self.passwords = server, {"admin": [admin]}

    def add(self, name: str) -> None:
        self.passwords[name] = [secrets.token_hex(12)]
        self.ask.create_user(name, self.passwords[name][-1])

    def rotate(self, name: str) -> None:
        self.passwords[name].append(secrets.token_hex(12))
        self.ask.update_user_password(name, self.passwords[name][-1])

    @property
    def ask(self) -> AuthServiceClient:
        return AuthServiceClient(self.server.uri)

    @property
    def secrets(self) -> list[bytes]:
        """Whatever would give a password away, also as HTTP's header has it."""
        pairs = [(name, word) for name, words in self.passwords.items() for word in words]
        coded = [base64.b64encode(f"{name}:{word}".encode()) for name, word in pairs]
        return [word.encode() for _, word in pairs] + coded


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("users")
    admin = secrets.token_hex(12)
    with postgresql() as backend:
        env, arguments = with_users(folder, backend, admin)
        artifacts = (folder / "artifacts").as_uri()
        with mlflow_server(backend, artifacts, folder, env, *arguments) as server:
            yield People(server, admin)


@pytest.fixture
def become(people: People, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """``become(name)``: what follows is done as that user; ``which`` picks an older password."""

    def login(name: str, which: int = -1) -> None:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", name)
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", people.passwords[name][which])

    login("admin")
    return login


def experiment(server: Server, name: str) -> str:
    """Id of an experiment that is there now."""
    tracker = Tracker(server.uri, Path("unused"))
    tracker.claim(name)
    return tracker._client.get_experiment_by_name(name).experiment_id


def give_aways(people: People, *texts: str, folder: Path) -> list[str]:
    """Where a password stands in files, on the server or in what was printed."""
    found = [f"printed: {text}" for text in texts if any(word in text.encode() for word in people.secrets)]
    for path in (*folder.rglob("*"), people.server.log):
        if path.is_file() and any(word in path.read_bytes() for word in people.secrets):
            found.append(str(path))
    tracker = Tracker(people.server.uri, Path("unused"))
    for one in tracker._client.search_experiments():
        for run in tracker.runs(one.name):
            text = str([run.data.params, run.data.tags, one.tags])
            found += [run.info.run_id] if any(word.decode() in text for word in people.secrets) else []
    return found


@pytest.mark.timeout(200)
def test_a_trainer_may_write_and_a_reader_is_told_before_anything_starts(
    people: People,
    become: Callable[..., None],
    slipbench: Callable,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    people.add("trainer")
    people.add("reader")
    shared = experiment(people.server, "nowcast_demo")
    people.ask.grant_user_permission("trainer", "experiment", shared, "EDIT")
    monkeypatch.setenv("SLIPBENCH_TRACKING", people.server.uri)
    become("reader")
    refused = slipbench("bench", "nowcast_demo", *BENCH)
    assert refused.code == 2
    assert "this user may not write to experiment nowcast_demo" in " ".join(refused.err.split())
    assert not (home / "stores").exists()
    become("trainer")
    done = slipbench("bench", "nowcast_demo", *BENCH)
    assert done.code == 0, done.err
    assert waiting(place(home, people.server.uri)) == []
    become("reader")
    runs = Tracker(people.server.uri, Path("unused")).runs("nowcast_demo")
    assert {r.data.tags["model"] for r in runs if r.data.tags.get("slipbench.kind") == "cell"} == {
        "ridge",
        "mean",
    }
    become("admin")
    printed = (refused.out, refused.err, done.out, done.err)
    assert give_aways(people, *printed, folder=home) == []


@pytest.mark.timeout(120)
def test_a_password_changed_meanwhile_loses_nothing(
    people: People,
    become: Callable[..., None],
    slipbench: Callable,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    people.add("worker")
    here, told = place(tmp_path / "home", people.server.uri), Told()
    become("worker")
    check(here.tracking, ["rotated"])
    become("admin")
    people.rotate("worker")
    become("worker", which=0)
    assert track(here, told, *suite("rotated", "rotated")) == ""
    assert f"{CELLS + 3} runs wait in {waiting(here)[0]}" in told.lines[-1]
    assert "did not take them (refused the user name or the password)" in told.lines[-1]
    monkeypatch.setenv("SLIPBENCH_TRACKING", people.server.uri)
    refused = slipbench("track")
    assert refused.code == 2
    assert "refused the user name or the password" in " ".join(refused.err.split())
    assert len(waiting(here)) == 1
    monkeypatch.delenv("MLFLOW_TRACKING_USERNAME")
    monkeypatch.delenv("MLFLOW_TRACKING_PASSWORD")
    with pytest.raises(InputError, match="refused the user name or the password"):
        check(here.tracking)
    become("worker")
    sent = slipbench("track")
    assert sent.code == 0, sent.err
    assert f"{CELLS + 3} of {CELLS + 3} runs were new" in " ".join(sent.err.split())
    assert waiting(here) == []
    become("admin")
    printed = (*told.lines, refused.out, refused.err, sent.out, sent.err)
    assert give_aways(people, *printed, folder=tmp_path) == []


def _changed(records: list[Record]) -> list[Record]:
    return [replace(records[0], metrics={"r2": 0.5}), *records[1:]]


@pytest.mark.timeout(120)
def test_what_a_second_job_needs_to_write_where_another_began(
    people: People, become: Callable[..., None], tmp_path: Path
) -> None:
    """The table of docs/tracking.md."""
    here, told = place(tmp_path / "home", people.server.uri), Told()
    people.add("first")
    people.add("second")
    people.add("guest")
    parent, records = suite("joint", "joint")
    records = records[:2]

    def send(what: str, score: float, these: list[Record] = records) -> bool:
        done = bool(track(here, told, parent, these, (), _model(tmp_path, what, score)))
        assert done or "this user is not permitted to" in told.lines[-1]
        return done

    become("first")
    assert send("one", 1.0)
    become("second")
    assert not send("two", 0.5)
    become("admin")
    joint = experiment(people.server, "joint")
    people.ask.grant_user_permission("second", "experiment", joint, "EDIT")
    become("second")
    assert not send("two", 0.5), "the registered model is the first one's"
    become("admin")
    people.ask.grant_user_permission("second", "registered_model", "slipbench-source-shared", "EDIT")
    become("second")
    assert send("two", 0.5)
    assert not send("two", 0.5, _changed(records)), "a changed run replaces one, which is deleted"
    become("admin")
    people.ask.revoke_user_permission("second", "experiment", joint)
    people.ask.grant_user_permission("second", "experiment", joint, "MANAGE")
    become("second")
    assert replay(here, told) == 0
    become("guest")
    kept = network_file(
        "models:/slipbench-source-shared@champion", Settings(None, here.home, here.tracking, here.stores)
    )
    assert kept.read_text() == "two"
    with pytest.raises(InputError, match="this user may not write to experiment joint"):
        check(here.tracking, ["joint"])


def _model(folder: Path, what: str, score: float) -> Registration:
    made = folder / f"made-{len(list(folder.iterdir()))}"
    return model(made, what, score)
