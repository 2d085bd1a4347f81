"""Latents that attend to a set of tokens, whatever their number and order."""

from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Latents attend to tokens, then pass a dense layer; both are added on (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.pair, self.out = (nn.Linear(width, k * width) for k in (1, 2, 1))
        self.dense = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, latents: Tensor, tokens: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """New latents (batch, l, width) from tokens (batch, t, width) or, without them, from each other."""
        ready = self.before(latents)
        query = self._split(self.query(ready))
        key, value = self.pair(ready if tokens is None else tokens).chunk(2, -1)
        seen = functional.scaled_dot_product_attention(
            query, self._split(key), self._split(value), None if mask is None else mask[:, None, None]
        )
        latents = latents + self.out(seen.transpose(1, 2).flatten(2))
        return latents + self.dense(self.between(latents))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)
