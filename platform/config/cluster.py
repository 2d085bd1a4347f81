"""Options of a cluster: what a YAML below ``configs/clusters`` holds. They never change a result."""

from typing import Annotated, Literal

from pydantic import Field

from slipbench.datasets.options import Options


class Request(Options):
    """What one task of a stage takes at the least."""

    cpus: float = Field(0.0, ge=0, description="CPU cores")
    memory_gib: float = Field(0.0, ge=0, description="memory to be kept free for it, GiB; 0: not asked for")


class GpuRequest(Request):
    """The same of a stage whose tasks may compute on GPUs."""

    gpus: float = Field(0.0, ge=0, description="GPUs; a share lets tasks share one")


class Stages(Options):
    """Requests of the stages. A decoder or a search that declares more gets more."""

    build: Request = Field(Request(cpus=1), description="one shard of a store")
    fit: Request = Field(Request(cpus=1), description="each of a trainer's `devices`, beside its GPU")
    trial: GpuRequest = Field(GpuRequest(), description="one trial of a search")
    cell: GpuRequest = Field(GpuRequest(), description="one cell of a suite")


#: What is asked for where nothing is said.
STAGES = Stages()


class Local(Options):
    """This machine: fits and cells in this process, searches in a Ray of their own."""

    cluster: Literal["local"] = "local"
    workers: int | None = Field(
        None, ge=1, description="processes that build stores; empty: threads of this one"
    )


class Dask(Options):
    """Stores on a running Dask cluster, everything else on this machine."""

    cluster: Literal["dask"] = "dask"
    scheduler: str = Field(description="address of the scheduler, tcp://HOST:PORT")


class Ray(Options):
    """Every stage on a Ray cluster."""

    cluster: Literal["ray"] = "ray"
    address: str = Field(
        "auto",
        min_length=1,
        description="HOST:PORT of the head, auto (that of this machine), or here (a Ray of its own)",
    )
    dashboard: str = Field(
        "",
        description="URL of the head's dashboard, where `slipbench submit` sends jobs; "
        "empty: RAY_API_SERVER_ADDRESS, or http://127.0.0.1:8265",
    )
    stages: Stages = STAGES


class Kubernetes(Options):
    """Every stage on pods that `slipbench submit` asks a Kubernetes cluster for."""

    cluster: Literal["kubernetes"] = "kubernetes"
    overlay: str = Field("cpu", min_length=1, description="name from k8s/overlays, or its folder")
    stages: Stages = STAGES


AnyCluster = Annotated[Local | Dask | Ray | Kubernetes, Field(discriminator="cluster")]

#: This machine as it is.
LOCAL = Local()
