"""Search over trainer options: plain Ray Tune functions, one Lightning fit each, stopped early by ASHA.

A nested TorchTrainer would wait for ever on few cores (ray issue 54305), so there is none.
"""

import json
import logging
import math
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.hashing import config_hash
from slipbench.platform.cluster import Cluster
from slipbench.platform.config.cluster import STAGES, GpuRequest
from slipbench.platform.nodes import CPU, GPU, MEMORY, Nodes, wanted
from slipbench.platform.ray_session import joins, ray_session
from slipbench.trainers.hash import fit_hash
from slipbench.trainers.options import Choice, Search, TrainerOptions

METRIC = "validation_loss"
#: Ray Tune's names of resources.
_TUNE = {CPU: "cpu", GPU: "gpu", MEMORY: "memory"}
#: How often a trial is tried that fails or whose node dies; on another node it begins anew.
TRIES = 2
_LOG = logging.getLogger(__name__)
#: ``progress(trials done, trials in all)``
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """One configuration that was tried: options, best and every epoch's validation loss, or its error."""

    config: dict[str, Any]
    validation_loss: float | None
    losses: list[float]
    error: str = ""


@dataclass(frozen=True)
class Tuned:
    """A finished search: the trials in the order they were drawn, and the best one's options."""

    best: dict[str, Any]
    trials: list[Trial]


def tune(
    options: TrainerOptions,
    store: Path,
    out: Path,
    progress: Progress = lambda done, total: None,
    start: Path | None = None,
    request: GpuRequest = STAGES.trial,
) -> Tuned:
    """Run the search that `options` describes, or read it where it has already been run.

    Parameters
    ----------
    options : TrainerOptions
        With ``search`` set.
    store : Path
        Sealed store; on a cluster of several machines it must be on a shared disk.
    out : Path
        Folder of the search; ``tune.json`` in it marks it as done.
    progress : callable, optional
        Called as ``progress(done, total)`` in trials.
    start : Path, optional
        Checkpoint that every trial starts from; on a cluster of several machines on a shared disk.
    request : GpuRequest, optional
        What a trial takes at the least.

    Raises
    ------
    InputError
        When one trial needs more than a node of the cluster has.
    ClusterLost
        When the Ray cluster goes away before the end.
    RuntimeError
        When every trial failed.
    """
    done = read_tuned(out)
    if done:
        return done
    assert options.search is not None
    task = _takes(options.search, request)
    with ray_session() as nodes:
        nodes.check("search", task)
        tuned = _search(options, store, out, progress, start, task)
    write_atomic(out / "tune.json", (json.dumps(asdict(tuned), indent=1) + "\n").encode())
    return tuned


def read_tuned(out: Path) -> Tuned | None:
    """A finished search, or None."""
    path = out / "tune.json"
    if not path.exists():
        return None
    raw = json.loads(path.read_text())
    return Tuned(raw["best"], [Trial(**t) for t in raw["trials"]])


def search_options(options: TrainerOptions) -> TrainerOptions:
    """Options as a search sees them: fits that differ only in name and seed share one search."""
    assert options.search is not None
    return options.model_copy(update={"seed": options.search.seed})


def search_hash(options: TrainerOptions, dataset_hash: str, start_sha256: str = "") -> str:
    """SHA-256 of everything that decides the outcome of a search."""
    own = search_options(options)
    return config_hash([fit_hash(own, dataset_hash, start_sha256), own.search])


def check_trial(search: Search, cluster: Cluster) -> None:
    """Raise InputError when a trial is too large for the cluster, or the Ray that would be started here."""
    nodes = cluster.nodes
    if nodes is None and not joins():
        import torch

        nodes = Nodes(({CPU: float(os.cpu_count() or 1), GPU: float(torch.cuda.device_count())},))
    if nodes:
        nodes.check("search", _takes(search, cluster.stages.trial))


def _takes(search: Search, request: GpuRequest) -> dict[str, float]:
    return wanted(request, search.cpus_per_trial, search.gpus_per_trial)


