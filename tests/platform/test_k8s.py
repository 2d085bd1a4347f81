"""Every kustomization renders, and what it renders are objects that Kubernetes and KubeRay know."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from pydantic import ValidationError

from .kube import FOLDERS, K8S, OVERLAYS, ROOT, Document, of_kind, pods, rendered
from .kuberay import KUBERNETES, MODELS, problems, schema

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
README = (K8S / "README.md").read_text()
#: Kinds that a reader of the folder expects to find there.
STANDING = {
    "ConfigMap", "CronJob", "Deployment", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding",
    "Namespace", "NetworkPolicy", "PersistentVolumeClaim", "PodDisruptionBudget", "PriorityClass", "Service",
    "ServiceAccount",
}  # fmt: skip


@pytest.mark.parametrize("folder", FOLDERS)
def test_core_kinds_fit_the_schemas_of_kubernetes(folder: str) -> None:
    for document in rendered(folder):
        if not document["apiVersion"].startswith("ray.io/"):
            kubernetes_validate.validate(document, KUBERNETES, strict=True)


@pytest.mark.parametrize("folder", FOLDERS)
def test_kuberays_kinds_fit_our_model(folder: str) -> None:
    for document in rendered(folder):
        if document["apiVersion"].startswith("ray.io/"):
            MODELS[document["kind"]].model_validate(document)


@pytest.mark.parametrize("kind", sorted(MODELS))
def test_kuberays_kinds_fit_their_published_schema(kind: str, data_dir: Path) -> None:
    found = schema(data_dir, kind)
    folders = [f"overlays/{o}" + ("/jobs" if kind == "RayJob" else "") for o in OVERLAYS]
    for folder in folders:
        (document,) = of_kind(rendered(folder), kind)
        assert problems(document, found) == []


def _set(document: Document, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    node: Any = document
    for key in parents:
        node = node[int(key)] if key.isdigit() else node[key]
    node[last] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.submissionmode", "SidecarMode"),
        ("spec.backoffLimit", "3"),
        ("spec.rayClusterSpec.headGroupSpec.template.spec.nodeselector", {}),
        ("spec.rayClusterSpec.workerGroupSpecs.0.template.spec.containers.0.resources", {"limits": []}),
        ("spec.rayClusterSpec.authOptions.mode", "password"),
    ],
)
def test_a_mistake_is_found_by_the_schema_and_by_our_model(path: str, value: Any, data_dir: Path) -> None:
    (document,) = of_kind(rendered("overlays/cpu/jobs"), "RayJob")
    _set(document, path, value)
    assert problems(document, schema(data_dir, "RayJob"))
    with pytest.raises((ValidationError, kubernetes_validate.ValidationError)):
        MODELS["RayJob"].model_validate(document)


def test_the_folders_hold_what_they_promise() -> None:
    assert {d["kind"] for d in rendered("base")} == STANDING
    for overlay in OVERLAYS:
        assert {d["kind"] for d in rendered(f"overlays/{overlay}")} == STANDING | {"RayCluster"}
        assert {d["kind"] for d in rendered(f"overlays/{overlay}/jobs")} == {"RayJob", "Job"}


def test_every_manifest_is_in_a_kustomization() -> None:
    for file in K8S.rglob("kustomization.yaml"):
        listed = [
            Path(r).name for r in yaml.safe_load(file.read_text()).get("resources", []) if ".." not in r
        ]
        assert sorted(listed) == sorted(p.name for p in file.parent.glob("*.yaml") if p != file), file


def test_every_configuration_is_in_a_config_map() -> None:
    made = yaml.safe_load((ROOT / "configs" / "kustomization.yaml").read_text())["configMapGenerator"]
    listed = sorted(f for m in made for f in m["files"])
    there = sorted(p.relative_to(ROOT / "configs").as_posix() for p in (ROOT / "configs").rglob("*/*.yaml"))
    assert listed == there
    maps = {d["metadata"]["name"].rpartition("-")[0]: d for d in of_kind(rendered("base"), "ConfigMap")}
    for file in there:
        kind, name = file.split("/")
        found = maps[f"slipbench-configs-{kind}"]
        assert found["data"][name] == (ROOT / "configs" / file).read_text()
        assert found["immutable"] is True
        assert sum(len(v) for v in found["data"].values()) < 2**20, "etcd takes 1 MiB"


def test_a_size_changes_the_ray_nodes_and_nothing_else() -> None:
    def others(folder: str) -> list[Document]:
        return [d for d in rendered(folder) if d["kind"] not in ("RayCluster", "RayJob")]

    for overlay in OVERLAYS[1:]:
        assert others(f"overlays/{overlay}") == others("overlays/cpu")
        assert others(f"overlays/{overlay}/jobs") == others("overlays/cpu/jobs")


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_run_has_the_nodes_of_the_standing_cluster(overlay: str) -> None:
    (cluster,) = of_kind(rendered(f"overlays/{overlay}"), "RayCluster")
    (run,) = of_kind(rendered(f"overlays/{overlay}/jobs"), "RayJob")
    assert run["spec"]["rayClusterSpec"] == cluster["spec"]


@pytest.mark.parametrize(
    ("overlay", "gpus"), [("cpu", [0, 0]), ("single-gpu", [1, 0]), ("multi-gpu", [1, 3])]
)
def test_gpus_their_images_and_their_tolerations(overlay: str, gpus: list[int]) -> None:
    (cluster,) = of_kind(rendered(f"overlays/{overlay}"), "RayCluster")
    (workers,) = cluster["spec"]["workerGroupSpecs"]
    found = []
    for pod, count in zip(pods([cluster]), (1, workers["replicas"]), strict=True):
        (container,) = pod.containers
        each = int(container["resources"]["limits"].get("nvidia.com/gpu", 0))
        found.append(each * count)
        assert container["image"] == f"slipbench:{VERSION}-{'cuda' if each else 'cpu'}"
        tolerated = {t["key"] for t in pod.spec.get("tolerations", [])}
        assert tolerated == ({"nvidia.com/gpu"} if each else set())
    assert found == gpus


def test_ray_is_the_tested_version() -> None:
    pinned = re.search(r"^ray==(.*)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    (cluster,) = of_kind(rendered("overlays/cpu"), "RayCluster")
    assert pinned
    assert cluster["spec"]["rayVersion"] == pinned[1]


def _references(documents: list[Document]) -> Iterator[tuple[str, str, str]]:
    """Kind and name of what pods refer to, and who does; optional ones are left out."""
    for pod in pods(documents):
        yield "ServiceAccount", pod.spec["serviceAccountName"], pod.where
        yield "PriorityClass", pod.spec["priorityClassName"], pod.where
        for volume in pod.spec.get("volumes", []):
            if "configMap" in volume:
                yield "ConfigMap", volume["configMap"]["name"], pod.where
            if "secret" in volume:
                yield "Secret", volume["secret"]["secretName"], pod.where
            if "persistentVolumeClaim" in volume:
                yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"], pod.where
        for container in pod.containers:
            for source in container.get("envFrom", []):
                for key, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
                    if key in source:
                        yield kind, source[key]["name"], pod.where
            for variable in container.get("env", []):
                for key, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
                    if key in variable.get("valueFrom", {}):
                        yield kind, variable["valueFrom"][key]["name"], pod.where


def secrets_to_make() -> set[str]:
    """Names in the README's table of Secrets."""
    return set(re.findall(r"^\| `(slipbench-[a-z-]+)` \|", README, re.MULTILINE))


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_pods_refer_to_exists_or_is_to_be_made(folder: str) -> None:
    documents = rendered("base") + (rendered(folder) if folder != "base" else [])
    there = {(d["kind"], d["metadata"]["name"]) for d in documents}
    there |= {("Secret", name) for name in secrets_to_make()}
    for kind, name, where in _references(documents):
        assert (kind, name) in there, f"{where} refers to {kind} {name}"


def test_the_readme_asks_for_no_secret_that_nobody_reads() -> None:
    documents = [d for folder in FOLDERS for d in rendered(folder)]
    assert {n for kind, n, _ in _references(documents) if kind == "Secret"} == secrets_to_make()


def test_a_generated_name_follows_its_contents() -> None:
    """A changed configuration is another ConfigMap, so a running benchmark keeps its own."""
    (nightly,) = of_kind(rendered("base"), "CronJob")
    volumes = nightly["spec"]["jobTemplate"]["spec"]["template"]["spec"]["volumes"]
    names = [v["configMap"]["name"] for v in volumes if "configMap" in v]
    assert len(names) == len(list((ROOT / "configs").glob("*/")))
    assert all(re.fullmatch(r"slipbench-configs-[a-z]+-[a-z0-9]{10}", n) for n in names)
