"""What is timed of encoders: the whole way from millimetres, and as many images in the bare loop."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from slipbench.benchmarks.speed import embed
from slipbench.benchmarks.speed.embed import Case, bare_loop, compared
from slipbench.trainers.encoders.vit import VitOptions

TINY = {"architecture": "vit_tiny_patch16_224", "image_size": 32, "batch_size": 3}


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed", "bf16"])
def test_both_loops_see_the_same_batches(monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    seen: list[tuple[Any, ...]] = []
    real = VisionTransformer.forward_features

    def spy(self: VisionTransformer, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        seen.append((*x.shape, x.dtype))
        return real(self, x, *args, **kwargs)

    monkeypatch.setattr(VisionTransformer, "forward_features", spy)
    row = compared(Case({**TINY, "precision": precision}, 5), "cpu")
    assert seen[:2] == seen[2:4]  # one call of ours, one of the bare loop
    assert [s[0] for s in seen[:2]] == [3, 2]
    assert row.value > 0
    assert math.isfinite(row.ratio)
    assert precision in row.what


def test_the_bare_loop_gives_a_row_of_features_an_image() -> None:
    found = bare_loop(VitOptions.model_validate({**TINY, "device": "cpu"}), 5)()
    assert found.shape == (5, 192)
    assert found.dtype == np.float32


def test_every_case_is_of_an_encoder_that_exists() -> None:
    from slipbench.trainers.encoders.vit import Vit

    assert {Vit(VitOptions(**c.options)).width for c in embed.ON_CPU + embed.ON_GPU} == {192, 768}
