"""Mixtures of normal distributions in torch: what a network predicts when it predicts a distribution."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

#: Rounds of Weiszfeld's iteration; the spread of the draws is what it starts from.
_ROUNDS = 40
#: Halvings of the interval in which a quantile lies.
_HALVINGS = 30


@dataclass(frozen=True)
class NormalMixture:
    """One mixture of j components in k dimensions for every row of a batch.

    Parameters
    ----------
    log_share : Tensor, shape (batch, j)
        Logarithms of the shares, which sum to 1.
    mean : Tensor, shape (batch, j, k)
        Centres.
    root : Tensor, shape (batch, j, k, k)
        Lower triangular roots R of the precisions: R (x - mean) is standard normal.
    """

    log_share: Tensor
    mean: Tensor
    root: Tensor

    def log_density(self, x: Tensor) -> Tensor:
        """Log density (batch, n) at points (batch, n, k)."""
        white = torch.einsum("bjlk,bnjk->bnjl", self.root, x[:, :, None] - self.mean[:, None])
        scale = self.root.diagonal(dim1=-2, dim2=-1).log().sum(-1) + self.log_share
        constant = 0.5 * self.mean.shape[-1] * math.log(2 * math.pi)
        return torch.logsumexp(scale[:, None] - 0.5 * white.square().sum(-1), -1) - constant

    def draws(self, normal: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted points of every component.

        Parameters
        ----------
        normal : Tensor, shape (n, k)
            Standard normal points, the same for all components.

        Returns
        -------
        tuple of Tensor
            Points (batch, j n, k) and weights (batch, j n) of sum 1.
        """
        white = normal.T.expand(*self.root.shape[:2], -1, -1)
        away = torch.linalg.solve_triangular(self.root, white, upper=False)
        points = (away + self.mean[..., None]).mT.flatten(1, 2)
        weight = self.log_share.exp()[..., None] / len(normal)
        return points, weight.expand(-1, -1, len(normal)).flatten(1)

    def sample(self, n: int, generator: torch.Generator) -> Tensor:
        """Random points (batch, n, k), by a generator of the CPU."""
        of = torch.multinomial(self.log_share.exp().cpu(), n, True, generator=generator).to(self.mean.device)
        batch, k = len(of), self.mean.shape[-1]
        normal = torch.randn(batch, n, k, 1, generator=generator).to(self.mean)
        at = torch.arange(batch, device=of.device)[:, None]
        away = torch.linalg.solve_triangular(self.root[at, of], normal, upper=False)
        return self.mean[at, of] + away[..., 0]

    def marginal(self, axes: Sequence[int]) -> "NormalMixture":
        """The distribution of some of the coordinates."""
        eye = torch.eye(self.root.shape[-1], dtype=self.root.dtype, device=self.root.device)
        spread = torch.linalg.solve_triangular(self.root, eye.expand_as(self.root), upper=False)[..., axes, :]
        factor = torch.linalg.cholesky(spread @ spread.mT)
        eye = eye[: len(axes), : len(axes)].expand_as(factor)
        root = torch.linalg.solve_triangular(factor, eye, upper=False)
        return NormalMixture(self.log_share, self.mean[..., axes], root)

    def cumulative(self, x: Tensor) -> Tensor:
        """Probability (batch,) of values below x (batch,); of mixtures in one dimension."""
        white = self.root[..., 0, 0] * (x[:, None] - self.mean[..., 0])
        return (self.log_share.exp() * torch.special.ndtr(white)).sum(-1)

    def quantiles(self, levels: Sequence[float]) -> Tensor:
        """Values (batch, levels) below which lie these probabilities, by bisection; in one dimension."""
        wanted = torch.tensor(levels, dtype=self.mean.dtype, device=self.mean.device)
        deviation = 1 / self.root[..., 0, 0]
        centre, reach = self.mean[..., 0], torch.special.ndtri(wanted).abs().max() * deviation
        low, high = (
            edge[:, None].expand(-1, len(wanted))
            for edge in ((centre - reach).amin(-1) - 1e-6, (centre + reach).amax(-1) + 1e-6)
        )
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = torch.stack([self.cumulative(x) for x in middle.unbind(-1)], -1) < wanted
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2

    def mass(self, x: Tensor, normal: Tensor) -> Tensor:
        """Mass (batch,) of the smallest region that holds x (batch, k), by the points `normal` (n, k).

        Where the distribution is right it is uniform in 0 ... 1.
        """
        points, weight = self.draws(normal)
        denser = self.log_density(points) > self.log_density(x[:, None])
        return (weight * denser).sum(-1)


def standard_points(n: int, k: int) -> Tensor:
    """`n` standard normal points (n, k), float64, evenly spread: the same ones always (Sobol 1967)."""
    even = torch.quasirandom.SobolEngine(k).draw(n, dtype=torch.float64)
    return torch.special.ndtri((even * n + 0.5) / (n + 1))


def geometric_median(points: Tensor, weight: Tensor) -> Tensor:
    """Place (batch, k) of least expected distance to weighted points (batch, n, k) (Weiszfeld 1937)."""
    at = (weight[..., None] * points).sum(1)
    least = 1e-6 * (weight[..., None] * (points - at[:, None]).square()).sum((1, 2)).sqrt() + 1e-30
    for _ in range(_ROUNDS):
        away = (points - at[:, None]).square().sum(-1).sqrt()
        pull = weight / torch.maximum(away, least[:, None])
        at = (pull[..., None] * points).sum(1) / pull.sum(1, keepdim=True)
    return at


def weighted_median(values: Tensor, weight: Tensor) -> Tensor:
    """Medians (batch,) of weighted values (batch, n)."""
    ordered, order = values.sort(-1)
    total = weight.gather(-1, order).cumsum(-1)
    at = torch.searchsorted(total, total[:, -1:] / 2)
    return ordered.gather(-1, at.clamp(max=values.shape[-1] - 1))[:, 0]
