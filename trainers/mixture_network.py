"""Networks that predict a mixture of normals."""

from collections.abc import Mapping

import torch
from torch import Tensor

from slipbench.trainers.mixture_head import MixtureHead
from slipbench.trainers.models.registry import Network
from slipbench.trainers.normal_mixture import NormalMixture


class MixtureNetwork(Network):
    """Base of networks whose outputs are those of their `head`.

    Trained by the negative log density of the truth. The point is the geometric median of the first two
    targets (the place) and the median of each other one.
    """

    head: MixtureHead

    def mixture(self, outputs: Tensor) -> NormalMixture:
        """The predicted distribution of the targets scaled to (0, 1)."""
        return self.head.mixture(outputs)

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Mean negative log density of the truth (batch, k)."""
        return self.head.loss(outputs, wanted)

    def point(self, outputs: Tensor) -> Tensor:
        """Geometric median of the place, medians of the rest, (batch, k)."""
        return self.head.point(outputs)

    def sample(self, outputs: Tensor, n: int, generator: torch.Generator) -> Tensor:
        """Draws of the mixture (batch, n, k)."""
        return self.mixture(outputs).sample(n, generator)

    def calibration(self, outputs: Tensor, wanted: Tensor) -> Mapping[str, Tensor]:
        """Uniform in 0 ... 1 where the distribution is right, see `MixtureHead.calibration`."""
        return self.head.calibration(outputs, wanted)
