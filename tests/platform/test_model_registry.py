"""MLflow's model registry on a real SQLite database: versions, doubles, the champion."""

import hashlib
import json
from pathlib import Path

import pytest

from slipbench.platform import model_registry
from slipbench.platform.registration import CARD, WEIGHTS, Registration
from slipbench.platform.settings import Settings
from slipbench.platform.spool import replay, track, waiting
from slipbench.platform.tracking import Record, Tracker

from .told import Told

NAME = "slipbench-source-toy"


@pytest.fixture
def place(tmp_path: Path, migrated: bytes) -> Settings:
    (tmp_path / "mlflow.db").write_bytes(migrated)
    return Settings(None, tmp_path, f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "stores")


def wanted(folder: Path, weights: str, score: float, board: str = "b", better: bool = False) -> Registration:
    package = folder / f"package-{weights}"
    package.mkdir(exist_ok=True)
    (package / WEIGHTS).write_text(weights)
    (package / CARD).write_text(f"# {weights}\n")
    sha256 = hashlib.sha256(weights.encode()).hexdigest()
    tags = {"slipbench.weights_sha256": sha256, "network": "img"}
    return Registration(NAME, str(package), sha256, board, score, better, tags)


def send(place: Settings, *models: Registration) -> list[str]:
    """The lines about each model."""
    told = Told()
    for model in models:
        track(place, told, Record("suite-1", "demo"), [], model=model)
    return [line.removeprefix(f"model {NAME}: ") for line in told.lines if " runs were new" not in line]


def client(place: Settings):
    return Tracker(place.tracking, place.home / "artifacts")._client


def logged(place: Settings, run: str) -> list:
    """Packages in the experiment of a run."""
    return client(place).search_logged_models([client(place).get_run(run).info.experiment_id])


def test_the_same_weights_are_registered_once(place: Settings) -> None:
    lines = send(place, wanted(place.home, "one", 3.0), wanted(place.home, "one", 3.0))
    assert lines == [
        "img registered as version 1, champion is version 1",
        "img is already version 1, champion is version 1",
    ]
    (version,) = client(place).search_model_versions(f"name = '{NAME}'")
    assert version.description == "# one\n"
    assert version.tags["network"] == "img"
    assert version.run_id
    assert (
        len(client(place).search_logged_models([client(place).get_run(version.run_id).info.experiment_id]))
        == 1
    )


def test_the_champion_is_the_best_on_its_data(place: Settings) -> None:
    home = place.home
    assert [
        line.partition(", ")[2]
        for line in send(
            place,
            wanted(home, "one", 3.0),
            wanted(home, "worse", 4.0),
            wanted(home, "equal", 3.0),
            wanted(home, "better", 2.0),
            wanted(home, "elsewhere", 0.1, board="other data"),
            wanted(home, "last", 1.0),
        )
    ] == [
        "champion is version 1",
        "champion is version 1",
        "champion is version 1",
        "champion is version 4",
        "champion stays version 4, which was tested on other data",
        "champion is version 6",
    ]


def test_the_champion_of_a_larger_score_and_of_one_that_was_tested_again(place: Settings) -> None:
    home = place.home
    lines = send(
        place,
        wanted(home, "one", 0.5, better=True),
        wanted(home, "two", 0.6, better=True),
        wanted(home, "two", 0.1, board="new data", better=True),
        wanted(home, "one", 0.2, board="new data", better=True),
    )
    assert [line.rpartition(" ")[2] for line in lines] == ["1", "2", "2", "1"]


def test_an_upload_that_was_cut_off_is_taken_up(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    model, real = wanted(place.home, "one", 3.0), client(place).__class__.create_model_version

    def cut(*arguments, **more):
        raise RuntimeError("cut off")

    monkeypatch.setattr(client(place).__class__, "create_model_version", cut)
    (line,) = send(place, model)
    assert "runs wait in" in line
    (kept,) = waiting(place)
    assert json.loads(kept.read_text())["model"]["sha256"] == model.sha256
    monkeypatch.setattr(client(place).__class__, "create_model_version", real)
    told = Told()
    assert replay(place, told) == 0
    assert told.lines[0].endswith("registered as version 1, champion is version 1")
    (version,) = client(place).search_model_versions(f"name = '{NAME}'")
    assert len(logged(place, version.run_id)) == 1


def test_of_two_equal_versions_the_first_one_stays(place: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another home registers the same weights between this one's look and its writing."""
    model, real, looks = wanted(place.home, "one", 3.0), model_registry._versions, []
    send(place, model)
    run = client(place).search_model_versions(f"name = '{NAME}'")[0].run_id

    def too_early(*arguments):
        looks.append(len(real(*arguments)))
        return real(*arguments) if len(looks) > 1 else []

    monkeypatch.setattr(model_registry, "_versions", too_early)
    done = model_registry.register(client(place), run, model)
    assert looks[:2] == [1, 2]
    assert (done.version, done.new) == (1, False)
    assert [v.version for v in real(client(place), NAME)] == [1]


def test_a_package_that_is_gone_costs_the_registration_only(place: Settings) -> None:
    model = wanted(place.home, "one", 3.0)
    for file in Path(model.folder).iterdir():
        file.unlink()
    Path(model.folder).rmdir()
    assert send(place, model) == [f"not registered, since {model.folder} is gone"]
    assert waiting(place) == []
