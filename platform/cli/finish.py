"""What ``run`` and ``bench`` do after their suites: tables, the page, and where everything is."""

from collections.abc import Sequence

from slipbench.benchmarks.page import write_page
from slipbench.benchmarks.results import read_table
from slipbench.platform.board import read_results
from slipbench.platform.cli.console import out, print_json
from slipbench.platform.cli.show import show_leaderboard
from slipbench.platform.pipeline import SuiteDone
from slipbench.platform.settings import Settings, hidden


def finish(done: Sequence[SuiteDone], place: Settings, as_json: bool) -> int:
    """Show the finished suites.

    Returns
    -------
    int
        Exit code: 1 when a cell failed or the tracking server did not take a suite.
    """
    write_page(read_results(place.results), place.page)
    failed = sum(d.failed for d in done)
    if as_json:
        print_json(
            {
                "suites": [
                    {
                        "name": d.name,
                        "table": d.table,
                        "run_id": d.run_id,
                        "cells": d.cells,
                        "failed": d.failed,
                    }
                    for d in done
                ],
                "leaderboard": place.page,
                "tracking": hidden(place.tracking),
            }
        )
        return 1 if failed or not all(d.run_id for d in done) else 0
    show_leaderboard(read_table([d.table for d in done]))
    console = out()
    for suite in done:
        console.print(f"results      {suite.table}", soft_wrap=True)
    console.print(f"leaderboard  {place.page}", soft_wrap=True)
    console.print(f"tracking     {hidden(place.tracking)} (slipbench ui shows it)", soft_wrap=True)
    if failed:
        cells = sum(d.cells for d in done)
        console.print(f"{failed} of {cells} cells failed; run the same command again to retry them")
    return 1 if failed or not all(d.run_id for d in done) else 0
