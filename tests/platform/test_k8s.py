from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "k8s" / "base"
RESOURCES = yaml.safe_load((BASE / "kustomization.yaml").read_text())["resources"]
JOB = yaml.safe_load((BASE / "run.yaml").read_text())
POD = JOB["spec"]["template"]["spec"]


def test_kustomization_names_every_manifest():
    assert set(RESOURCES) == {p.name for p in BASE.glob("*.yaml")} - {"kustomization.yaml"}


def test_job_runs_a_shipped_pipeline_with_a_pinned_image():
    (container,) = POD["containers"]
    command, config = container["args"]
    assert command == "run"
    assert (ROOT / config).is_file()
    name, _, tag = container["image"].partition(":")
    assert name == "slipbench"
    assert tag not in ("", "latest")


def test_job_ends_and_is_cleaned_up():
    assert {"backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"} <= set(JOB["spec"])


def test_pod_keeps_the_restricted_rules():
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for container in POD["containers"]:
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"]["drop"] == ["ALL"]
        assert {"cpu", "memory"} <= set(container["resources"]["limits"])


def test_volumes_are_claimed_and_mounted():
    claim = yaml.safe_load((BASE / "state.yaml").read_text())["metadata"]["name"]
    claims = [v["persistentVolumeClaim"]["claimName"] for v in POD["volumes"] if "persistentVolumeClaim" in v]
    assert claims == [claim]
    mounted = {m["name"] for c in POD["containers"] for m in c["volumeMounts"]}
    assert mounted == {v["name"] for v in POD["volumes"]}


@pytest.mark.parametrize("folder", ["platform", "benchmarks", "trainers", "datasets", "configs"])
def test_image_holds_every_floor(folder):
    assert f"COPY {folder} {folder}" in (ROOT / "k8s" / "Dockerfile").read_text()
