"""The demo in a fresh home: wall time and memory against the bounds that the project promises."""

import sys
import tempfile
from pathlib import Path

from slipbench.benchmarks.speed.measure import Row
from slipbench.benchmarks.speed.process import watch

PIPELINE = Path("configs/pipelines/quickstart.yaml")
PROMISED_SECONDS, PROMISED_GIB = 360.0, 6.0


def rows() -> list[Row]:
    """Run the quickstart pipeline from nothing.

    Raises
    ------
    RuntimeError
        When the demo fails.
    """
    program = str(Path(sys.executable).parent / "slipbench")
    with tempfile.TemporaryDirectory(prefix="slipbench-speed-") as home:
        usage = watch([program, "run", str(PIPELINE)], {"SLIPBENCH_HOME": home})
    if usage.status:
        raise RuntimeError(f"the demo ended with status {usage.status}")
    gib = usage.peak_bytes / 2**30
    return [
        Row(
            "demo, empty home",
            usage.seconds,
            "s",
            f"bound {PROMISED_SECONDS:g} s",
            usage.seconds / PROMISED_SECONDS,
        ),
        Row(
            "demo, peak memory of all processes",
            gib,
            "GiB",
            f"bound {PROMISED_GIB:g} GiB",
            gib / PROMISED_GIB,
        ),
    ]
