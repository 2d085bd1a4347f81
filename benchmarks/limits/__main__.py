"""``python -m slipbench.benchmarks.limits``: the limit of a store's test rows, or a test of its coverage."""

import argparse
import os
import sys
import time
from pathlib import Path

from slipbench.benchmarks.limits.coverage import cases
from slipbench.benchmarks.limits.importance import Effort
from slipbench.benchmarks.limits.problem import SEEN, noise_of, problem_of
from slipbench.benchmarks.limits.report import coverage, errors, sampling
from slipbench.benchmarks.limits.study import study
from slipbench.datasets.errors import InputError
from slipbench.datasets.store.reader import Store


def main(words: list[str] | None = None) -> int:
    """Work it out, print Markdown, keep the events where asked to; `words` stand for the command line."""
    parser = argparse.ArgumentParser(prog="python -m slipbench.benchmarks.limits", description=__doc__)
    parser.add_argument("what", choices=["study", "coverage"])
    parser.add_argument("store", type=Path, help="sealed store of source_synthetic with the array ts")
    parser.add_argument("--events", type=int, default=200, help="test rows, or simulated events")
    parser.add_argument("--seed", type=int, default=0, help="root of the random streams")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    parser.add_argument("--effective", type=float, default=1000.0, help="effective samples that are enough")
    parser.add_argument("--sees", choices=sorted(SEEN), default="ts", help="days that the posterior is given")
    parser.add_argument("--keep", type=Path, help="write the events to this Parquet file")
    o = parser.parse_args(words)
    data = os.environ.get("SLIPBENCH_DATA")
    effort, began = Effort(enough=o.effective), time.perf_counter()
    try:
        store = Store(o.store)
        if o.what == "study":
            rows = store.rows_of("test")[: o.events]
            frame = study(
                store, rows, Path(data) if data else None, effort, o.seed, o.workers, o.sees, _count
            )
            text = f"{errors(frame)}\n\n{sampling(frame, o.effective)}"
        else:
            problem = problem_of(store, seed=o.seed)
            problem.noise, problem.sees = noise_of(store, Path(data) if data else None), o.sees
            frame = cases(problem, o.events, effort, o.seed, o.workers)
            text = f"{coverage(frame)}\n\n{sampling(frame, o.effective)}"
    except InputError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if o.keep:
        frame.to_parquet(o.keep)
    print(f"\n{text}\n\n{len(frame)} events in {time.perf_counter() - began:.0f} s.")
    return 0


def _count(done: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done} posteriors", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
