"""The command lines of the manifests: slipbench knows them, and what they name exists."""

import base64
import os
import secrets
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import typer

from slipbench.benchmarks.task import AnySuite
from slipbench.datasets.recipes.share import Share
from slipbench.platform.cli.build import _share
from slipbench.platform.cli.main import app
from slipbench.platform.config.find import find
from slipbench.platform.config.load import load
from tests.object_store import free_port

from .kube import FOLDERS, ROOT, Document, Pod, expanded, of_kind, pods, rendered
from .services import with_users

#: Folder of configurations of a subcommand's argument.
KINDS = {"run": "pipelines", "bench": "benchmarks", "build": "datasets"}


def command_lines(folder: str) -> list[tuple[str, list[str]]]:
    """Every command line of slipbench below a folder, with who runs it."""
    documents = rendered(folder)
    runs = of_kind(documents, "RayJob")
    found = [(f"RayJob {d['metadata']['name']}", shlex.split(d["spec"]["entrypoint"])[1:]) for d in runs]
    for pod in pods(documents):
        found += [(pod.where, c["args"]) for c in pod.containers if "args" in c and "command" not in c]
    return found


def parsed(arguments: list[str]) -> tuple[str, dict[str, Any]]:
    """The subcommand and its parameters, as slipbench's own command line reads them."""
    group: Any = typer.main.get_command(app)
    command = group.commands[arguments[0]]
    return arguments[0], command.make_context(arguments[0], list(arguments[1:])).params


@pytest.mark.parametrize("folder", [f for f in FOLDERS if command_lines(f)])
def test_slipbench_knows_the_commands_and_their_configurations(folder: str) -> None:
    for where, arguments in command_lines(folder):
        line = [expanded(a, {"JOB_COMPLETION_INDEX": "0"}) for a in arguments]
        name, parameters = parsed(line)
        config = parameters[{"run": "pipeline", "bench": "suite", "build": "dataset"}[name]]
        if config.startswith("/configs/"):
            config = str(ROOT / config[1:])
        shipped = ROOT / "configs" / KINDS[name] / find(KINDS[name], config).name
        assert shipped.is_file(), where


def test_the_jobs_of_the_manifests_are_all_looked_at() -> None:
    found = [*command_lines("base"), *command_lines("overlays/cpu/jobs")]
    assert {where: line[0] for where, line in found} == {
        "CronJob slipbench-nightly": "bench",
        "Job slipbench-build": "build",
        "RayJob slipbench-pipeline": "run",
    }


