"""Learned measures of a step in the middle of a series, for any days that are missing."""

import math

import torch
from torch import Tensor, nn

#: Days over which the first filters forget what is far from the step.
_SHORTEST, _LONGEST = 1.0, 60.0


class StepFilters(nn.Module):
    """Weighted means of the days after an event less weighted means of the days before it.

    The weights are positive and those of the days that a station has are scaled to a sum of 1, so a step is
    measured without bias whichever days are missing, and the level of the series does not matter. They start
    as exponentials in the time from the event, of lengths from a day to the whole window: the short ones for
    steps in slowly wandering noise, the long ones for white noise, their differences for motion after the
    event. All of them are learned.

    Parameters
    ----------
    days : int
        Length of the series; the event is on day ``days // 2``.
    filters : int
        Filters.
    """

    def __init__(self, days: int, filters: int) -> None:
        super().__init__()
        self.centre = days // 2
        lengths = torch.logspace(math.log10(_SHORTEST), math.log10(_LONGEST), filters)
        day = torch.arange(days)
        since = torch.where(day < self.centre, self.centre - 1 - day, day - self.centre)
        self.log_weight = nn.Parameter(-since[:, None] / lengths)
        self.side: Tensor
        side = torch.stack([day < self.centre, day >= self.centre], -1).float()
        self.register_buffer("side", side, persistent=False)  # (day, before or after)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Steps, which stations count, and how the series scatter from day to day.

        Parameters
        ----------
        x : Tensor, shape (batch, station, day, component)
            Positions; a day counts as missing where any component is NaN.

        Returns
        -------
        tuple of Tensor
            Steps (batch, station, component, filter), 0 at stations without any day on one of the sides;
            bool (batch, station), whether a station has both; deviation of a day, from differences of
            successive days before the event (batch, station, component), NaN where there are none.
        """
        parts = x.shape[-1]
        seen = x.sum(-1).isfinite()
        x = torch.where(seen[..., None], x, 0)
        weight = self.log_weight.exp()[:, None] * self.side[..., None]  # (day, side, filter)
        # one product over days and components together, as they lie in memory
        spread = torch.einsum("dsf,ce->dcsef", weight, torch.eye(parts, dtype=x.dtype, device=x.device))
        sums = (x.flatten(2) @ spread.flatten(2).flatten(0, 1)).unflatten(-1, (2, parts, -1))
        totals = (seen.to(x) @ weight.flatten(1)).unflatten(-1, (2, 1, -1))
        before, after = (sums / totals.clamp(min=1e-30)).unbind(2)
        counts = (seen.to(x) @ self.side > 0).all(-1)
        steps = torch.where(counts[..., None, None], after - before, 0)
        return steps, counts, self._scatter(x[:, :, : self.centre], seen[..., : self.centre])

    @staticmethod
    def _scatter(x: Tensor, seen: Tensor) -> Tensor:
        pairs = (seen[..., 1:] & seen[..., :-1])[..., None]
        jumps = torch.where(pairs, x[:, :, 1:] - x[:, :, :-1], 0).abs().sum(2)
        # of normal days: the mean jump is 2 / sqrt(pi) deviations
        return jumps / pairs.sum(2) * (torch.pi**0.5 / 2)
