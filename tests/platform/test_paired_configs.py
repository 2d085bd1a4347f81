"""The shipped variants of source_honshu_20k differ from it in what their names say, and in nothing else."""

from pathlib import Path
from typing import Any

import pytest

from slipbench.datasets.dataset import Dataset
from slipbench.platform.config.load import load

FOLDER = Path(__file__).resolve().parents[2] / "configs" / "datasets"


@pytest.mark.parametrize(
    ("variant", "key"), [("postseismic", "post_seismic"), ("gaps", "gaps"), ("all", "sampling")]
)
def test_a_variant_is_paired_with_its_base(variant: str, key: str) -> None:
    found: list[dict[str, Any]] = [
        load(FOLDER / f"source_honshu_{middle}20k.yaml", Dataset).model_dump()
        for middle in ("", f"{variant}_")
    ]
    differing = {name for name in found[0] if found[0][name] != found[1][name]}
    assert differing == {"name", key}
    if variant == "postseismic":  # Costantino et al. 2023, eqs. 10 and 11
        low, high, fast, slow, _ = found[1]["post_seismic"].values()
        assert (low, high, fast, slow) == (0.5, 1.5, 1, 50)
    if variant == "all":
        assert {k for k in found[0][key] if found[0][key][k] != found[1][key][k]} == {"variant"}
