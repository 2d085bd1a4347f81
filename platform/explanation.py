"""What MLflow's pages say of a suite: which runs are its leaderboard, and the scores of a cell with units."""

from collections.abc import Sequence
from urllib.parse import quote

from slipbench.benchmarks.scores import Score

#: MLflow's tag of the description (Markdown) of an experiment or a run.
NOTE = "mlflow.note.content"


def experiment_note(experiment: str) -> str:
    """Description of a suite's experiment, with links to its own page.

    Parameters
    ----------
    experiment : str
        Id of the experiment.
    """
    links = (
        _link("leaderboard", experiment, "tags.`slipbench.kind` = 'cell' and tags.leaky = 'False'"),
        _link("all cells, leaky splits too", experiment, "tags.`slipbench.kind` = 'cell'"),
        _link("suites, with figures and tables", experiment, "tags.`slipbench.kind` = 'suite'"),
    )
    return (
        " · ".join(links) + "\n\nA cell is one model, modality, label, split and seed. Choose metrics and "
        "parameters under *Columns*, then click the heading of a metric to sort; `_low` and `_high` are the "
        "ends of its 95 % interval. The description of a cell has the units."
    )


def _link(text: str, experiment: str, search: str) -> str:
    # sorted by anything but their dates, runs stand beside each other and not folded below their suite
    order = f"orderByKey={quote('params.`model`', safe='')}&orderByAsc=true"
    return f"[{text}](#/experiments/{experiment}/runs?searchFilter={quote(search, safe='')}&{order})"


def cell_note(scores: Sequence[Score]) -> str:
    """Table of a cell's metrics as people read them: title, unit, which way is better, 95 % interval."""
    rows = ["| metric | value | 95 % interval | unit | better |", "| --- | --- | --- | --- | --- |"]
    for score in scores:
        unit = "" if score.units == "1" else score.units
        interval = f"{score.low:.3g} to {score.high:.3g}"
        direction = {True: "higher", False: "lower", None: ""}[score.metric.higher_is_better]
        title = f"{score.metric.title} (`{score.metric.name}`)"
        rows.append(f"| {title} | {score.value:.3g} | {interval} | {unit} | {direction} |")
    return "\n".join(rows)
