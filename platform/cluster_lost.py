"""The error of a cluster that went away while a command worked on it."""

from slipbench.datasets.errors import InputError


class ClusterLost(InputError):
    """One line as for bad input, but something had begun, and the same command goes on from there.

    Parameters
    ----------
    where : str
        The cluster, as the user named it.
    what : str
        What is gone.
    """

    exit_code = 1

    def __init__(self, where: str, what: str) -> None:
        todo = "start one and run the same command again to go on"
        super().__init__(where, what, "a cluster that stays", todo)

    def __reduce__(self) -> tuple[type["ClusterLost"], tuple[str, str]]:
        return type(self), (self.where, self.what)
