"""A pipeline as objects of a Kubernetes cluster: the templates of an overlay, filled in."""

import re
from pathlib import Path
from typing import Any

import yaml

from slipbench.datasets.errors import InputError
from slipbench.datasets.registry import nearest
from slipbench.platform.config.cluster import Request, Stages
from slipbench.platform.nodes import CPU, GPU, MEMORY, Nodes, wanted
from slipbench.platform.stages import dataset_key
from slipbench.platform.submit.kubectl import REQUEST_SECONDS, kubectl
from slipbench.platform.submit.pipeline import Pipeline, cluster_text, yaml_text

OVERLAYS = Path("k8s/overlays")
#: Folder of an overlay with the templates of what runs once.
JOBS = "jobs"
#: Where the pods find the file of their pipeline or dataset.
MOUNT = "/submitted"

Document = dict[str, Any]


def find_overlay(text: str) -> Path:
    """The folder of templates that `text` means: a folder, or a name from ``k8s/overlays``.

    Raises
    ------
    InputError
        When there is none.
    """
    for folder in (Path(text), OVERLAYS / text):
        if (folder / JOBS / "kustomization.yaml").is_file():
            return folder / JOBS
    names = [p.name for p in OVERLAYS.glob("*") if (p / JOBS).is_dir()]
    raise InputError(
        f"--overlay {text}",
        "no overlay",
        f"a folder with {JOBS}/kustomization.yaml, or a name from {OVERLAYS}",
        nearest(text, names) if names else "run this in a checkout of slipbench",
    )


def templates(folder: Path) -> dict[str, Document]:
    """The RayJob and the Job that an overlay builds, by kind."""
    documents = [d for d in yaml.safe_load_all(kubectl(["kustomize", str(folder)])) if d]
    found = {d["kind"]: d for d in documents}
    for kind in ("RayJob", "Job"):
        if kind not in found:
            raise InputError(folder, f"has no {kind}", "an overlay of k8s/jobs", "see k8s/overlays/cpu/jobs")
    return found


def pipeline_run(template: Document, pipeline: Pipeline, stages: Stages) -> list[Document]:
    """A ConfigMap with the pipeline, and a RayJob that runs it.

    Its home is the folder of the pipeline's name on the shared volume, so that the next submission goes on
    where this one stopped.

    Raises
    ------
    InputError
        When a request of a stage finds room in no pod of the overlay.
    """
    name = pipeline.label()
    files = {"pipeline.yaml": pipeline.text, "cluster.yaml": cluster_text(stages)}
    config, run = _named(template, name, pipeline.hash, files)
    nodes = _nodes(run["spec"]["rayClusterSpec"])
    for stage in type(stages).model_fields:
        nodes.check(f"stages.{stage}", wanted(getattr(stages, stage)))
    spec = run["spec"]
    spec["entrypoint"] = f"slipbench run {MOUNT}/pipeline.yaml --cluster {MOUNT}/cluster.yaml"
    spec["runtimeEnvYAML"] = yaml.safe_dump({"env_vars": {"SLIPBENCH_HOME": f"/state/{pipeline.name}"}})
    spec["metadata"] = {"pipeline": pipeline.name, "config": pipeline.hash}
    _mount(spec["rayClusterSpec"]["headGroupSpec"]["template"], name)
    return [config, run]


def _nodes(cluster: Document) -> Nodes:
    """The pods of a RayCluster as Ray will see them."""
    groups = [(cluster["headGroupSpec"], 1), *((g, g["replicas"]) for g in cluster["workerGroupSpecs"])]
    limits = [
        (group["template"]["spec"]["containers"][0]["resources"]["limits"], count) for group, count in groups
    ]
    return Nodes(tuple(_as_ray(one) for one, count in limits for _ in range(count)))


