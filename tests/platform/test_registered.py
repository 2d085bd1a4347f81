"""A suite registers its best network; it is used by its name, and what others planted there is refused."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from mlflow.models import Model

from slipbench.platform.registration import WEIGHTS
from slipbench.platform.tracking import Tracker

DATA = ["n_samples=64", "rows_per_shard=32", "n_stations=40"]
SMALL = [
    *(f"dataset.{o}" for o in DATA),
    *(f"networks.img.dataset.{o}" for o in DATA),
    "networks.img.model.width=0.25",
    "networks.img.epochs=1",
    "seeds=[0, 1]",
]
NAME = "slipbench-source-source_demo"


class Code:
    """Makes a folder when it is unpickled the careless way."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.path),)


@pytest.mark.timeout(280)
def test_registered_used_and_attacked(slipbench: Callable, tmp_path: Path) -> None:
    home, ran = tmp_path / "home", tmp_path / "ran"
    first = slipbench("bench", "source_demo", *SMALL, "--no-tune", "--json")
    assert first.code == 0, first.err
    told = json.loads(first.out)
    assert f"model {NAME}: img registered as version 1, champion is version 1" in first.err
    again = slipbench("bench", "source_demo", *SMALL, "--no-tune")
    assert f"model {NAME}: img is already version 1, champion is version 1" in again.err

    # what was registered is the better one of the two seeds, with its score, signature, example and card
    client = Tracker(told["tracking"], home / "artifacts")._client
    version = client.get_model_version_by_alias(NAME, "champion")
    table = pd.read_parquet(told["suites"][0]["table"])
    board = json.loads(slipbench("leaderboard", "--json").out)
    (row,) = [r for r in board if r["model"] == "img"]
    assert row["seeds"] == 2
    checkpoints = {p.parent.name.split("-")[1]: p for p in (home / "fits").glob("img-seed*/best.ckpt")}
    best = checkpoints[f"seed{version.tags['seed']}"]
    assert version.tags["slipbench.checkpoint_sha256"] == sha256(best.read_bytes()).hexdigest()
    assert version.tags["tested_on"] == f"source_demo {table['dataset_hash'].iloc[0]}"
    assert version.tags["network"] == "img"
    assert "km (95 %: " in version.tags["position_error"]
    assert "the best of 2 by position_error" in version.description
    (planted,) = (home / "artifacts").rglob(WEIGHTS)
    model = Model.load(planted.parent)
    assert [s.shape for s in model.signature.inputs] == [(-1, 76, 36, 2)]
    assert [s.shape for s in model.signature.outputs] == [(-1, 3)]
    assert np.asarray(model.load_input_example(planted.parent)).shape == (1, 76, 36, 2)

    # it predicts by its name what its checkpoint predicts, and its example is what MLflow can read
    (store,) = (home / "stores").glob("source_demo-*.zarr")
    assert slipbench("predict", best, store, "--out", tmp_path / "a.parquet").code == 0
    for number, name in enumerate((f"{NAME}@champion", NAME, f"{NAME}/1", f"{NAME}@1")):
        out = tmp_path / f"{number}.parquet"
        used = slipbench("predict", f"models:/{name}", store, "--out", out)
        assert used.code == 0, used.err
        pd.testing.assert_frame_equal(pd.read_parquet(out), pd.read_parquet(tmp_path / "a.parquet"))
    card = json.loads(slipbench("inspect", f"models:/{NAME}", "--json").out)
    assert card["network"] == "img"

    # names that are not there
    for wrong in (f"{NAME}@nobody", f"{NAME}/7", "nothing@champion", "a/b/c", ""):
        refused = slipbench("predict", f"models:/{wrong}", store, "--out", tmp_path / "w.parquet")
        assert refused.code == 2, wrong
        assert len(refused.err.strip().splitlines()) == 1

    # a pickle in the place of the weights: first as it is, then with a tag that vouches for it
    shutil.rmtree(home / "cache" / "models")
    planted.write_bytes(pickle.dumps(Code(ran)))
    refused = slipbench("predict", f"models:/{NAME}", store, "--out", tmp_path / "w.parquet")
    assert (refused.code, ran.exists()) == (2, False)
    assert "was changed since it was registered" in refused.err
    for attack in ("pickle", "torch"):
        if attack == "torch":
            torch.save({"state_dict": {}, "hyper_parameters": Code(ran)}, planted)
        digest = sha256(planted.read_bytes()).hexdigest()
        client.set_model_version_tag(NAME, "1", "slipbench.weights_sha256", digest)
        refused = slipbench("predict", f"models:/{NAME}", store, "--out", tmp_path / "w.parquet")
        assert (refused.code, ran.exists()) == (2, False)
        assert len(refused.err.strip().splitlines()) == 1
        assert "damaged, or of another format" in refused.err

    # a model that somebody else registered there, in MLflow's own pickled format
    client.create_registered_model("theirs")
    (planted.parent / "model.pkl").write_bytes(pickle.dumps(Code(ran)))
    client.create_model_version("theirs", planted.parent.as_uri())
    refused = slipbench("predict", "models:/theirs/1", store, "--out", tmp_path / "w.parquet")
    assert (refused.code, ran.exists()) == (2, False)
    assert "is no network of slipbench" in refused.err
    assert not (tmp_path / "w.parquet").exists()
