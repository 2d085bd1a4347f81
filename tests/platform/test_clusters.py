"""Configurations of clusters: what commands make of them, and stores that Ray builds."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipbench.datasets.errors import InputError
from slipbench.platform.config.cluster import GpuRequest, Request
from slipbench.platform.nodes import CPU, GPU, MEMORY, Nodes, wanted
from slipbench.platform.submit.kubernetes import quantity
from tests.chaos.builds import digests

TINY = ("n_samples=24", "rows_per_shard=8", "n_stations=30", "representations=[ts]")
GIB = 2**30


def _refused(ran: Any, *words: str) -> None:
    assert (ran.code, ran.out) == (2, "")
    line = ran.err.strip().splitlines()[-1]
    assert all(word in line for word in words), line


def cluster(folder: Path, text: str, name: str = "cluster") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text)
    return path


def test_two_clusters_are_one_too_many(slipbench: Any) -> None:
    _refused(
        slipbench("build", "source_demo", *TINY, "--workers", "2", "--ray", "here"),
        "--workers and --ray",
        "name different clusters",
    )
    _refused(slipbench("run", "quickstart", "--cluster", "local", "--ray", "auto"), "--cluster and --ray")


def test_a_cluster_for_submissions_runs_nothing_from_here(slipbench: Any, tmp_path: Path) -> None:
    _refused(slipbench("build", "source_demo", *TINY, "--cluster", "kubernetes"), "slipbench submit")
    assert not (tmp_path / "home" / "stores").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cluster: slurm", ("cluster", "slurm")),
        ("cluster: ray\nstages: {build: {cpu: 1}}", ("stages.build.cpu", "did you mean 'cpus'")),
        ("cluster: ray\nstages: {build: {gpus: 1}}", ("stages.build.gpus",)),
        ("cluster: ray\nstages: {trial: {memory_gib: -1}}", ("stages.trial.memory_gib",)),
        ("cluster: dask", ("scheduler",)),
    ],
)
def test_a_wrong_file_is_one_line(slipbench: Any, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    _refused(slipbench("build", "source_demo", *TINY, "--cluster", cluster(tmp_path, text)), *words)


def test_the_kind_must_be_that_of_the_submission(slipbench: Any) -> None:
    _refused(
        slipbench("submit", "quickstart", "--to", "ray", "--cluster", "kubernetes", "--render"),
        "of kind kubernetes",
    )


@pytest.mark.service
@pytest.mark.timeout(280)
def test_ray_builds_the_store_of_one_process(slipbench: Any, tmp_path: Path) -> None:
    alone, here = tmp_path / "alone.zarr", tmp_path / "here.zarr"
    assert slipbench("build", "source_demo", *TINY, "--out", alone, "--workers", "1").code == 0
    own = cluster(tmp_path, "cluster: ray\naddress: here\nstages: {build: {cpus: 0.5, memory_gib: 0.25}}")
    ran = slipbench("build", "source_demo", *TINY, "--out", here, "--cluster", own)
    assert ran.code == 0, ran.err
    assert digests(here) == digests(alone)

    cpus = 4 * (os.cpu_count() or 1)
    large = cluster(tmp_path, f"cluster: ray\naddress: here\nstages: {{build: {{cpus: {cpus}}}}}", "large")
    ran = slipbench("build", "source_demo", *TINY, "--out", tmp_path / "none.zarr", "--cluster", large)
    _refused(ran, f"stages.build: {cpus} CPUs", "one node of the Ray cluster")
    assert not (tmp_path / "none.zarr").exists()

    ran = slipbench("build", "source_demo", *TINY, "--out", "memory://x/none.zarr", "--cluster", own)
    _refused(ran, "in the memory of this process")


amounts = st.floats(0, 64).map(lambda x: round(x, 2))
machines = st.lists(
    st.fixed_dictionaries({CPU: amounts, GPU: amounts, MEMORY: amounts.map(lambda x: x * GIB)}), max_size=5
)


@given(machines, amounts, amounts, amounts)
def test_a_task_is_refused_exactly_where_no_machine_has_room(
    each: list[dict[str, float]], cpus: float, gpus: float, memory: float
) -> None:
    task = wanted(GpuRequest(cpus=cpus, gpus=gpus, memory_gib=memory))
    room = any(m[CPU] >= cpus and m[GPU] >= gpus and m[MEMORY] >= memory * GIB for m in each)
    nodes = Nodes(tuple(each))
    assert bool(nodes.places(task)) == room
    if room:
        nodes.check("cell", task)
        return
    with pytest.raises(InputError, match="one node of the Ray cluster"):
        nodes.check("cell", task)


def test_two_halves_are_no_whole() -> None:
    nodes = Nodes(({CPU: 2.0}, {CPU: 2.0}))
    assert nodes.places(wanted(Request(cpus=1.5))) == 2
    with pytest.raises(InputError, match=r"fit: 3 CPUs; expected at most .*, 2 CPUs"):
        nodes.check("fit", wanted(Request(cpus=3)))


def test_what_declares_more_gets_more() -> None:
    assert wanted(GpuRequest(cpus=1), cpus=0.25) == {CPU: 1.0}
    assert wanted(GpuRequest(cpus=1, memory_gib=2), cpus=4, gpus=0.5) == {CPU: 4.0, GPU: 0.5, MEMORY: 2 * GIB}


def test_quantities_of_kubernetes() -> None:
    assert [quantity(t) for t in ("4", "500m", "16Gi", "2G", "1.5Ki")] == [4, 0.5, 16 * GIB, 2e9, 1536]
    with pytest.raises(InputError, match="'16 gigs'; expected a quantity"):
        quantity("16 gigs")
