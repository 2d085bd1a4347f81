"""The ranked table, computed from a results table and nothing else."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from slipbench.benchmarks.holm import holm
from slipbench.benchmarks.metrics import Metric
from slipbench.benchmarks.paired import ratio_to
from slipbench.benchmarks.results import models_of
from slipbench.benchmarks.scores import MODEL, blocks_of, finished_cells, metrics_for, model_scores
from slipbench.benchmarks.to_best import ALPHA, difference

#: Tables that are ranked separately.
SECTION = ["suite", "split", "label"]


def leaderboard(table: pd.DataFrame) -> pd.DataFrame:
    """Models ranked within every (suite, split, label).

    Parameters
    ----------
    table : DataFrame
        A results table (`results.read_table`).

    Returns
    -------
    DataFrame
        One row for each model and modality: `scores.MODEL`, ``rank`` (1 is best, by the task's first metric;
        missing where nothing was computed), ``seeds`` (how many were computed), ``n_train`` and ``n_test``
        (means over seeds), ``blocks`` (independent pieces of the test set that the intervals rest on),
        ``fit_seconds`` (mean), ``predict_seconds`` (mean, of one sample), ``peak_mib`` (largest), ``leaky``,
        ``untrained``,
        ``flags`` (text), ``reason``, and for each metric ``<name>``, ``<name>_low``, ``<name>_high`` (95 %)
        and ``<name>_units``. Where a section has a limit, ``limit_ratio`` with ``_low`` and ``_high`` is the
        first metric over the limit's on the limit's own samples. Where the first metric is of means,
        ``best_difference`` is the mean loss minus the best model's on shared samples (in the units of the
        loss), ``best_p`` its p value after Holm's correction over the section (`to_best`; missing for the
        best one), ``best_blocks`` the blocks that it rests on, and ``not_worse`` whether the model is not
        worse than the best one at 5 %. Sections stand in the order of the table;
        limits, which have no rank, come first, then rows by rank, those without any result last.
    """
    finished: dict[str, tuple] = {str(c["cell"].iloc[0]): (c, s) for c, s in finished_cells(table)}
    limits = {
        tuple(c.iloc[0][k] for k in SECTION): (c, s)
        for c, s in finished.values()
        if c.iloc[0]["kind"] == "limit"
    }
    rows: list[dict] = []
    of_row: list[list] = []
    for key, group in models_of(table).groupby(MODEL, sort=False):
        cells = [finished[c] for c in group["cell"].unique() if c in finished]
        row = dict(zip(MODEL, key, strict=True))
        limit = limits.get(tuple(row[k] for k in SECTION)) if row["kind"] != "limit" else None
        rows.append(row | _summary(group, cells) | _beside(limit, cells))
        of_row.append(cells)
    if not rows:
        return pd.DataFrame(columns=[*MODEL, "rank"])
    board = pd.DataFrame(rows)
    board["rank"] = pd.array([pd.NA] * len(board), dtype="Int64")
    parts = [_ranked(_against_best(part, of_row)) for _, part in board.groupby(SECTION, sort=False)]
    return pd.concat(parts, ignore_index=True)


def _summary(group: pd.DataFrame, cells: list[tuple]) -> dict[str, object]:
    """What one model's row says."""
    each = group.drop_duplicates("cell")
    done = each[each["status"] == "ok"]
    short = each[each["status"] != "ok"]
    notes = list(dict.fromkeys(n for text in each["notes"] for n in text.split("; ") if n))
    leaky, untrained = bool(each["leaky"].any()), "untrained" in notes
    reason = "; ".join(dict.fromkeys(short["reason"]))
    flags = ["leaky split"] if leaky else []
    flags += notes
    if len(short):
        status = " and ".join(dict.fromkeys(short["status"]))
        flags.append(f"{len(short)} of {len(each)} seeds {status}: {reason}")
    row: dict[str, object] = {
        "seeds": len(done),
        "n_train": float(done["n_train"].mean()) if len(done) else np.nan,
        "n_test": float(np.mean([blocks_of(c)[0] for c, _ in cells])) if cells else np.nan,
        "blocks": float(np.mean([blocks_of(c)[1] for c, _ in cells])) if cells else np.nan,
        "fit_seconds": float(done["fit_seconds"].mean()) if done["fit_seconds"].notna().any() else np.nan,
        "predict_seconds": _seconds_a_sample(cells),
        "peak_mib": float(done["peak_mib"].max()) if len(done) else np.nan,
        "leaky": leaky,
        "untrained": untrained,
        "flags": "; ".join(flags),
        "reason": reason,
    }
    for score in model_scores(cells) if cells else []:
        name = score.metric.name
        row |= {name: score.value, f"{name}_low": score.low, f"{name}_high": score.high}
        row |= {f"{name}_units": score.units}
    return row


