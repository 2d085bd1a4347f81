"""The tiny checkpoint is a regressor of the tabpfn package, always the same, and says it is untrained."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tabpfn import TabPFNRegressor

from slipbench.trainers.pfn.tiny import UNTRAINED, main, tiny_checkpoint, write_tiny_checkpoint


def test_the_package_loads_it_and_predicts(tmp_path: Path) -> None:
    path = tmp_path / "tiny.ckpt"
    write_tiny_checkpoint(path, seed=3)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), 100 + rng.normal(size=60)
    predictions = []
    for _ in range(2):
        regressor = TabPFNRegressor(model_path=path, device="cpu", n_estimators=2, random_state=0)
        predictions.append(regressor.fit(X[:50], y[:50]).predict(X[50:]))
    assert predictions[0].shape == (10,)
    np.testing.assert_array_equal(*predictions)
    # The bars are in units of the target's spread, so even random weights stay near the training rows.
    assert np.abs(predictions[0] - 100).max() < 5
    assert np.ptp(predictions[0]) > 0
    loaded = regressor.models_[0].state_dict()
    for name, tensor in loaded.items():
        torch.testing.assert_close(tensor, tiny_checkpoint(3)["state_dict"][name], rtol=0, atol=0)


def test_same_seed_same_bytes_in_any_file_and_process(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path / "a.ckpt", seed=5)
    write_tiny_checkpoint(tmp_path / "b.ckpt", seed=6)
    command = [sys.executable, "-m", "slipbench.trainers.pfn.tiny", str(tmp_path / "other-name.ckpt"), "5"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    written = (tmp_path / "a.ckpt").read_bytes()
    assert written == (tmp_path / "other-name.ckpt").read_bytes()
    assert written != (tmp_path / "b.ckpt").read_bytes()
    assert len(written) < 500_000


def test_it_says_untrained_and_reads_without_running_code(tmp_path: Path) -> None:
    write_tiny_checkpoint(tmp_path / "tiny.ckpt", seed=2)
    content = torch.load(tmp_path / "tiny.ckpt", weights_only=True)
    assert content[UNTRAINED] == "random weights, seed 2"


def test_buckets_are_equally_likely_under_a_standard_normal() -> None:
    from scipy.stats import norm

    borders = tiny_checkpoint()["state_dict"]["criterion.borders"].numpy()
    assert np.all(np.diff(borders) > 0)
    np.testing.assert_allclose(np.diff(norm.cdf(borders)), 1 / (len(borders) - 1), atol=4e-5)
    np.testing.assert_allclose(borders, -borders[::-1], atol=1e-6)


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "1", "2"]])
def test_wrong_arguments_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("arguments: ")
