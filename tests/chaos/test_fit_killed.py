"""A fit killed with SIGKILL in mid-epoch and resumed has the weights of one that was left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Fits the network named on the command line; every training step is told in a file and takes a moment.
CODE = """
import sys, time
from pathlib import Path
import pytorch_lightning as pl
import torch
sys.path.insert(0, sys.argv[1])
from tests.trainers.test_networks import SMALL
from tests.trainers.toy_source import toy_options
from tests.trainers.toy_views import toy_views
from slipbench.datasets.store.reader import Store
from slipbench.trainers.fit import fit

class Told(pl.Callback):
    def on_train_batch_end(self, trainer, *rest):
        Path(sys.argv[4]).write_text(f"{trainer.current_epoch} {rest[-1]}")
        time.sleep(float(sys.argv[5]))

torch.set_num_threads(1)
name, folder = sys.argv[2], Path(sys.argv[3])
store = Store(folder.parent / "store")
options = toy_options(model={"model": name, **SMALL.get(name, {})}, epochs=3, batch_size=8)
print(fit(options, store, folder, callbacks=[Told()]).sha256)
"""
ROOT = Path(__file__).resolve().parents[2]


def _start(name: str, out: Path, pause: float) -> subprocess.Popen:
    arguments = [str(ROOT), name, str(out), str(out) + ".step", str(pause)]
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _end(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out.strip()


@pytest.mark.timeout(280)
@pytest.mark.parametrize("name", ["img", "its", "ts"])
def test_killed_in_mid_epoch_and_resumed(name: str, tmp_path: Path) -> None:
    from tests.trainers.toy_views import toy_views

    toy_views(tmp_path / "store")
    whole = _start(name, tmp_path / "whole", 0)
    hurt = _start(name, tmp_path / "hurt", 0.3)
    step, deadline = tmp_path / "hurt.step", time.monotonic() + 200
    while not step.exists() or step.read_text()[:3] < "1 1":  # the second step of the second epoch
        assert hurt.poll() is None, hurt.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(hurt.pid, signal.SIGKILL)
    hurt.communicate()
    assert hurt.returncode == -signal.SIGKILL
    assert json.loads((tmp_path / "hurt" / "fit.json").read_text())["result"] is None
    assert (tmp_path / "hurt" / "last.ckpt").exists()
    assert _end(_start(name, tmp_path / "hurt", 0)) == _end(whole)
