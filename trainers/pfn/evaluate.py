"""A prior-fitted regressor beside ridge and random forest, on tasks and tables that it was not trained on.

``python -m slipbench.trainers.pfn.evaluate CHECKPOINT [--tasks N] [--write CARD]``
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn import datasets
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.datasets.quiet import silence_dependencies
from slipbench.trainers.pfn.checkpoint import read_about
from slipbench.trainers.pfn.options import TaskOptions
from slipbench.trainers.pfn.tasks import draw_tasks

OURS, OTHERS = "pfn", ("ridge", "random forest")
ESTIMATORS = 8
#: Seed of the held-out tasks; trainings use other seeds, which the command checks.
HELD_OUT = 1_000_003
_SPLITS = 5
_QUANTILES = [0.05, 0.95]
_BEGIN, _END = "<!-- evaluation: begin -->", "<!-- evaluation: end -->"


@dataclass(frozen=True)
class Table:
    """A regression problem: context rows first, query rows after.

    Parameters
    ----------
    group : str
        Prior or data set.
    x : (rows, features) array
    y : (rows,) array
    n_context : int
        Rows whose targets are given.
    """

    group: str
    x: np.ndarray
    y: np.ndarray
    n_context: int


@dataclass(frozen=True)
class Score:
    """Errors on one table: RMSE over that of the context's mean, per model; 1 is no better than the mean.

    `covered` is the share of query targets between the network's quantiles 0.05 and 0.95.
    """

    group: str
    error: dict[str, float]
    covered: float


def prior_tables(options: TaskOptions, per_prior: int) -> Iterator[Table]:
    """Held-out tasks, `per_prior` of each prior."""
    left: dict[str, int] = dict.fromkeys((k for k, weight in options.priors.items() if weight > 0), per_prior)
    step = 0
    while any(left.values()):
        tasks = draw_tasks(options, HELD_OUT, step)
        for i, kind in enumerate(tasks.kinds):
            flat = np.ptp(tasks.y[: tasks.n_context, i].numpy()) == 0
            if left[kind] and not flat:
                left[kind] -= 1
                yield Table(kind, tasks.x[:, i].numpy(), tasks.y[:, i].numpy(), tasks.n_context)
        step += 1


def toy_tables() -> Iterator[Table]:
    """Regression sets that scikit-learn carries or makes, each cut 70/30 at random five times."""
    sets: dict[str, tuple[np.ndarray, np.ndarray]] = {"diabetes": datasets.load_diabetes(return_X_y=True)}
    exercise, body = datasets.load_linnerud(return_X_y=True)
    for i, name in enumerate(("weight", "waist", "pulse")):
        sets[f"linnerud {name}"] = exercise, body[:, i]
    made = (datasets.make_friedman1, 1.0), (datasets.make_friedman2, 100.0), (datasets.make_friedman3, 0.1)
    for make, noise in made:
        sets[make.__name__.removeprefix("make_")] = make(n_samples=200, noise=noise, random_state=0)
    for name, (x, y) in sets.items():
        for seed in range(_SPLITS):
            order = np.random.default_rng(seed).permutation(len(y))
            yield Table(name, x[order], y[order], round(0.7 * len(y)))


def score(table: Table, checkpoint: Path) -> Score:
    """Fit all models to the context rows and score them on the query rows."""
    n = table.n_context
    x, y, new, truth = table.x[:n], table.y[:n], table.x[n:], table.y[n:]
    predicted = {name: model.fit(x, y).predict(new) for name, model in _models().items()}
    from tabpfn import TabPFNRegressor

    ours = TabPFNRegressor(
        model_path=checkpoint,
        n_estimators=ESTIMATORS,
        device="cpu",
        random_state=0,
        ignore_pretraining_limits=True,
    ).fit(x, y)
    predicted[OURS] = ours.predict(new)
    low, high = ours.predict(new, output_type="quantiles", quantiles=_QUANTILES)
    plain = _rmse(np.full(len(truth), y.mean()), truth)
    error = {name: _rmse(values, truth) / plain for name, values in predicted.items()}
    return Score(table.group, error, float(np.mean((low <= truth) & (truth <= high))))


def _models() -> dict[str, Any]:
    fill = {"strategy": "median", "keep_empty_features": True}
    ridge = make_pipeline(SimpleImputer(**fill), StandardScaler(), RidgeCV(np.logspace(-3, 4, 15)))
    forest = make_pipeline(SimpleImputer(**fill), RandomForestRegressor(200, random_state=0))
    return dict(zip(OTHERS, (ridge, forest), strict=True))


def _rmse(values: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((values - truth) ** 2)))


def interval(values: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval (percentiles of 10,000 resamples) of the mean of independent values."""
    draws = np.random.default_rng(0).integers(0, len(values), (10_000, len(values)))
    low, high = np.quantile(values[draws].mean(1), [0.025, 0.975])
    return float(low), float(high)


