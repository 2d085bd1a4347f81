"""The last layers of a network that predicts a mixture of normals of its targets scaled to (0, 1)."""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from slipbench.trainers.normal_mixture import (
    NormalMixture,
    geometric_median,
    standard_points,
    weighted_median,
)

#: Share of a wide component that every prediction has, so that no truth is impossible; its deviation.
WIDE_SHARE, WIDE = 1e-3, 0.5
#: Smallest deviation of a component, in units of a target's range.
SHARPEST = 1e-3
#: Each component is a normal one with wider ones about it, by these factors, whose shares start at these. The
#: error of a network has long tails, and a truth far off a sharp component would pull far too hard.
TAILS = ((1.0, 0.84), (3.0, 0.12), (10.0, 0.04))
#: Points of each component by which medians and masses are worked out.
POINTS = 64


class MixtureHead(nn.Sequential):
    """Turns latents (batch, components, width) into parameters, one component each, and reads them.

    The first two targets are a place, the third is a magnitude. A component has a full covariance, normal but
    for tails of a learned weight; a wide one with a share of 0.001 lets no truth be impossible.

    Parameters
    ----------
    width : int
        Features of a latent.
    components : int
        Components of the mixture.
    n_outputs : int
        Number of targets k.
    growth : float, optional
        The place of a component is in units of a length that grows by so many powers of ten over the range of
        the third target (and is that of the place's range at its upper end). A truth that may lie a thousand
        times nearer would else pull as much harder.
    """

    def __init__(self, width: int, components: int, n_outputs: int, growth: float = 0.0) -> None:
        numbers = 1 + len(TAILS) + n_outputs + n_outputs * (n_outputs + 1) // 2
        super().__init__(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, numbers))
        self.components, self.k, self.growth = components, n_outputs, growth
        self.points: Tensor
        self.wide: Tensor
        self.register_buffer("points", standard_points(POINTS, n_outputs), persistent=False)
        wide = torch.cat([torch.full((self.k,), 0.5), (torch.eye(self.k) / WIDE).flatten()])
        self.register_buffer("wide", wide, persistent=False)  # mean and root of the wide component

    def forward(self, latents: Tensor) -> Tensor:
        """Flat parameters (batch, components (1 + tails + k + k (k + 1) / 2)) from the first latents."""
        return super().forward(latents[:, : self.components]).flatten(1)

    def mixture(self, outputs: Tensor) -> NormalMixture:
        """The predicted distribution of the targets scaled to (0, 1)."""
        k = self.k
        raw = outputs.unflatten(-1, (self.components, -1))
        share, tails, mean, sharp, below = raw.split([1, len(TAILS), k, k, k * (k - 1) // 2], -1)
        most = -math.log(SHARPEST)
        sharp = (most - functional.softplus(most - 1 - sharp)).exp()
        root = torch.diag_embed(sharp)
        rows, columns = torch.tril_indices(k, k, -1)
        # in units of the diagonal: a correlation is as easy to learn for sharp components as for wide ones
        root[..., rows, columns] = below * sharp[..., rows]
        mean = mean + 0.5
        if self.growth:
            length = 10.0 ** (self.growth * (mean[..., 2:3].clamp(-0.5, 1.5) - 1))
            mean = torch.cat([0.5 + length * (mean[..., :2] - 0.5), mean[..., 2:]], -1)
            root = torch.cat([root[..., :2] / length[..., None], root[..., 2:]], -1)
        log_share = share[..., 0].log_softmax(-1) + math.log1p(-WIDE_SHARE)
        factor, part = torch.tensor(TAILS, dtype=raw.dtype, device=raw.device).T
        shares = log_share[..., None] + (tails + part.log()).log_softmax(-1)
        wide = self.wide.to(raw).expand(len(raw), 1, -1)
        return NormalMixture(
            torch.cat([*shares.unbind(-1), wide[..., 0] * 0 + math.log(WIDE_SHARE)], -1),
            torch.cat([*[mean] * len(TAILS), wide[..., :k]], 1),
            torch.cat([*(root / f for f in factor), wide[..., k:].unflatten(-1, (k, k))], 1),
        )

    def loss(self, outputs: Tensor, wanted: Tensor) -> Tensor:
        """Mean negative log density of the truth (batch, k)."""
        with torch.autocast(outputs.device.type, enabled=False):
            return -self.mixture(outputs).log_density(wanted[:, None]).mean()

    def point(self, outputs: Tensor) -> Tensor:
        """Geometric median of the place, medians of the rest, (batch, k)."""
        points, weight = self.mixture(outputs).draws(self.points.to(outputs))
        place = geometric_median(points[..., :2], weight)
        rest = [weighted_median(points[..., i], weight) for i in range(2, self.k)]
        return torch.cat([place, *(r[:, None] for r in rest)], -1)

    def quantiles(self, outputs: Tensor, target: int, levels: Sequence[float]) -> Tensor:
        """Values (batch, levels) of one target that it exceeds with probabilities 1 - level."""
        return self.mixture(outputs).marginal([target]).quantiles(levels)

    def calibration(self, outputs: Tensor, wanted: Tensor) -> Mapping[str, Tensor]:
        """Uniform in 0 ... 1 where the distribution is right (batch,).

        ``position`` is the mass of the smallest region of the place that holds the truth, ``mw`` the
        probability of a smaller magnitude.
        """
        found = self.mixture(outputs)
        place, size = found.marginal([0, 1]), found.marginal([2])
        return {
            "position": place.mass(wanted[:, :2], self.points[:, :2].to(outputs)),
            "mw": size.cumulative(wanted[:, 2]),
        }
