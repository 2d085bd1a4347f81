"""A trained network as MLflow's model registry takes it: weights, signature, input example and card."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from slipbench.benchmarks.leaderboard import number
from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.store.reader import Store
from slipbench.platform.best_network import Best
from slipbench.platform.network_card import checkpoint_card
from slipbench.platform.registration import CARD, EXAMPLE, WEIGHTS, Registration
from slipbench.platform.versions import code_version
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.example import Example, example
from slipbench.trainers.portable import write_portable


def write_package(best: Best, trained_on: Store, folder: Path) -> Registration:
    """Write the package of a suite's best network.

    Parameters
    ----------
    best : Best
        The network.
    trained_on : Store
        Store that it was trained on; one of its validation rows is the input example.
    folder : Path
        Where to.
    """
    fit = best.fitted.fit
    assert fit is not None
    cell, score = best.cell, best.scores[0]
    write_portable(read_raw(fit.checkpoint), folder / WEIGHTS)
    facts = checkpoint_card(folder / WEIGHTS)
    shown = example(folder / WEIGHTS, trained_on)
    name = f"slipbench-{cell['task']}-{cell['dataset']}"
    interval = f"{number(score.value)} {score.units} (95 %: {number(score.low)} to {number(score.high)})"
    tags = {
        "slipbench.weights_sha256": file_sha256(folder / WEIGHTS),
        "slipbench.checkpoint_sha256": fit.sha256,
        "suite": cell["suite"],
        "task": cell["task"],
        "network": facts["network"],
        "seed": str(best.fitted.options.seed),
        "trained_on": f"{best.fitted.options.dataset.name} {facts['dataset_hash']}",
        "tested_on": f"{cell['dataset']} {cell['dataset_hash']}",
        "split": cell["split"],
        "label": cell["label"],
        score.metric.name: interval,
        "code_version": code_version(),
    }
    write_atomic(folder / CARD, _card(name, best, facts, tags).encode())
    write_atomic(folder / EXAMPLE, json.dumps(shown.x.tolist()).encode())
    _write_mlmodel(folder, facts, shown, trained_on.attrs["targets"])
    return Registration(
        name=name,
        folder=str(folder),
        sha256=tags["slipbench.weights_sha256"],
        board=config_hash([str(cell[k]) for k in ("dataset_hash", "split", "label")] + [score.metric.name]),
        score=score.value,
        higher_is_better=bool(score.metric.higher_is_better),
        tags={key: str(value) for key, value in tags.items()},
    )


def _write_mlmodel(folder: Path, facts: Mapping[str, Any], shown: Example, targets: Any) -> None:
    from mlflow.models import Model, ModelSignature
    from mlflow.types import Schema, TensorSpec

    shape = [-1 if axis in shown.free_axes else n for axis, n in enumerate(shown.x.shape[1:])]
    signature = ModelSignature(
        Schema([TensorSpec(shown.x.dtype, (-1, *shape))]),
        Schema([TensorSpec(np.dtype("float64"), (-1, shown.y.shape[1]))]),
    )
    # a flavour of our own: MLflow's loaders for Python unpickle, and so have none for this
    model = Model(
        flavors={"slipbench": {"data": WEIGHTS, "network": facts["network"], "code_version": code_version()}},
        signature=signature,
        saved_input_example_info={"artifact_path": EXAMPLE, "type": "ndarray"},
        metadata={"targets": targets, "dataset_hash": facts["dataset_hash"], "example": shown.y.tolist()},
    )
    model.save(folder / "MLmodel")


def _card(name: str, best: Best, facts: Mapping[str, Any], tags: Mapping[str, str]) -> str:
    cell, options, fit = best.cell, best.fitted.options, best.fitted.fit
    assert fit is not None
    rows = {
        "network": f"{facts['network']}: {facts['summary']} ({facts['reference']})",
        "parameters": f"{facts['parameters']:,}",
        "input": f"`{cell['modality']}`, rows of {' × '.join(map(str, facts['row_shape']))}",
        "trained on": f"{tags['trained_on']}, seed {options.seed}, epoch {fit.best_epoch} of {fit.epochs}",
        "tested on": f"{tags['tested_on']}, split {cell['split']}, label {cell['label']}, "
        f"{len(cell['sample'])} samples",
        "chosen as": f"the best of {best.rivals} by {best.scores[0].metric.name} on these test samples"
        + ("" if best.rivals == 1 else ", so its score is a little too good"),
        "weights": f"sha256 {tags['slipbench.weights_sha256']}",
        "code": tags["code_version"],
    }
    rows |= {"notes": cell["notes"]} if cell["notes"] else {}
    scores = [
        f"| {s.metric.name} | {number(s.value)} | {number(s.low)} to {number(s.high)} | {s.units} |"
        for s in best.scores
    ]
    lines = [
        f"# {name}",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {key} | {value} |" for key, value in rows.items()),
        "",
        "| metric | value | 95 % interval | unit |",
        "| --- | --- | --- | --- |",
        *scores,
        "",
        f"`slipbench predict models:/{name}@champion STORE --out FILE` applies the champion of this name.",
    ]
    return "\n".join(lines) + "\n"
