"""A pre-training killed with SIGKILL between two savings and resumed has the weights of one left alone."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

#: Every step takes a moment, so that the kill comes in the middle.
CODE = """
import sys, time
from pathlib import Path
import torch
from slipbench.trainers.pfn import pretrain as module
from slipbench.trainers.pfn.options import PretrainOptions

torch.set_num_threads(1)
drawn = module.draw_tasks

def slowly(*arguments):
    time.sleep(float(sys.argv[2]))
    return drawn(*arguments)

module.draw_tasks = slowly
network = {"width": 16, "layers": 1, "heads": 2, "buckets": 12}
tasks = {"rows": (12, 24), "features": (1, 4), "cells": 128}
options = PretrainOptions(
    name="toy", seed=1, steps=30, save_every=7, accelerator="cpu", network=network, tasks=tasks
)
print(module.pretrain(options, Path(sys.argv[1])).sha256)
"""


def _start(out: Path, pause: float) -> subprocess.Popen:
    command = [sys.executable, "-c", CODE, str(out), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _end(process: subprocess.Popen) -> str:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    return out.strip()


@pytest.mark.timeout(280)
def test_killed_between_savings_and_resumed(tmp_path: Path) -> None:
    whole = _start(tmp_path / "whole", 0)
    hurt = _start(tmp_path / "hurt", 0.3)
    last, deadline = tmp_path / "hurt" / "last.pt", time.monotonic() + 200
    while not last.exists():
        assert hurt.poll() is None, hurt.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.7)  # into the steps after the saving
    os.kill(hurt.pid, signal.SIGKILL)
    hurt.communicate()
    assert hurt.returncode == -signal.SIGKILL
    assert json.loads((tmp_path / "hurt" / "pretrain.json").read_text())["result"] is None
    assert _end(_start(tmp_path / "hurt", 0)) == _end(whole)