def report(scores: list[Score], unit: str) -> list[str]:
    """Markdown lines: mean error per group and model, and the paired differences over all units.

    Parameters
    ----------
    scores : list of Score
    unit : str
        ``task``: every table is a unit of its own; ``set``: the tables of a group are averaged first.
    """
    groups = list(dict.fromkeys(s.group for s in scores))
    names = (OURS, *OTHERS)
    lines = [f"| {unit}s | n | {' | '.join(names)} | within 5 ... 95 % |", "| --- " * 6 + "|"]
    for group in groups:
        mine = [s for s in scores if s.group == group]
        cells = [f"{np.mean([s.error[name] for s in mine]):.3f}" for name in names]
        covered = np.mean([s.covered for s in mine])
        lines.append(f"| {group} | {len(mine)} | {' | '.join(cells)} | {100 * covered:.0f} % |")
    lines.append("")
    for other in OTHERS:
        gaps = [(s.group, s.error[OURS] - s.error[other]) for s in scores]
        if unit == "set":
            gaps = [(g, float(np.mean([d for name, d in gaps if name == g]))) for g in groups]
        values = np.array([d for _, d in gaps])
        low, high = interval(values)
        verdict = "better" if high < 0 else "worse" if low > 0 else "not told apart"
        lines.append(
            f"- {OURS} minus {other}: {values.mean():+.3f}, 95 % interval {low:+.3f} ... {high:+.3f} "
            f"over {len(values)} {unit}s: **{verdict}**"
        )
    return lines


def evaluate(checkpoint: Path, per_prior: int, told: Callable[[str], None] = print) -> str:
    """The evaluation as Markdown.

    Raises
    ------
    InputError
        When the checkpoint is none of ours, or was trained on the held-out seed.
    """
    silence_dependencies()
    about = read_about(checkpoint)
    if about["seed"] == HELD_OUT:
        raise InputError(checkpoint, f"trained with seed {HELD_OUT}", "another seed", "train it again")
    options = TaskOptions(**about["tasks_options"])
    held_out, toys = [], []
    for table in prior_tables(options, per_prior):
        held_out.append(score(table, checkpoint))
        told(f"prior task {len(held_out)}: {held_out[-1]}")
    for table in toy_tables():
        toys.append(score(table, checkpoint))
        told(f"toy table {len(toys)}: {toys[-1]}")
    lines = [
        f"`{about['name']}`, sha256 `{file_sha256(checkpoint)}`, {about['steps']} steps, "
        f"{about['tasks']} tasks, seed {about['seed']}; {ESTIMATORS} estimators. "
        "Error: RMSE over that of the context's mean.",
        "",
        f"Held-out tasks of the prior (seed {HELD_OUT}):",
        "",
        *report(held_out, "task"),
        "",
        f"Tables of scikit-learn, each cut 70/30 at random {_SPLITS} times; the interval is over sets:",
        "",
        *report(toys, "set"),
    ]
    return "\n".join(lines)


def write_card(card: Path, text: str) -> None:
    """Put the evaluation between the marks of a card.

    Raises
    ------
    InputError
        When the card or its marks are missing.
    """
    old = card.read_text() if card.is_file() else ""
    before, begin, rest = old.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise InputError(card, "no marks to write between", f"{_BEGIN} and {_END}", "add both lines")
    write_atomic(card, f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}".encode())


def main(arguments: list[str] | None = None) -> int:
    """Command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--tasks", type=int, default=40, help="held-out tasks of each prior")
    parser.add_argument("--write", type=Path, metavar="CARD", help="put the result into this card")
    given = parser.parse_args(arguments)
    try:
        text = evaluate(given.checkpoint, given.tasks, lambda line: print(line, file=sys.stderr))
        print(text)
        if given.write:
            write_card(given.write, text)
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
