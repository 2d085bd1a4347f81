"""The registry of networks, and what every network offers. A network is one file here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from slipbench.datasets.options import Options as BaseOptions
from slipbench.datasets.registry import Info, Registry


@dataclass(frozen=True)
class TakeOver:
    """What a network can take over from a trained one of another kind.

    Parameters
    ----------
    parts : tuple of str
        Attributes (modules) that both have; their weights and running statistics are copied.
    same : tuple of str
        Options that must agree for the parts to have the same shapes.
    """

    parts: tuple[str, ...]
    same: tuple[str, ...]


class Network(nn.Module):
    """Base of all networks.

    ``forward(x, *static)`` maps the normalised rows (batch, \\*shape) and the store's arrays that `static`
    names, as they are stored (float64, no batch dimension), to its outputs (batch, p): the scaled targets, or
    the parameters of their distribution where a network has its own `loss` and `point`. A row with a missing
    value (NaN) must not change the outputs of other rows in evaluation mode; its own are NaN unless
    `takes_gaps`.

    Attributes
    ----------
    Options : class
        Options model with ``model: Literal["<name>"]``.
    array : str
        Array of the store that the network reads.
    static : tuple of str
        Static arrays of the store, such as station coordinates, that belong to the input. They are those of
        the store that is predicted, not of the one that was trained on.
    free_axes : tuple of int
        Axes of a row whose length another store may change, such as the number of stations.
    takes_gaps : bool
        Whether missing values (NaN) are part of the input.
    takes_over : mapping
        Other networks that a fit may start from.
    """

    info: ClassVar[Info]
    Options: ClassVar[type[BaseOptions]]
    array: ClassVar[str]
    static: ClassVar[tuple[str, ...]] = ()
    free_axes: ClassVar[tuple[int, ...]] = ()
    takes_gaps: ClassVar[bool] = False
    takes_over: ClassVar[Mapping[str, TakeOver]] = {}

    def __init__(self, options: Any, shape: tuple[int, ...], n_outputs: int) -> None:
        """Build for rows of `shape` and `n_outputs` scaled targets; a network of its own calls this first."""
        super().__init__()

    def learn_static(self, *static: Tensor) -> None:
        """Keep (in buffers) what must stay as it was in the training store, such as ranges; called once."""

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """What training makes small: by default the mean squared error of the scaled targets (batch, k)."""
        return nn.functional.mse_loss(outputs, wanted)

    def point(self, outputs: Tensor) -> Tensor:
        """Best single values of the scaled targets (batch, k): by default the outputs themselves."""
        return outputs

    def sample(self, outputs: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Random scaled targets (batch, n, k) of a predicted distribution; by default the point, n times."""
        return self.point(outputs)[:, None].expand(-1, n, -1)

    def calibration(self, outputs: Tensor, wanted: Tensor) -> Mapping[str, Tensor]:
        """By quantity, a number (batch,) for each row that is uniform in 0 ... 1 if the prediction is right.

        Of a predicted distribution and the true scaled targets (batch, k); nothing for points.
        """
        return {}


MODELS: Registry[type[Network]] = Registry("network", "slipbench.trainers.models")
