"""What chance gives: the caution that belongs to every report of anomalies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from slipbench.benchmarks.anomaly.before_origin import LEAD_S, MARKS, before
from slipbench.benchmarks.intervals import group_weights, interval
from slipbench.benchmarks.scores import SEED
from slipbench.benchmarks.text_table import markdown_table
from slipbench.datasets.anomaly.caution import Caution, shift_p_value
from slipbench.datasets.anomaly.detectors.quartile_rule import QuartileRuleOptions


def quiet_share(frame: pd.DataFrame) -> tuple[float, float, float]:
    """Share of quiet values that are marked, with an interval from whole earthquakes."""
    tested, marked = frame["quiet_marks_true"].to_numpy(), frame["quiet_marks"].to_numpy()
    if not tested.sum():
        return np.nan, np.nan, np.nan
    groups = pd.factorize(frame["event"])[0]
    drawn = group_weights(groups, SEED)
    with np.errstate(invalid="ignore"):
        again = (drawn @ marked) / (drawn @ tested)
    low, high = interval(again, blocks=len(np.unique(groups)))
    return float(marked.sum() / tested.sum()), low, high


def caution_text(options: QuartileRuleOptions, frame: pd.DataFrame, marks: pd.Series) -> str:
    """The caution for a quartile rule: what it marks while the waves pass, and what chance alone would."""
    quiet = quiet_share(frame)
    said = Caution(
        tests=int(frame["shaken_marks_true"].sum()),
        found=int(frame["shaken_marks"].sum()),
        window=options.window,
        method=options.method,
        quiet=quiet if np.isfinite(quiet[0]) else None,
        related=before(marks),
        step="epoch",
    )
    return f"`{options.name}`, from the P wave to the end of the shaken window: {said.text()}"


def chance_table(table: pd.DataFrame, detectors: Mapping[str, pd.DataFrame]) -> str:
    """Every detector: values tested and marked, those that chance gives, and marks before the origin."""
    rows = []
    for model, frame in detectors.items():
        tests, found = (int(frame[f"shaken_marks{end}"].sum()) for end in ("_true", ""))
        rate, low, high = quiet_share(frame)
        question = before(marks_of(table, model))
        p = "–"
        if question:
            p = f"{shift_p_value(question.flags, question.events, question.before):.2g}"
        rows.append(
            [
                model,
                f"{tests:,}",
                f"{found:,}",
                f"{rate:.2%} [{low:.2%}, {high:.2%}]",
                f"{rate * tests:,.0f}",
                p,
            ]
        )
    head = ["detector", "tested", "marked", "share marked on quiet data", "expected by chance"]
    return markdown_table([*head, f"p, marks in the {LEAD_S:g} s before the origin"], rows)


def marks_of(table: pd.DataFrame, model: str) -> pd.Series:
    """The row of a detector's marks before the origin."""
    return table[(table["model"] == model) & (table["quantity"] == MARKS)].iloc[0]
