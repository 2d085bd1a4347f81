"""Random numbers of a row that depend on (key, row, draw) alone: Philox4x32-10 (Salmon et al. 2011) in torch.

A generator with a state gives other numbers to a row when the rows before it change; a counter does not. The
bits are the same on every device, so the noise of a sample is part of its definition, not of a run.
"""

import math

import numpy as np
import torch
from torch import Tensor

_MULTIPLIERS, _WEYL = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)
_ROUNDS, _MASK = 10, 0xFFFFFFFF
#: Counters worked on at once: int64 temporaries stay within a CPU's cache, and fill a GPU.
_CHUNK = {"cpu": 1 << 14, "other": 1 << 22}

Key = tuple[int, int]


def stream_key(seed: int, *words: int) -> Key:
    """Key (two 32-bit words) of a stream of random numbers, from the root seed and the stream's name."""
    first, second = np.random.SeedSequence([seed, *words]).generate_state(2, np.uint32)
    return int(first), int(second)


def philox(counter: tuple[Tensor, Tensor, Tensor, Tensor], key: Key) -> tuple[Tensor, ...]:
    """Four random 32-bit words for each counter.

    Parameters
    ----------
    counter : tuple of 4 Tensor, int64
        Words in 0 ... 2^32 - 1, of shapes that broadcast.
    key : tuple of 2 int
        Words of the key.

    Returns
    -------
    tuple of 4 Tensor, int64
        Words in 0 ... 2^32 - 1.
    """
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        # The signed product wraps, and its 64 bits are those of the unsigned one.
        p0, p1 = c0 * _MULTIPLIERS[0], c2 * _MULTIPLIERS[1]
        c0, c1, c2, c3 = (
            (p1 >> 32).bitwise_xor(c1).bitwise_xor_(k0).bitwise_and_(_MASK),
            p1.bitwise_and_(_MASK),
            (p0 >> 32).bitwise_xor(c3).bitwise_xor_(k1).bitwise_and_(_MASK),
            p0.bitwise_and_(_MASK),
        )
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3


def _blocks(key: Key, rows: Tensor, draw: int, first: int, end: int) -> tuple[Tensor, ...]:
    """Words of the counters `first` ... `end` of each row, 4 tensors of shape (n, end - first)."""
    block = torch.arange(first, end, device=rows.device)
    shape = (len(rows), end - first)
    row = rows[:, None]
    counter = (block.expand(shape), (row & _MASK).expand(shape), row >> 32, torch.full_like(row, draw))
    return philox(counter, key)


def words(key: Key, rows: Tensor, count: int, draw: int = 0) -> Tensor:
    """Random 32-bit words (n, count), int64; those of a smaller count are the first of a larger one.

    Parameters
    ----------
    key : tuple of 2 int
        From `stream_key`.
    rows : Tensor of int64, shape (n,)
        Row numbers, not negative.
    count : int
        Words of each row.
    draw : int
        Which of a row's independent draws, 0 ... 2^32 - 1.
    """
    made = _blocks(key, rows, draw, 0, -(-count // 4))
    return torch.stack(made, dim=-1).flatten(1)[:, :count]


def normals(key: Key, rows: Tensor, count: int, draw: int = 0, dtype: torch.dtype = torch.float32) -> Tensor:
    """Standard normal numbers (n, count) by Box and Muller (1958); parameters as for `words`.

    The numbers of a row are the same in every batch, on every device and in both precisions, to rounding.
    """
    blocks = -(-count // 4)
    out = torch.empty(len(rows), blocks, 4, dtype=dtype, device=rows.device)
    limit = _CHUNK["cpu" if rows.device.type == "cpu" else "other"]
    wide = min(blocks, limit)
    tall = max(limit // max(wide, 1), 1)
    for top in range(0, len(rows), tall):
        for left in range(0, blocks, wide):
            part = slice(top, top + tall), slice(left, left + wide)
            made = _blocks(key, rows[part[0]], draw, left, min(left + wide, blocks))
            for pair in (0, 2):
                radius = made[pair].to(dtype).add_(0.5).mul_(2.0**-32).log_().mul_(-2).sqrt_()
                angle = made[pair + 1].to(dtype).mul_(2 * math.pi * 2.0**-32)
                out[(*part, pair)] = radius * angle.cos()
                out[(*part, pair + 1)] = radius * angle.sin_()
    return out.flatten(1)[:, :count]
