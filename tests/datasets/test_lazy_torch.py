"""Processes that only build stores do not carry torch (several hundred MB each)."""

import subprocess
import sys


def test_recipes_do_not_import_torch() -> None:
    modules = "slipbench.datasets.dataset, slipbench.datasets.recipes.build"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"
