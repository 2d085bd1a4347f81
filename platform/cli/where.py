"""The cluster that a command's options mean."""

from slipbench.datasets.errors import InputError
from slipbench.platform.config.cluster import AnyCluster, Dask, Local, Ray


def where(
    cluster: str = "", workers: int | None = None, scheduler: str | None = None, ray: str | None = None
) -> AnyCluster:
    """Options of the cluster; this machine where nothing was asked for.

    Raises
    ------
    InputError
        For more than one of them, and for a file that is none.
    """
    given = {"--cluster": cluster, "--workers": workers, "--scheduler": scheduler, "--ray": ray}
    named = [name for name, value in given.items() if value]
    if len(named) > 1:
        raise InputError(
            " and ".join(named), "name different clusters", "one of them", "write one file for --cluster"
        )
    if cluster:
        from slipbench.platform.config.find import find
        from slipbench.platform.config.load import load

        found: AnyCluster = load(find("clusters", cluster), AnyCluster)
        return found
    if scheduler:
        return Dask(scheduler=scheduler)
    return Ray(address=ray) if ray else Local(workers=workers)