def _search(
    options: TrainerOptions,
    store: Path,
    out: Path,
    progress: Progress,
    start: Path | None,
    task: dict[str, float],
) -> Tuned:
    from ray import tune as rt
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.basic_variant import BasicVariantGenerator

    from slipbench.platform.tune_progress import TrialEnds, each_trial

    search = options.search
    assert search is not None
    # Ray prints a traceback of a trial whose node dies; it is tried again, or its error is in the table
    logging.getLogger("ray.tune").setLevel(logging.CRITICAL)
    # Ctrl-C and SIGTERM belong to the command line; Ray's own loggers would write beside each trial
    os.environ.update(
        TUNE_DISABLE_SIGINT_HANDLER="1", TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1", RAY_AIR_NEW_OUTPUT="0"
    )
    trainable = rt.with_resources(
        partial(_trial, options=search_options(options).model_dump_json(), store=str(store), start=start),
        {_TUNE[name]: amount for name, amount in task.items()},
    )
    folder = out / "ray"
    if rt.Tuner.can_restore(str(folder)):
        tuner = rt.Tuner.restore(str(folder), trainable, restart_errored=True)
    else:
        tuner = rt.Tuner(
            trainable,
            param_space={key: _domain(space) for key, space in search.space.items()},
            tune_config=rt.TuneConfig(
                metric=METRIC,
                mode="min",
                num_samples=search.trials,
                search_alg=BasicVariantGenerator(random_state=search.seed),
                scheduler=ASHAScheduler(
                    time_attr="epoch",
                    max_t=search.epochs,
                    grace_period=min(search.grace_epochs, search.epochs),
                ),
            ),
            run_config=rt.RunConfig(
                name="ray",
                storage_path=str(out),
                verbose=0,
                callbacks=[TrialEnds()],
                failure_config=rt.FailureConfig(max_failures=TRIES - 1),
            ),
        )
    ended = 0

    def count() -> None:
        nonlocal ended
        ended += 1
        progress(min(ended, search.trials), search.trials)

    progress(0, search.trials)
    with each_trial(count):
        results = tuner.fit()
    # Ray lists a trial last that was tried again; its folder is named after its number
    drawn = sorted((results[k] for k in range(len(results))), key=lambda result: Path(result.path).name)
    trials = [_read(result) for result in drawn]
    for number, trial in enumerate(trials):
        if trial.error:
            what = {"kind": "search", "trial": number, "status": "failed", "reason": trial.error}
            _LOG.warning("trial %d of search %s failed", number, options.name, extra=what)
    good = [t for t in trials if t.validation_loss is not None]
    if not good:
        shutil.rmtree(folder, ignore_errors=True)  # so that the next call tries again
        raise RuntimeError(f"all {len(trials)} trials failed: {trials[0].error}")
    best = min(good, key=lambda t: t.validation_loss)  # type: ignore[arg-type, return-value]
    return Tuned(best.config, trials)


def _trial(config: dict[str, Any], options: str, store: str, start: Path | None) -> None:
    """Body of one trial; runs in a Ray worker, which writes only into its own folder."""
    from ray import tune as rt

    from slipbench.datasets.quiet import silence_dependencies
    from slipbench.trainers.search import apply, fit_trial

    silence_dependencies()
    base = TrainerOptions.model_validate_json(options)
    folder = Path(rt.get_context().get_trial_dir())
    losses: list[float] = []

    def report(epoch: Mapping[str, Any]) -> None:
        losses.append(float(epoch[METRIC]))
        rt.report({**epoch, "losses": list(losses)})

    fit_trial(apply(base, config), store, folder / "fit", report, start)
    # the best configuration is fitted again in full, so the trials' weights are of no use
    shutil.rmtree(folder / "fit", ignore_errors=True)


def _domain(space: Any) -> Any:
    from ray import tune as rt

    if isinstance(space, Choice):
        return rt.choice(space.values)
    return rt.loguniform(space.low, space.high) if space.log else rt.uniform(space.low, space.high)


def _read(result: Any) -> Trial:
    losses = [float(v) for v in (result.metrics or {}).get("losses", [])]
    finite = [v for v in losses if math.isfinite(v)]
    error = " ".join(str(result.error).split())[-300:] if result.error else "" if finite else "diverged"
    return Trial(dict(result.config), None if error else min(finite), finite, error)
