"""``python -m slipbench.benchmarks.speed``: all timings as one table (``make speed``)."""

import argparse
import importlib
import math
import os
import platform as machine
from datetime import UTC, datetime
from pathlib import Path

from slipbench.benchmarks.speed.measure import Row

#: Modules of this package with a function ``rows()``, in the order of the table.
PARTS = (
    *("okada", "gridding", "store", "virtual", "builds"),
    *("training", "inference", "embed", "decoders", "cells", "demo"),
)

HEAD = """# Speed

`make speed`{parts} on {date}: {hardware}, Python {python}.

Absolute figures belong to this machine and drift by tens of per cent when it is shared; a ratio compares two
things that were timed in turn in this run: ours over the peer's, so larger is better for rates (.../s) and
smaller for seconds and memory. Medians of 5 timings or more; whole builds and the demo ran once.

Peers are timed where they can be imported; none is a dependency. They need a folder of their own, since they
bring other versions of our dependencies: `pip install --no-deps --target PEERS okada okada-wrapper cutde` and
`verde "pygmt<0.15"` with what these ask for, then `PYTHONPATH=PEERS make speed`. pyGMT and the command line
need GMT 6.4, pyGMT also a `libgmt.so` in `GMT_LIBRARY_PATH`.

"""
COLUMNS = "| what | figure | unit | ratio | against |\n| --- | ---: | --- | ---: | --- |"


def main() -> None:
    """Measure and print; with ``--write`` keep the table as a document."""
    parser = argparse.ArgumentParser(prog="python -m slipbench.benchmarks.speed", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table to this Markdown file")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    lines = [COLUMNS]
    print(COLUMNS)
    for name in arguments.parts or PARTS:
        for row in importlib.import_module(f"slipbench.benchmarks.speed.{name}").rows():
            lines.append(line(row))
            print(lines[-1], flush=True)
    if arguments.write:
        head = HEAD.format(
            parts=f" ({', '.join(arguments.parts)})" if arguments.parts else "",
            date=datetime.now(UTC).date(),
            hardware=hardware(),
            python=machine.python_version(),
        )
        arguments.write.write_text(head + "\n".join(lines) + "\n")


def line(row: Row) -> str:
    """One row of the Markdown table."""
    ratio = "" if math.isnan(row.ratio) else f"{row.ratio:.3g}"
    return f"| {row.what} | {row.value:,.4g} | {row.unit} | {ratio} | {row.peer} |"


def hardware() -> str:
    """Processor, cores and, where there is one, the GPU."""
    import torch

    info = Path("/proc/cpuinfo")
    found = [x for x in info.read_text().splitlines() if x.startswith("model name")] if info.exists() else []
    name = found[0].split(":", 1)[1].strip() if found else machine.machine()
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{name}, {os.cpu_count()} cores, {gpu}"


if __name__ == "__main__":
    main()
