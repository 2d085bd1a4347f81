"""``python -m slipbench.benchmarks.waveforms --write docs``: rates, solutions and accelerations compared."""

import argparse
import os
import sys
from pathlib import Path

from slipbench.benchmarks.waveforms.report import write
from slipbench.benchmarks.waveforms.scene import scene_of
from slipbench.datasets.errors import InputError


def main(words: list[str] | None = None) -> int:
    """Write the document and its figures; `words` stand for the command line."""
    parser = argparse.ArgumentParser(prog="python -m slipbench.benchmarks.waveforms", description=__doc__)
    parser.add_argument(
        "--write", type=Path, required=True, metavar="DOCS", help="folder of results and pictures"
    )
    parser.add_argument("--realisations", type=int, default=40, help="earthquakes per magnitude and distance")
    parser.add_argument("--seed", type=int, default=1, help="root of the random streams")
    o = parser.parse_args(words)
    folder = os.environ.get("SLIPBENCH_DATA")
    try:
        if o.realisations < 2:
            raise InputError("--realisations", str(o.realisations), "2 or more", "give more")
        scene = scene_of(Path(folder) if folder else None, o.seed)
        for path in write(scene, Path(folder or ""), o.write, o.realisations):
            print(path)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
