"""What the machines of a cluster have, and whether a task finds room on one of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from slipbench.datasets.errors import InputError
from slipbench.platform.config.cluster import GpuRequest, Request

#: Ray's names of resources.
CPU, GPU, MEMORY = "CPU", "GPU", "memory"
_GIB = 2**30


def wanted(request: Request, cpus: float = 0.0, gpus: float = 0.0) -> dict[str, float]:
    """A request in Ray's names, at least `cpus` and `gpus`; memory in bytes, and only where asked for."""
    asked = request.gpus if isinstance(request, GpuRequest) else 0.0
    amounts = {CPU: max(request.cpus, cpus), GPU: max(asked, gpus), MEMORY: request.memory_gib * _GIB}
    return {name: amount for name, amount in amounts.items() if amount or name == CPU}


@dataclass(frozen=True)
class Nodes:
    """Resources of each machine of a cluster, in Ray's names.

    Parameters
    ----------
    each : tuple of mapping
        Such as ``{"CPU": 8.0, "GPU": 1.0, "memory": 3.2e10}``.
    """

    each: tuple[Mapping[str, float], ...]

    def total(self, name: str) -> float:
        """Of all machines together."""
        return sum(node.get(name, 0.0) for node in self.each)

    def places(self, task: Mapping[str, float]) -> int:
        """How many such tasks find room at once."""
        return sum(
            min((int(node.get(name, 0.0) / amount) for name, amount in task.items() if amount), default=1)
            for node in self.each
        )

    def check(self, where: str, task: Mapping[str, float]) -> None:
        """Refuse a task that would wait for ever.

        Parameters
        ----------
        where : str
            What it is, such as ``stages.build`` or a model's name.
        task : mapping
            From `wanted`.

        Raises
        ------
        InputError
            When no machine has all that it takes.
        """
        if self.places(task):
            return
        told = {
            n: f"{amount / _GIB:g} GiB memory" if n == MEMORY else f"{amount:g} {n}s"
            for n, amount in task.items()
        }
        name = max(task, key=lambda n: task[n] / max(self._most(n), 1e-9))
        most = self._most(name) / (_GIB if name == MEMORY else 1)
        unit = "GiB memory" if name == MEMORY else f"{name}s"
        raise InputError(
            where,
            " and ".join(text for n, text in told.items() if task[n]),
            f"at most what one node of the Ray cluster has, {most:.4g} {unit}",
            "lower it or use larger nodes",
        )

    def _most(self, name: str) -> float:
        return max((node.get(name, 0.0) for node in self.each), default=0.0)
