"""The prior-fitted network that comes with the package; docs/pfn_small.md is its card."""

from pathlib import Path

#: Name of the network in tables.
NAME = "slipbench-pfn-small"
#: Its checkpoint, for ``TabPFNRegressor(model_path=...)``.
CHECKPOINT = Path(__file__).parent / "weights" / f"{NAME}.ckpt"
