"""What no manifest may do: run as root, without limits, an unpinned image or for ever, or hold a secret."""

import re
from typing import Any

import pytest

from .kube import FOLDERS, Document, Pod, of_kind, pods, rendered
from .pod_security import violations

PODS = [pytest.param(p, id=f"{folder}: {p.where}") for folder in FOLDERS for p in pods(rendered(folder))]
#: Names of variables that hold a secret.
SECRET = re.compile(r"PASSWORD|TOKEN|SECRET|ACCESS_KEY|CREDENTIAL|BACKEND_STORE_URI")


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_keeps_the_restricted_standard(pod: Pod) -> None:
    assert violations(pod.spec) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"hostNetwork": True}, "hostNetwork"),
        ({"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, "volume root: hostPath"),
        ({"securityContext": {}}, "ray-head: runAsNonRoot"),
        ({"initContainers": [{"name": "bare"}]}, "bare: allowPrivilegeEscalation"),
    ],
)
def test_the_check_finds_what_the_standard_forbids(change: Document, found: str) -> None:
    head = next(p for p in pods(rendered("overlays/cpu")) if p.where == "RayCluster slipbench head")
    assert found in violations(head.spec | change)


def test_the_namespace_enforces_the_standard() -> None:
    (namespace,) = of_kind(rendered("base"), "Namespace")
    labels = namespace["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert re.fullmatch(r"v1\.\d+", labels["pod-security.kubernetes.io/enforce-version"])


@pytest.mark.parametrize("pod", PODS)
def test_requests_and_limits(pod: Pod) -> None:
    for container in pod.containers:
        for kind in ("requests", "limits"):
            assert {"cpu", "memory"} <= set(container["resources"][kind]), f"{container['name']}: {kind}"
        for volume in pod.spec["volumes"]:
            assert "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"], volume["name"]


@pytest.mark.parametrize("pod", PODS)
def test_the_image_is_pinned_and_its_files_are_read_only(pod: Pod) -> None:
    for container in pod.containers:
        name, _, tag = container["image"].rpartition(":")
        assert name == "slipbench"
        assert re.fullmatch(r"\d+\.\d+\.\d+-(cpu|cuda)", tag)
        assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("pod", PODS)
def test_no_pod_talks_to_kubernetes(pod: Pod) -> None:
    assert pod.spec["automountServiceAccountToken"] is False


@pytest.mark.parametrize("pod", PODS)
def test_volumes_are_there_and_mounted(pod: Pod) -> None:
    mounted = {m["name"] for c in pod.containers for m in c["volumeMounts"]}
    assert mounted == {v["name"] for v in pod.spec["volumes"]}


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_secret_is_written_down(folder: str) -> None:
    documents = rendered(folder)
    assert not of_kind(documents, "Secret")
    for pod in pods(documents):
        for container in pod.containers:
            for variable in container.get("env", []):
                assert "value" not in variable or not SECRET.search(variable["name"]), variable["name"]
    for document in of_kind(documents, "ConfigMap"):
        assert not any(SECRET.search(key) for key in document["data"])
    assert not re.search(r"://[^/\s@\"]+:[^/\s@\"]+@", str(documents)), "a password in a URI"
    assert not re.search(r"AKIA[0-9A-Z]{16}|BEGIN [A-Z ]*PRIVATE KEY", str(documents))


def _ends(spec: dict[str, Any]) -> bool:
    tries = {"backoffLimit", "backoffLimitPerIndex"} & set(spec)
    return bool(tries) and {"activeDeadlineSeconds", "ttlSecondsAfterFinished"} <= set(spec)


@pytest.mark.parametrize("folder", FOLDERS)
def test_what_is_started_ends_and_is_cleaned_up(folder: str) -> None:
    documents = rendered(folder)
    for run in of_kind(documents, "RayJob") + of_kind(documents, "Job"):
        assert _ends(run["spec"])
    for nightly in of_kind(documents, "CronJob"):
        assert _ends(nightly["spec"]["jobTemplate"]["spec"])
        assert nightly["spec"]["concurrencyPolicy"] == "Forbid"
    for pod in of_kind(documents, "Pod"):
        assert pod["spec"]["activeDeadlineSeconds"] <= 3600


@pytest.mark.parametrize("pod", [p for p in PODS if p.values[0].owner["kind"] in ("Job", "CronJob")])
def test_bad_input_is_not_tried_again_and_a_lost_node_is(pod: Pod) -> None:
    owner = pod.owner["spec"]
    spec = owner if pod.owner["kind"] == "Job" else owner["jobTemplate"]["spec"]
    ignored, failed = spec["podFailurePolicy"]["rules"]
    assert ignored == {
        "action": "Ignore",
        "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
    }
    assert failed["action"] == "FailJob"
    assert failed["onExitCodes"]["values"] == [2]
    assert failed["onExitCodes"]["containerName"] in [c["name"] for c in pod.containers]
    assert pod.spec["restartPolicy"] == "Never"


def test_priorities_are_in_order() -> None:
    values = {d["metadata"]["name"]: d for d in of_kind(rendered("base"), "PriorityClass")}
    service, run, nightly = (values[f"slipbench-{n}"]["value"] for n in ("service", "run", "nightly"))
    assert service > run > nightly
    assert values["slipbench-nightly"]["preemptionPolicy"] == "Never"


def test_the_head_of_a_run_is_not_drained_away() -> None:
    (budget,) = of_kind(rendered("base"), "PodDisruptionBudget")
    selected = budget["spec"]["selector"]["matchLabels"]
    # a count: a share or maxUnavailable needs a controller with a scale, which KubeRay's kinds are not
    assert isinstance(budget["spec"]["minAvailable"], int)
    assert "maxUnavailable" not in budget["spec"]
    # the operator labels its pods so
    selected.pop("ray.io/node-type")
    head, worker = pods(of_kind(rendered("overlays/cpu/jobs"), "RayJob"))
    assert selected.items() <= head.labels.items()
    assert head.where.endswith("head")
    assert worker.labels == head.labels
