"""Surrogates of real noise in torch (`device_noise` says how rows and days are given)."""

import math

import numpy as np
import torch
from torch import Tensor, nn

from slipbench.datasets.noise.philox_torch import Key, words

#: Most bytes of spectra that are gathered at once.
_GATHER_BYTES = 1 << 26


class SurrogateTorch(nn.Module):
    """`SurrogateNoise` on a device: the same windows, phases drawn alike.

    Parameters
    ----------
    spectra : ndarray, shape (w, 2, f, m, c)
        `SurrogateNoise.spectra`, channels as station and component.
    days : sequence of int
        The days, in their order.
    n_days : int
        Length of a window.
    key : tuple of 2 int
        Of the stream.
    dtype : torch.dtype
        Of the work.
    """

    spectra: Tensor
    waves: Tensor

    def __init__(
        self,
        spectra: np.ndarray,
        days: tuple[int, ...],
        n_days: int,
        key: Key,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.key, self.n_days = key, n_days
        self.shape = spectra.shape[-1], spectra.shape[-2]
        angle = 2 * np.pi * np.outer(days, np.arange(spectra.shape[2])) / n_days
        waves = np.stack([np.cos(angle), np.sin(angle)])
        self.register_buffer("waves", torch.from_numpy(waves).to(dtype), persistent=False)
        by_component = np.moveaxis(spectra, -1, -2).reshape(len(spectra), -1, self.shape[0] * self.shape[1])
        self.register_buffer("spectra", torch.from_numpy(by_component.copy()).to(dtype), persistent=False)

    def draw(self, rows: Tensor, weights: Tensor, draw: int = 0) -> Tensor:
        """See `device_noise.DeviceNoise`."""
        f = self.waves.shape[-1]
        cos_wave, sin_wave = weights.to(self.waves) @ self.waves[:, : weights.shape[1]]
        drawn = words(self.key, rows, 1 + f, draw)
        window = (drawn[:, 0] * len(self.spectra)) >> 32
        phase = (drawn[:, 1:].to(self.waves.dtype) + 0.5) * (2 * math.pi * 2.0**-32)
        cos, sin = phase.cos(), phase.sin()
        cos[:, 0], sin[:, 0] = 1.0, 0.0  # the mean
        if self.n_days % 2 == 0:  # a real series has phase 0 or pi there
            cos[:, -1], sin[:, -1] = torch.where(drawn[:, -1] < 1 << 31, 1.0, -1.0).to(cos), 0.0
        cos, sin = cos[:, None], sin[:, None]
        turned = torch.cat([cos * cos_wave - sin * sin_wave, -cos * sin_wave - sin * cos_wave], dim=-1)
        each = self.spectra[0].numel() * self.spectra.element_size()
        step = max(_GATHER_BYTES // each, 1)
        parts = [turned[i : i + step] @ self.spectra[window[i : i + step]] for i in range(0, len(rows), step)]
        made = torch.cat(parts) if parts else self.spectra.new_empty(0, len(weights), self.spectra.shape[-1])
        return made.unflatten(-1, self.shape)
