"""Parametric noise in torch (`device_noise` says how rows and days are given)."""

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.noise.parametric import ParametricSampler
from slipbench.datasets.noise.philox_torch import Key, normals


def _triangular(factor: np.ndarray) -> np.ndarray:
    """The lower triangular matrix l with l l^T = f f^T, which may be singular."""
    upper: np.ndarray = np.linalg.qr(factor.T, mode="r")  # type: ignore[assignment]
    return upper.T


class ParametricTorch(nn.Module):
    """`ParametricSampler` on a device: the same covariance.

    Parameters
    ----------
    sampler : ParametricSampler
        Prepared for the days in their order.
    key : tuple of 2 int
        Of the stream (`philox_torch.stream_key`).
    dtype : torch.dtype
        Of the work.
    """

    time: Tensor
    space: Tensor

    def __init__(self, sampler: ParametricSampler, key: Key, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.key = key
        # Triangular: the k leading days take k random fields only.
        time = np.stack([_triangular(f) for f in sampler.time])
        self.register_buffer("time", torch.from_numpy(time).to(dtype), persistent=False)
        self.register_buffer("space", torch.from_numpy(sampler.space.T.copy()).to(dtype), persistent=False)

    def draw(self, rows: Tensor, weights: Tensor, draw: int = 0) -> Tensor:
        """See `device_noise.DeviceNoise`."""
        c, m, k = len(self.time), len(self.space), weights.shape[1]
        white = normals(self.key, rows, k * c * m, draw, self.time.dtype).view(len(rows), k, c, m)
        mixing = weights.to(self.time) @ self.time[:, :k, :k]
        return torch.einsum("cok,nkcm->nocm", mixing, white) @ self.space
