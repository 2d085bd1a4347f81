"""Average ranks of the decoders over all cells, with the critical difference (Demsar 2006, figure 1)."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from slipbench.benchmarks.ranks import Ranking, complete, ranking
from slipbench.benchmarks.scores import cell_metrics, metrics_of
from slipbench.benchmarks.source.panels import canvas, save

#: What makes a cell; its models are ranked.
CELL = ["label", "split", "seed", "modality"]


def losses(table: pd.DataFrame) -> pd.DataFrame:
    """The ranking metric of every decoder in every cell, less is better: rows `CELL`, columns models."""
    found = cell_metrics(table)
    rows = table[(table["kind"] == "decoder") & (table["status"] == "ok")].drop_duplicates("cell")
    parts = []
    for row in rows.to_dict("records"):
        metric = metrics_of(row["task"], row["label"])[0]
        if metric.name in found[row["cell"]]:
            value = found[row["cell"]][metric.name]
            parts.append(
                {
                    **{k: row[k] for k in [*CELL, "model"]},
                    "loss": -value if metric.higher_is_better else value,
                }
            )
    if not parts:
        return pd.DataFrame()
    return pd.DataFrame(parts).pivot_table(index=CELL, columns="model", values="loss", sort=False)


def rankings(table: pd.DataFrame) -> list[tuple[str, Ranking, list[str], int]]:
    """Honest splits and leaky ones: title, ranking, models left out for lack of cells, and settings.

    A setting is a cell without its seed; the cells of one setting share days and are not independent.
    """
    found = []
    for leaky, title in ((False, "splits in time"), (True, "random split (LEAKY)")):
        every = losses(table[table["leaky"] == leaky])
        if not len(every):
            continue
        kept = complete(every)
        ranked = ranking(kept)
        if ranked is not None:
            settings = len(kept.dropna().groupby(level=["label", "split", "modality"], sort=False))
            found.append((title, ranked, sorted(set(every.columns) - set(kept.columns)), settings))
    return found


def draw_ranks(found: list[tuple[str, Ranking, list[str], int]], path: Path) -> Path:
    """One axis for each ranking: best on the left; bars join models that are not told apart."""
    most = max(len(ranked.names) for _, ranked, _, _ in found)
    figure, axes = canvas(len(found), 1, 8.2, 1.0 + 0.2 * most, share=False)
    for ax, (title, ranked, _, _) in zip(axes[:, 0], found, strict=True):
        _diagram(ax, ranked)
        ax.set_title(f"{title}, {ranked.cells} cells", fontsize=10, loc="left", fontweight="bold", pad=20)
    return save(figure, path)


def _diagram(ax: Axes, ranked: Ranking) -> None:
    k = len(ranked.names)
    groups = ranked.groups()
    depth = 0.16 * len(groups)
    half = -(-k // 2)
    ax.set(xlim=(1, k), ylim=(-(0.9 + depth + 0.45 * half), 0.9))
    ax.spines[["left", "right", "bottom"]].set_visible(False)
    ax.spines["top"].set_position(("data", 0))
    ax.xaxis.set_ticks_position("top")
    ax.set_xticks(range(1, k + 1))
    ax.set_yticks([])
    width = min(ranked.critical, k - 1)
    ax.plot([1, 1 + width], [0.75, 0.75], color="#D55E00", lw=2, solid_capstyle="butt", clip_on=False)
    ax.annotate(
        f"critical difference {ranked.critical:.2f}", (1 + width, 0.75), (4, 0), textcoords="offset points",
        va="center", fontsize=8.5, color="#D55E00", annotation_clip=False,
    )  # fmt: skip
    for line, (first, last) in enumerate(groups):
        ends = [ranked.average[first] - 0.03, ranked.average[last] + 0.03]
        ax.plot(ends, [-0.2 - 0.16 * line] * 2, color="#222222", lw=3, solid_capstyle="butt", clip_on=False)
    for i, (name, rank) in enumerate(zip(ranked.names, ranked.average, strict=True)):
        left = i < half
        y = -(0.55 + depth + 0.45 * (i if left else k - 1 - i))
        ax.plot([rank, rank, 1 if left else k], [0, y, y], color="#0072B2", lw=1, clip_on=False)
        ax.annotate(
            f"{name}  {rank:.2f}" if left else f"{rank:.2f}  {name}", (1 if left else k, y),
            (-4 if left else 4, 0), textcoords="offset points", va="center", ha="right" if left else "left",
            fontsize=9, annotation_clip=False,
        )  # fmt: skip
