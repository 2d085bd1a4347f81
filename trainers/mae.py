"""Masked autoencoder (He et al. 2022): its encoder sees some patches, its decoder fills in the others."""

import math
from typing import Any

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from slipbench.trainers.mae_options import Decoder

_SMALLEST_VARIANCE = 1e-6


def visible_count(patches: int, mask_ratio: float) -> int:
    """Patches of an image that the encoder sees, at least one."""
    return max(1, round(patches * (1 - mask_ratio)))


def sine_positions(side: int, width: int, prefix: int) -> Tensor:
    """Fixed position embedding of a square of patches, after `prefix` rows of zeros.

    A quarter of the features each: sine and cosine of the column, sine and cosine of the row, with
    wavelengths from 2 pi to 20,000 pi patches.

    Returns
    -------
    Tensor, shape (1, prefix + side * side, width)
    """
    rate = 1.0 / 10000.0 ** (torch.arange(width // 4, dtype=torch.float64) / (width / 4))
    row, column = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    angles = [place.reshape(-1, 1) * rate for place in (column, row)]
    table = torch.cat([f(a) for a in angles for f in (torch.sin, torch.cos)], dim=1).float()
    return torch.cat([torch.zeros(prefix, width), table])[None]


class MaskedAutoencoder(nn.Module):
    """Encoder and decoder of masked pre-training.

    Parameters
    ----------
    encoder : VisionTransformer
        timm's vision transformer without head. Its position embedding becomes the fixed sines.
    decoder : Decoder
        Size of the decoder.
    patch_norm : bool
        Whether the loss compares patches with mean 0 and deviation 1.
    """

    places: Tensor

    def __init__(self, encoder: Any, decoder: Decoder, patch_norm: bool) -> None:
        super().__init__()
        self.encoder: Any = encoder
        self._patch_norm = patch_norm
        self.patch: int = encoder.patch_embed.patch_size[0]
        side: int = encoder.patch_embed.grid_size[0]
        self.n_patches = side * side
        self._prefix: int = encoder.num_prefix_tokens
        own = encoder.pos_embed.shape[1] - self.n_patches
        encoder.pos_embed = nn.Parameter(sine_positions(side, encoder.embed_dim, own), requires_grad=False)
        self.narrow = nn.Linear(encoder.embed_dim, decoder.width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, decoder.width))
        self.register_buffer("places", sine_positions(side, decoder.width, self._prefix), persistent=False)
        self.blocks = nn.Sequential(
            *(Block(decoder.width, decoder.heads, qkv_bias=True) for _ in range(decoder.depth))
        )
        self.norm = nn.LayerNorm(decoder.width)
        self.pixels = nn.Linear(decoder.width, 3 * self.patch**2)
        self.apply(_initialise)
        embed = encoder.patch_embed.proj
        nn.init.xavier_uniform_(embed.weight.view(len(embed.weight), -1))
        nn.init.normal_(self.mask_token, std=0.02)

    def encode(self, images: Tensor, visible: Tensor) -> Tensor:
        """Output tokens of the visible patches.

        Parameters
        ----------
        images : Tensor, shape (n, 3, side, side)
            Pixels.
        visible : Tensor of int64, shape (n, k)
            Numbers of the patches that the encoder sees, row by row from the first row of pixels.

        Returns
        -------
        Tensor, shape (n, prefix + k, width)
            The class token first where the network has one.
        """
        vit = self.encoder
        tokens = vit._pos_embed(vit.patch_embed(images))
        index = visible[..., None].expand(-1, -1, tokens.shape[-1])
        kept = tokens[:, self._prefix :].gather(1, index)
        kept = torch.cat([tokens[:, : self._prefix], kept], dim=1)
        out: Tensor = vit.norm(vit.blocks(vit.norm_pre(kept)))
        return out

    def decode(self, tokens: Tensor, visible: Tensor) -> Tensor:
        """All patches (n, patches, 3 * patch * patch) from the output tokens of the visible ones."""
        narrow = self.narrow(tokens)
        index = visible[..., None].expand(-1, -1, narrow.shape[-1])
        whole = self.mask_token.to(narrow.dtype).expand(len(narrow), self.n_patches, -1)
        whole = whole.scatter(1, index, narrow[:, self._prefix :])
        whole = torch.cat([narrow[:, : self._prefix], whole], dim=1) + self.places
        filled: Tensor = self.pixels(self.norm(self.blocks(whole)))
        return filled[:, self._prefix :]

    def patches(self, images: Tensor) -> Tensor:
        """Pixels by patch, shape (n, patches, 3 * patch * patch), patches in the order of the tokens."""
        n, _, side, _ = images.shape
        p, k = self.patch, side // self.patch
        return images.reshape(n, 3, k, p, k, p).permute(0, 2, 4, 1, 3, 5).reshape(n, k * k, -1)

    def forward(self, images: Tensor, visible: Tensor) -> Tensor:
        """Mean squared error over the pixels of the masked patches."""
        wanted = self.patches(images)
        if self._patch_norm:
            mean, variance = wanted.mean(-1, keepdim=True), wanted.var(-1, keepdim=True)
            wanted = (wanted - mean) / (variance + _SMALLEST_VARIANCE).sqrt()
        error = (self.decode(self.encode(images, visible), visible).float() - wanted).square().mean(-1)
        masked = torch.ones_like(error).scatter(1, visible, 0.0)
        return (error * masked).sum() / masked.sum()

    def groups(self, weight_decay: float) -> list[dict]:
        """Parameters for the optimiser; only matrices decay, no biases, norms and single tokens."""
        trained = [(name, p) for name, p in self.named_parameters() if p.requires_grad]
        single = [p for name, p in trained if p.ndim < 2 or name.endswith("_token")]
        matrices = [p for name, p in trained if p.ndim > 1 and not name.endswith("_token")]
        return [{"params": matrices, "weight_decay": weight_decay}, {"params": single, "weight_decay": 0.0}]


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def check_positions(encoder: Any, architecture: str) -> str:
    """Why an encoder cannot be pre-trained here, or nothing."""
    if encoder.pos_embed is None or encoder.embed_dim % 4:
        return f"{architecture} has no position embedding of whole quarters"
    side = math.isqrt(encoder.patch_embed.num_patches)
    return "" if side * side == encoder.patch_embed.num_patches else "its patches make no square"
