"""Noise on a device: what both noise models in torch (`parametric_torch`, `surrogate_torch`) offer.

A row's noise follows from (key, row, draw), whatever the batch. Both take linear combinations of days rather
than days: the change between two days needs one field of noise per component instead of two. Days come in an
order of the caller's choice, and combinations of the leading days alone draw no more than those days need,
with the numbers that the whole window would have.
"""

from typing import Protocol

from torch import Tensor


class DeviceNoise(Protocol):
    """Noise of rows on a device."""

    def draw(self, rows: Tensor, weights: Tensor, draw: int = 0) -> Tensor:
        """Combinations of days of the noise of each row.

        Parameters
        ----------
        rows : Tensor of int64, shape (n,)
            Row numbers in the store.
        weights : Tensor, shape (o, k)
            Weights of the k leading days in each of o outputs.
        draw : int
            Which of a row's independent draws.

        Returns
        -------
        Tensor, shape (n, o, c, m)
            mm: output, component, station.
        """