def test_the_indexed_job_deals_out_every_share_once() -> None:
    """tests/chaos/test_shares_killed.py runs this command line."""
    (job,) = of_kind(rendered("overlays/cpu/jobs"), "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert job["spec"]["completionMode"] == "Indexed"
    pods_ = job["spec"]["completions"]
    shares = []
    for index in range(pods_):
        _, parameters = parsed([expanded(a, {"JOB_COMPLETION_INDEX": str(index)}) for a in container["args"]])
        shares.append(_share(parameters["share"]))
    assert shares == [Share(i, pods_) for i in range(pods_)]
    assert job["spec"]["parallelism"] <= pods_


def _kubelet(folder: Path, documents: list[Document], pod: Pod) -> None:
    """Mount a pod's ConfigMaps below `folder` as the kubelet does: their files are links."""
    maps = {d["metadata"]["name"]: d["data"] for d in of_kind(documents, "ConfigMap")}
    mounts = {m["name"]: m["mountPath"] for c in pod.containers for m in c["volumeMounts"]}
    for volume in pod.spec["volumes"]:
        if "configMap" in volume:
            target = folder / mounts[volume["name"]][1:]
            (target / "..2026_01_01").mkdir(parents=True)
            (target / "..data").symlink_to("..2026_01_01")
            for name, text in maps[volume["configMap"]["name"]].items():
                (target / "..2026_01_01" / name).write_text(text)
                (target / name).symlink_to(f"..data/{name}")


def test_the_nightly_benchmark_reads_its_configuration_from_config_maps(tmp_path: Path) -> None:
    documents = rendered("base")
    (pod,) = pods(of_kind(documents, "CronJob"))
    _kubelet(tmp_path, documents, pod)
    (container,) = pod.containers
    _, parameters = parsed(container["args"])
    mounted = load(tmp_path / parameters["suite"][1:], AnySuite)
    assert mounted == load(ROOT / "configs" / "benchmarks" / "decoders.yaml", AnySuite)


def test_every_night_has_a_home_of_its_own() -> None:
    (pod,) = pods(of_kind(rendered("base"), "CronJob"))
    (container,) = pod.containers
    names = [e["name"] for e in container["env"]]
    home = next(e["value"] for e in container["env"] if e["name"] == "SLIPBENCH_HOME")
    assert names.index("NIGHT") < names.index("SLIPBENCH_HOME"), "the kubelet expands what stands before"
    assert expanded(home, {"NIGHT": "slipbench-nightly-29384757"}) == "/state/slipbench-nightly-29384757"


def test_the_places_are_settings_that_slipbench_reads() -> None:
    source = (ROOT / "platform" / "settings.py").read_text()
    (places,) = (
        d for d in of_kind(rendered("base"), "ConfigMap") if d["metadata"]["name"] == "slipbench-places"
    )
    ours = {k for k in places["data"] if k.startswith("SLIPBENCH_")}
    assert ours
    assert all(f'"{name}"' in source for name in ours)
    (service,) = of_kind(rendered("base"), "Service")
    port = service["spec"]["ports"][0]["port"]
    assert places["data"]["SLIPBENCH_TRACKING"] == f"http://{service['metadata']['name']}:{port}"


@pytest.mark.service
def test_the_tracking_server_answers_to_its_service_name_and_its_users_only(tmp_path: Path) -> None:
    """The Deployment's own command line, with a database and a folder of this test."""
    (pod,) = pods(of_kind(rendered("base"), "Deployment"))
    (container,) = pod.containers
    port, args = free_port(), list(container["args"])
    for option, value in (("--port", str(port)), ("--host", "127.0.0.1"), ("--workers", "1")):
        args[args.index(option) + 1] = value
    args[args.index("--artifacts-destination") + 1] = str(tmp_path / "artifacts")
    password = secrets.token_hex(12)
    known, _ = with_users(tmp_path / "users", f"sqlite:///{tmp_path / 'users.db'}", password)
    assert set(known) <= {e["name"] for e in container["env"]}
    env = os.environ | {e["name"]: e["value"] for e in container["env"] if "value" in e} | known
    env |= {"HOME": str(tmp_path), "MLFLOW_BACKEND_STORE_URI": f"sqlite:///{tmp_path / 'mlflow.db'}"}
    start = tmp_path / "where the image starts it"
    start.mkdir()
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", *container["command"], *args],
            env=env,
            cwd=start,
            stdout=log,
            stderr=log,
        )

    def status(path: str, host: str, word: str = "") -> int:
        user = base64.b64encode(f"admin:{word}".encode()).decode()
        headers = {"Host": host} | ({"Authorization": f"Basic {user}"} if word else {})
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                assert status(container["readinessProbe"]["httpGet"]["path"], "10.1.2.3:5000") == 200
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()[-2000:]
                assert time.monotonic() < deadline
                time.sleep(0.5)
        (places,) = (
            d for d in of_kind(rendered("base"), "ConfigMap") if d["metadata"]["name"] == "slipbench-places"
        )
        name = places["data"]["SLIPBENCH_TRACKING"].removeprefix("http://")
        search = "/api/2.0/mlflow/experiments/search?max_results=1"
        assert status(search, name) == 401
        assert status(search, name, "another password") == 401
        assert status(search, name, password) == 200
        assert status(search, "evil.example.org", password) == 403
    finally:
        server.terminate()
        server.wait(30)
    assert not list(start.iterdir()), "the root file system of the pod is read-only"
