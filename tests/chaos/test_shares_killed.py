"""A store built by several processes like the pods of an Indexed Job: any order, one killed and restarted."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.platform.kube import expanded, of_kind, rendered

from .builds import SLIPBENCH, digests, environment, wait_for_shards

OPTIONS = ["n_samples=384", "rows_per_shard=8", "n_stations=40", "representations=[img,ts]"]
PODS = 4


def command() -> list[str]:
    """The command of k8s/jobs/build.yaml, for a smaller dataset and `PODS` pods."""
    (job,) = of_kind(rendered("overlays/cpu/jobs"), "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    named = {"source_honshu_20k": "source_demo"}
    arguments = [named.get(a, a) for a in container["args"]]
    assert "source_demo" in arguments
    return [a.replace(f"/{job['spec']['completions']}", f"/{PODS}") for a in arguments]


def pod(index: int, out: Path, env: dict[str, str]) -> subprocess.Popen:
    own = {"JOB_COMPLETION_INDEX": str(index)}
    line = [expanded(a, own) for a in command()]
    return subprocess.Popen(
        [str(SLIPBENCH), *line, *OPTIONS, "--out", str(out), "--json"],
        env=env | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen) -> dict:
    stdout, stderr = process.communicate(timeout=200)
    assert process.returncode == 0, stderr
    return json.loads(stdout)


@pytest.mark.timeout(280)
def test_four_pods_one_killed_build_the_store_of_one_process(tmp_path: Path) -> None:
    env, whole, out = environment(tmp_path / "home"), tmp_path / "whole.zarr", tmp_path / "shared.zarr"
    single = [str(SLIPBENCH), "build", "source_demo", *OPTIONS, "--out", str(whole), "--workers", "1"]
    subprocess.run(single, env=env, check=True, capture_output=True)

    first = pod(2, out, env)
    wait_for_shards(out, first, 3)
    os.killpg(first.pid, signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    first.communicate()

    beside = [pod(3, out, env), pod(0, out, env)]
    assert all("missing_shards" in end(process) for process in beside)
    assert end(pod(1, out, env))["missing_shards"] > 0
    assert not (out / "manifest.json").exists()
    assert end(pod(2, out, env))["rows"] == 384  # the one that was killed is the last, and seals
    assert digests(out) == digests(whole)
    assert end(pod(2, out, env))["rows"] == 384  # a pod that comes twice
    assert digests(out) == digests(whole)


def test_a_share_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    for text in ("4/4", "1", "one/2"):
        found = subprocess.run(
            [str(SLIPBENCH), "build", "source_demo", "--share", text],
            env=environment(tmp_path / "home"),
            capture_output=True,
            text=True,
        )
        assert found.returncode == 2
        assert found.stderr.startswith(f"slipbench: --share {text}")
        assert len(found.stderr.splitlines()) == 1
    assert not (tmp_path / "home").exists()
