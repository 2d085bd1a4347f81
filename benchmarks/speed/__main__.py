"""``python -m slipbench.benchmarks.speed``: all timings as one table (``make speed``)."""

import math
import os
import platform as machine

from slipbench.benchmarks.speed import demo, physics, store


def main() -> None:
    """Measure and print. Absolute figures belong to this machine; ratios are of one run."""
    print(f"{machine.machine()}, {os.cpu_count()} cores, Python {machine.python_version()}\n")
    print(f"| {'what':60} | {'figure':>18} | {'ratio':>7} | against |\n|---|---|---|---|")
    for part in (physics, store, demo):
        for row in part.rows():
            ratio = "" if math.isnan(row.ratio) else f"{row.ratio:.2f}"
            print(
                f"| {row.what:60} | {row.value:>8.4g} {row.unit:>9} | {ratio:>7} | {row.peer} |", flush=True
            )


if __name__ == "__main__":
    main()
