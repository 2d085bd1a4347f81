"""What the cells of a nowcast suite cost."""

import pandas as pd

from slipbench.benchmarks.leaderboard import number
from slipbench.benchmarks.results import models_of
from slipbench.benchmarks.text_table import markdown_table


def cost_table(table: pd.DataFrame) -> str:
    """Markdown: mean seconds and largest memory over all finished cells of a model and modality."""
    done = models_of(table[table["status"] == "ok"]).drop_duplicates("cell")
    rows = []
    for (model, modality), cells in done.groupby(["model", "modality"], sort=False):
        fit, predict = (float(cells[f"{k}_seconds"].mean()) for k in ("fit", "predict"))
        peak = number(float(cells["peak_mib"].max()))
        rows.append([str(model), str(modality), str(len(cells)), number(fit), number(predict), peak])
    head = ["model", "modality", "cells", "fit (s)", "prediction (s)", "memory of the process (MiB)"]
    return markdown_table(head, rows, left=(0, 1))
