"""A positioning run in the folder of results: what it leaves, and nothing where it is stopped."""

import io
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.hashing import config_hash
from slipbench.datasets.positioning.ppp import Positioned, position
from slipbench.datasets.positioning.ppp_options import PositionOptions
from slipbench.datasets.positioning.ppp_summary import Summary, summary
from slipbench.datasets.positioning.solution import save_high_rate, to_high_rate
from slipbench.platform.settings import Settings
from slipbench.platform.versions import code_version


def positioned(options: PositionOptions, place: Settings) -> tuple[Positioned, Summary, Path]:
    """Run the engine, and keep displacements, report and the engine's positions below the home.

    Returns
    -------
    run : Positioned
        What the engine found.
    figures : Summary
        Against the reference.
    folder : Path
        ``positions/NAME-HASH`` with ``displacement.npz`` (the form of the 1 Hz files), ``report.json``,
        ``positions.pos`` and ``options.conf``.

    Raises
    ------
    InputError
        As `position`.
    """
    place.home.mkdir(parents=True, exist_ok=True)
    folder = place.home / "positions" / f"{options.name}-{config_hash(options)[:12]}"
    with tempfile.TemporaryDirectory(dir=place.home, prefix=".position-") as scratch:
        run = position(options, place.data, Path(scratch))
        figures = summary(run, options.mode == "static", options.converged_m)
        station = (run.header.marker or "station")[:16].replace(" ", "_")
        table = to_high_rate(run.solution, station, run.reference_m, run.step_s)
        packed = io.BytesIO()
        save_high_rate(table, packed)
        write_atomic(folder / "displacement.npz", packed.getvalue())
        write_atomic(folder / "positions.pos", (Path(scratch) / "out.pos").read_bytes())
        write_atomic(folder / "options.conf", (Path(scratch) / "options.conf").read_bytes())
        text = json.dumps(report(options, run, figures), indent=2) + "\n"
        write_atomic(folder / "report.json", text.encode())
    return run, figures, folder


def report(options: PositionOptions, run: Positioned, figures: Summary) -> dict[str, Any]:
    """What a run was made of and what came out, for programs; times of waiting are null where endless."""
    found = asdict(figures)
    if found["converged_after_s"] != found["converged_after_s"]:
        found["converged_after_s"] = None
    return {
        "options": options.model_dump(mode="json"),
        "summary": found,
        "frame": run.frame,
        "reference_m": list(run.reference_m),
        "first": str(run.solution.time[0]),
        "last": str(run.solution.time[-1]),
        "antennas": run.antennas,
        "engine": run.engine,
        "engine_options": run.keys,
        "sources": run.sources,
        "code": code_version(),
    }
