"""The walk with its stores in a bucket, and no secret anywhere that it leaves."""

import json
import os
import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from slipbench.datasets.location import files_below, folder_of
from tests.chaos.builds import SLIPBENCH, environment, shards_done
from tests.object_store import BUCKET, s3_server
from tests.object_store import environment as with_environment

SMALL = ["n_samples=64", "rows_per_shard=32", "n_stations=40"]


@pytest.fixture(scope="module")
def server():
    with s3_server() as env:
        yield env


def secrets_in(root: Path, words: list[str]) -> list[str]:
    """Files below a folder that hold one of the words."""
    return [
        str(path)
        for path in root.rglob("*")
        if path.is_file() and any(word.encode() in path.read_bytes() for word in words)
    ]


@pytest.mark.service
@pytest.mark.timeout(280)
def test_a_suite_whose_stores_are_in_a_bucket_keeps_no_secret(tmp_path: Path, server: dict[str, str]) -> None:
    stores = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    env = environment(tmp_path / "home") | server | {"SLIPBENCH_STORES": stores}
    options = [f"{where}.{o}" for where in ("dataset", "networks.img.dataset") for o in SMALL]
    options += ["networks.img.epochs=1", "networks.img.model.width=0.25"]
    command = [str(SLIPBENCH), "bench", "source_demo", *options, "--json"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert [(s["cells"], s["failed"]) for s in told["suites"]] == [(3, 0)]
    assert not (tmp_path / "home" / "stores").exists()
    with with_environment(server):
        names = [name for name, _ in files_below(folder_of(stores))]
        (manifest,) = [name for name in names if name.endswith("manifest.json")]
        store = f"{stores}/{manifest.removesuffix('/manifest.json')}"
        assert not [name for name in names if ".building" in name]
        held = b"".join((folder_of(stores) / name).read_bytes() for name in names)
    words = [server["AWS_ACCESS_KEY_ID"], server["AWS_SECRET_ACCESS_KEY"]]
    assert not any(word.encode() in held for word in words)
    assert not any(word in ran.stdout + ran.stderr for word in words)
    assert (tmp_path / "home" / "mlflow.db").exists()
    assert secrets_in(tmp_path / "home", words) == []
    for arguments in (["verify", store], ["inspect", store, "--json"], ["predict", "--help"]):
        done = subprocess.run([str(SLIPBENCH), *arguments], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


@pytest.mark.timeout(280)
def test_a_build_into_a_bucket_killed_and_resumed(tmp_path: Path, server: dict[str, str]) -> None:
    env, out = environment(tmp_path / "home") | server, f"s3://{BUCKET}/{uuid.uuid4().hex}/s"
    options = ["n_samples=384", "rows_per_shard=8", "n_stations=40"]

    def command(where: object) -> list[str]:
        return [str(SLIPBENCH), "build", "source_demo", *options, "--out", str(where), "--workers", "1"]

    subprocess.run(command(tmp_path / "whole"), env=env, check=True, capture_output=True)
    process = subprocess.Popen(
        command(out),
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with with_environment(server):
        folder = folder_of(out)
        while shards_done(folder) < 3:
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert not (folder / "manifest.json").exists()
        subprocess.run(command(out), env=env, check=True, capture_output=True)
        found = {name: (folder / name).read_bytes() for name, _ in files_below(folder)}
    whole = tmp_path / "whole"
    assert found == {name: (whole / name).read_bytes() for name, _ in files_below(whole)}


def test_a_bucket_that_cannot_be_reached_is_one_line(tmp_path: Path, server: dict[str, str]) -> None:
    env = environment(tmp_path / "home") | server
    command = [str(SLIPBENCH), "build", "source_demo", "--out", "s3://slipbench-none/s"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True)
    assert ran.returncode == 2
    assert len(ran.stderr.strip().splitlines()) == 1
    assert "slipbench: s3://slipbench-none/s" in ran.stderr
    assert server["AWS_SECRET_ACCESS_KEY"] not in ran.stderr