def _seconds_a_sample(cells: list[tuple]) -> float:
    """Time of one prediction, reading included; the mean over the seeds."""
    each = [float(c.iloc[0]["predict_seconds"]) / len(c.iloc[0]["sample"]) for c, _ in cells]
    return float(np.mean(each)) if each else np.nan


def _beside(limit: tuple | None, cells: list[tuple]) -> dict[str, object]:
    """How far from its section's limit a model is, on the limit's samples."""
    ratio = ratio_to(limit, cells) if limit and cells else None
    if ratio is None:
        return {}
    return {"limit_ratio": ratio.value, "limit_ratio_low": ratio.low, "limit_ratio_high": ratio.high}


def _against_best(part: pd.DataFrame, cells: list[list]) -> pd.DataFrame:
    """One section with the differences to its best model; `cells` by the numbers of its rows."""
    first = metrics_for(part)[0]
    if first.name not in part or first.reduction != "mean" or not part[first.name].notna().any():
        return part
    known = part.loc[part["kind"] != "limit", first.name].dropna()
    if not len(known):
        return part
    best = known.idxmax() if first.higher_is_better else known.idxmin()
    found = {row: difference(cells[best], cells[row], first) for row in known.index if row != best}
    told = {row: d for row, d in found.items() if d is not None}
    p = dict(zip(told, holm(np.array([d.p for d in told.values()])), strict=True))
    return part.assign(
        best_difference=pd.Series({row: d.value for row, d in told.items()}, dtype=float),
        best_p=pd.Series(p, dtype=float),
        best_blocks=pd.Series({row: d.blocks for row, d in told.items()}, dtype=float),
        not_worse=[
            row == best or (row in p and not (p[row] <= ALPHA and told[row].value > 0)) for row in part.index
        ],
    )


def _ranked(part: pd.DataFrame) -> pd.DataFrame:
    """One section with its ranks, best first; ties share a rank, rows without a value come last."""
    first = metrics_for(part)[0]
    part = part.copy()
    if first.name not in part:
        return part
    limit = part["kind"] == "limit"
    rank = part[first.name].mask(limit).rank(method="min", ascending=not first.higher_is_better)
    part["rank"] = rank.astype("Int64")
    order = rank.fillna(np.inf).mask(limit & part[first.name].notna(), 0.0)
    return part.assign(_order=order).sort_values("_order", kind="stable").drop(columns="_order")


def sections(board: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame, list[Metric]]]:
    """The tables of a leaderboard: (suite, split, label, task, dataset), rows and the metrics to show."""
    if not len(board):
        return
    for key, part in board.groupby(SECTION, sort=False):
        head = dict(zip(SECTION, (str(k) for k in key), strict=True))
        head |= {name: str(part[name].iloc[0]) for name in ("task", "dataset")}
        known = [m for m in metrics_for(part) if m.shown and m.name in part]
        metrics = [m for m in known if part[m.name].notna().any()]
        yield head, part, metrics


def beside_best(row: dict[str, Any]) -> str:
    """The p value of a row against the best one for people, with a tick where it is not worse."""
    if pd.isna(row.get("best_p", np.nan)):
        best = row.get("not_worse")
        return "best" if pd.notna(best) and best else "–"
    p = float(row["best_p"])
    return f"{'<0.001' if p < 1e-3 else f'{p:.2g}'}{' ✓' if row['not_worse'] else ''}"


def number(value: float) -> str:
    """A number for people: three significant digits, an en dash for none."""
    if np.isinf(value):
        return "∞" if value > 0 else "−∞"
    if np.isnan(value):
        return "–"
    if value != 0 and (abs(value) >= 1e5 or abs(value) < 1e-3):
        digits, power = f"{value:.2e}".split("e")
        return f"{digits}e{int(power)}".replace("-", "−")
    text = f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"
    return text.replace("-", "−")