def _as_ray(limits: Document) -> dict[str, float]:
    return {
        CPU: quantity(limits["cpu"]),
        GPU: quantity(limits.get("nvidia.com/gpu", "0")),
        MEMORY: quantity(limits["memory"]),
    }


def quantity(text: str) -> float:
    """A quantity of Kubernetes, such as ``500m`` or ``16Gi``, as a number."""
    found = re.fullmatch(r"([0-9]+|[0-9]*\.[0-9]+)(m|[KMGTP]i?|k)?", str(text))
    if not found:
        raise InputError("overlay", f"{text!r}", "a quantity such as 500m or 16Gi", "write it so")
    number, unit = found.groups()
    if unit == "m":
        return float(number) / 1000
    return float(number) * (1024 if unit and unit.endswith("i") else 1000) ** " KMGTP".index(
        (unit or " ")[0].upper()
    )


def store_builds(template: Document, pipeline: Pipeline, stages: Stages, pods: int) -> list[Document]:
    """For each dataset of the pipeline a ConfigMap, and an Indexed Job of `pods` pods for its store."""
    out: list[Document] = []
    for dataset in pipeline.datasets():
        key = dataset_key(dataset)
        name = pipeline.label(dataset.name, key)
        text = yaml_text(dataset.model_dump(mode="json"))
        config, job = _named(template, name, key, {"dataset.yaml": text})
        spec = job["spec"]
        spec["completions"] = spec["parallelism"] = pods
        (container,) = spec["template"]["spec"]["containers"]
        container["resources"] = _resources(stages.build)
        container["args"] = _of_share(container["args"], f"{MOUNT}/dataset.yaml", pods)
        _mount(spec["template"], name)
        out += [config, job]
    return out


def _resources(request: Request) -> Document:
    """Requests of a pod's container, and limits alike: it is never slowed or killed for its neighbours."""
    amounts = {"cpu": f"{request.cpus:g}", "memory": f"{request.memory_gib:g}Gi"}
    if not (request.cpus and request.memory_gib):
        raise InputError("stages.build", f"{amounts}", "cpus and memory_gib of a pod", "write both")
    return {"requests": dict(amounts), "limits": dict(amounts)}


def _of_share(template: list[str], dataset: str, pods: int) -> list[str]:
    arguments = list(template)
    arguments[arguments.index("build") + 1] = dataset
    share = arguments.index("--share") + 1
    arguments[share] = f"{arguments[share].partition('/')[0]}/{pods}"
    return arguments


def _named(template: Document, name: str, key: str, files: dict[str, str]) -> tuple[Document, Document]:
    run = yaml.safe_load(yaml.safe_dump(template))  # a copy without YAML's references to shared parts
    metadata = run["metadata"]
    metadata["name"] = name
    metadata["labels"] = metadata.get("labels", {}) | {"slipbench.io/config": key[:12]}
    metadata["annotations"] = metadata.get("annotations", {}) | {"slipbench.io/config": key}
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {k: metadata[k] for k in ("name", "namespace", "labels", "annotations") if k in metadata},
        "immutable": True,
        "data": files,
    }
    return config, run


def _mount(pod: Document, config: str) -> None:
    pod["spec"].setdefault("volumes", []).append({"name": "submitted", "configMap": {"name": config}})
    container = pod["spec"]["containers"][0]
    container.setdefault("volumeMounts", []).append(
        {"name": "submitted", "mountPath": MOUNT, "readOnly": True}
    )


def as_yaml(documents: list[Document]) -> str:
    """The documents as kubectl reads them."""
    return yaml.dump_all(documents, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Whole files as blocks that people can read, and no references."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_text(self, data: str) -> yaml.Node:
        style = "|" if "\n" in data else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Plain.add_representer(str, _Plain.represent_text)


def apply(documents: list[Document]) -> str:
    """Hand the documents to the cluster; what kubectl says."""
    return kubectl(["apply", f"--request-timeout={REQUEST_SECONDS}s", "-f", "-"], as_yaml(documents))
