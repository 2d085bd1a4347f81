"""The manifests of k8s/ as kubectl renders them, and their pods."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
KUBECTL = Path(sys.executable).parent / "kubectl"
OVERLAYS = ("cpu", "single-gpu", "multi-gpu")
#: Everything that somebody applies, as ``kubectl apply -k`` or through ``slipbench submit``.
FOLDERS = ("base", *(f"overlays/{o}" for o in OVERLAYS), *(f"overlays/{o}/jobs" for o in OVERLAYS), "shell")

Document = dict[str, Any]


@cache
def _rendered(folder: str) -> str:
    done = subprocess.run(
        [str(KUBECTL), "kustomize", str(K8S / folder)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "kustomize warns"
    return done.stdout


def rendered(folder: str) -> list[Document]:
    """Documents of a folder below k8s/, fresh each time."""
    return [d for d in yaml.safe_load_all(_rendered(folder)) if d]


def of_kind(documents: list[Document], kind: str) -> list[Document]:
    return [d for d in documents if d["kind"] == kind]


@dataclass(frozen=True)
class Pod:
    """A pod template: which object makes it, and as what."""

    where: str
    owner: Document
    template: Document

    @property
    def spec(self) -> Document:
        return self.template["spec"]

    @property
    def labels(self) -> dict[str, str]:
        return self.template.get("metadata", {}).get("labels", {})

    @property
    def containers(self) -> list[Document]:
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def pods(documents: list[Document]) -> Iterator[Pod]:
    """Every pod template of the documents."""
    for owner in documents:
        kind, spec = owner["kind"], owner.get("spec", {})
        where = f"{kind} {owner['metadata']['name']}"
        if kind == "Pod":
            yield Pod(where, owner, owner)
        if kind in ("Deployment", "Job"):
            yield Pod(where, owner, spec["template"])
        if kind == "CronJob":
            yield Pod(where, owner, spec["jobTemplate"]["spec"]["template"])
        if kind in ("RayCluster", "RayJob"):
            nodes = spec if kind == "RayCluster" else spec["rayClusterSpec"]
            yield Pod(f"{where} head", owner, nodes["headGroupSpec"]["template"])
            for group in nodes["workerGroupSpecs"]:
                yield Pod(f"{where} {group['groupName']}", owner, group["template"])


def expanded(argument: str, env: dict[str, str]) -> str:
    """An argument as the kubelet hands it on: ``$(NAME)`` filled in where NAME is known."""
    return re.sub(r"\$\((\w+)\)", lambda m: env.get(m[1], m[0]), argument)
