"""Real events, one by one."""

import numpy as np
import pandas as pd

from slipbench.benchmarks.source.thresholds import DEPTHS, DISTANCES, PUBLISHED, in_class
from slipbench.benchmarks.text_table import markdown_table


def events_of(samples: pd.DataFrame) -> pd.DataFrame:
    """Errors of every model at every event: medians over seeds and realisations of noise.

    Parameters
    ----------
    samples : DataFrame
        Rows of `samples.samples` with names.

    Returns
    -------
    DataFrame
        ``name``, ``model``, ``modality``, ``mw``, ``depth`` (km), ``ground_distance`` (degrees), ``missing``,
        ``n``, ``position_error`` (km), ``residual`` (true minus predicted Mw), and ``characterisable``:
        whether the magnitude reaches the published threshold of its class.
    """
    keys = ["name", "model", "modality"]
    found = (
        samples.sort_values("name", kind="stable")
        .groupby(keys, sort=False)
        .agg(
            mw=("mw", "first"),
            depth=("depth", "first"),
            ground_distance=("ground_distance", "median"),
            missing=("missing", "median"),
            n=("sample", "size"),
            position_error=("position_error", "median"),
            residual=("residual", "median"),
        )
    )
    found = found.reset_index()
    limit = np.full(len(found), np.nan)
    for i, near in enumerate(DISTANCES):
        for j, deep in enumerate(DEPTHS):
            inside = in_class(found["ground_distance"], DISTANCES, near)
            limit[inside & in_class(found["depth"], DEPTHS, deep)] = PUBLISHED[i][j]
    return found.assign(characterisable=found["mw"].to_numpy() >= limit)


def events_table(events: pd.DataFrame) -> str:
    """Markdown: a row for each event and model."""
    head = ["event", "Mw", "depth (km)", "nearest station (°)", "missing (%)", "characterisable", "model"]
    head += ["samples", "position error (km)", "ΔMw, true − predicted"]
    rows = [
        [
            str(e.name),
            f"{e.mw:.2f}",
            f"{e.depth:.0f}" if np.isfinite(e.depth) else "–",
            f"{e.ground_distance:.2f}",
            f"{100 * e.missing:.0f}",
            "yes" if e.characterisable else "no",
            f"{e.model} ({e.modality})" if e.modality != "-" else str(e.model),
            str(e.n),
            f"{e.position_error:.0f}",
            f"{e.residual:+.2f}".replace("-", "−"),
        ]
        for e in events.itertuples(index=False)
    ]
    return markdown_table(head, rows)
