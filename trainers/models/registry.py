"""The registry of networks, and what every network offers. A network is one file here."""

from typing import Any, ClassVar

from torch import nn

from slipbench.datasets.options import Options as BaseOptions
from slipbench.datasets.registry import Info, Registry


class Network(nn.Module):
    """Base of all networks.

    Attributes
    ----------
    Options : class
        Options model with ``model: Literal["<name>"]``.
    array : str
        Array of the store that the network reads.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[BaseOptions]]
    array: ClassVar[str]

    def __init__(self, options: Any, shape: tuple[int, ...], n_outputs: int) -> None:
        """Build for rows of `shape` and `n_outputs` scaled targets; a network of its own calls this first."""
        super().__init__()


MODELS: Registry[type[Network]] = Registry("network", "slipbench.trainers.models")
