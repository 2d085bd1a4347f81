"""KubeRay's kinds: their published schemas made strict, and what its operator checks beside them."""

import gzip
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import kubernetes_validate
import yaml
from jsonschema import Draft202012Validator
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

#: The oldest Kubernetes that the manifests are for.
KUBERNETES = "1.36"


@cache
def schema(data: Path, kind: str) -> dict[str, Any]:
    """The schema of a kind in ``data``/schemas; unknown fields are refused, as kubectl and the server do."""
    file = data / "schemas" / f"ray.io_{kind.lower()}s.crd.yaml.gz"
    definition = yaml.load(gzip.decompress(file.read_bytes()), yaml.CSafeLoader)
    (version,) = (v for v in definition["spec"]["versions"] if v["name"] == "v1")
    found = version["schema"]["openAPIV3Schema"]
    found["properties"]["metadata"] = {"x-kubernetes-preserve-unknown-fields": True}
    return _strict(found)


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(v) for v in node]
    if not isinstance(node, dict):
        return node
    out = {k: _strict(v) for k, v in node.items()}
    if "properties" in node and not node.get("x-kubernetes-preserve-unknown-fields"):
        out.setdefault("additionalProperties", False)
    if node.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
    return out


def problems(document: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What a schema has against a document."""
    return [f"{e.json_path}: {e.message[:200]}" for e in Draft202012Validator(found).iter_errors(document)]


def _pod(template: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": "pod", **template.get("metadata", {})}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
    kubernetes_validate.validate(pod, KUBERNETES, strict=True)
    return template


def _name(text: str) -> str:
    assert re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", text), f"{text} is no DNS label"
    return text


Template = Annotated[dict[str, Any], AfterValidator(_pod)]


class Strict(BaseModel):
    """A mapping without unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Head(Strict):
    rayStartParams: dict[str, str] = {}
    template: Template


class Workers(Strict):
    groupName: str
    replicas: int = Field(ge=0)
    minReplicas: int = Field(ge=0)
    maxReplicas: int = Field(ge=1)
    rayStartParams: dict[str, str] = {}
    template: Template

    @model_validator(mode="after")
    def replicas_within_bounds(self) -> "Workers":
        assert self.minReplicas <= self.replicas <= self.maxReplicas
        return self


class Auth(Strict):
    mode: Literal["token"]


class Nodes(Strict):
    rayVersion: str
    authOptions: Auth
    headGroupSpec: Head
    workerGroupSpecs: list[Workers]

    @model_validator(mode="after")
    def tokens_need_ray_2_52(self) -> "Nodes":
        assert tuple(int(n) for n in self.rayVersion.split(".")) >= (2, 52, 0)
        return self


class JobSpec(Strict):
    """A RayJob that submits itself beside the head, with what the operator asks of such a one."""

    submissionMode: Literal["SidecarMode"]
    entrypoint: str = Field(min_length=1)
    runtimeEnvYAML: str
    metadata: dict[str, str] = {}
    backoffLimit: int = Field(ge=0)
    activeDeadlineSeconds: int = Field(gt=0)
    shutdownAfterJobFinishes: Literal[True]
    ttlSecondsAfterFinished: int = Field(ge=0)
    rayClusterSpec: Nodes

    @model_validator(mode="after")
    def a_head_that_is_not_restarted(self) -> "JobSpec":
        head = self.rayClusterSpec.headGroupSpec.template["spec"]
        assert head.get("restartPolicy", "Never") == "Never", (
            "SidecarMode needs a head with restartPolicy Never"
        )
        assert all(c["name"] != "ray-job-submitter" for c in head["containers"])
        assert isinstance(yaml.safe_load(self.runtimeEnvYAML), dict)
        return self


class Metadata(Strict):
    name: Annotated[str, Field(max_length=47), AfterValidator(_name)]
    namespace: str
    labels: dict[str, Annotated[str, Field(max_length=63)]] = {}
    annotations: dict[str, str] = {}


class RayCluster(Strict):
    apiVersion: Literal["ray.io/v1"]
    kind: Literal["RayCluster"]
    metadata: Metadata
    spec: Nodes


class RayJob(Strict):
    apiVersion: Literal["ray.io/v1"]
    kind: Literal["RayJob"]
    metadata: Metadata
    spec: JobSpec


MODELS: dict[str, type[BaseModel]] = {"RayCluster": RayCluster, "RayJob": RayJob}
