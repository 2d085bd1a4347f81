"""``python -m slipbench.benchmarks.tec RESULTS DOCS``: writes ``results/tec.md`` and its pictures."""

import sys
import tempfile
from pathlib import Path

from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.tec.report import write_report

_HOW = """\
`SLIPBENCH_DATA=... slipbench bench tec`, then `python -m slipbench.benchmarks.tec RESULTS docs` with its
`results.parquet` writes this page. The made maps follow the measured F10.7 and Ap of 2023-05-15 to 2024-07-07
(`configs/datasets/tec_simulated.yaml`, `datasets/synthesis/tec_maps.py`): no physics of the ionosphere, so
the figures compare rules and say nothing of earthquakes.
"""


def main(results: Path, docs: Path) -> None:
    """Write the page and its pictures below `docs`."""
    pictures = docs / "pictures"
    with tempfile.TemporaryDirectory() as folder:
        page, *figures = write_report(read_table([results]), Path(folder))
        title, _, text = page.read_text().partition("\n")
        for figure in figures:
            (pictures / f"tec_{figure.name}").write_bytes(figure.read_bytes())
            text = text.replace(f"]({figure.name})", f"](../pictures/tec_{figure.name})")
    (docs / "results" / "tec.md").write_text(f"{title}\n\n{_HOW}{text}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
