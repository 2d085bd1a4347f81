import subprocess
import sys

import numpy as np
import pytest

from slipbench.benchmarks import memory
from slipbench.benchmarks.results import read_table
from slipbench.benchmarks.run import run_suite

from .toy_suites import inputs_of, nowcast_suite, toy_nowcast

#: In a process of its own: this one may keep what earlier tests have freed.
STRETCHES = """
import numpy as np
from slipbench.benchmarks import memory

for mib in (400, 50):
    assert memory.forget_peak()
    kept = np.ones(mib * 2**20, np.uint8)
    del kept
    print(memory.peak_mib())
"""


@pytest.mark.skipif(not memory.forget_peak(), reason="the system does not forget the peak memory")
def test_the_peak_is_that_of_the_stretch_and_not_of_what_was_before():
    told = subprocess.run([sys.executable, "-c", STRETCHES], capture_output=True, text=True, check=True)
    large, small = map(float, told.stdout.split())
    assert 345 < large - small < 355


def test_a_system_that_does_not_tell_gives_no_number(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_FORGET", tmp_path)
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "none")
    assert not memory.forget_peak()
    assert np.isnan(memory.peak_mib())


def test_every_cell_tells_its_memory_where_the_system_does(tmp_path, monkeypatch):
    suite = nowcast_suite(modalities=["ab"], splits=["random"])
    inputs = inputs_of(toy_nowcast(tmp_path / "store", rows=128), tmp_path / "cache")
    told = read_table([run_suite(suite, inputs, tmp_path / "told")])
    assert (told["peak_mib"] > 50).all()
    monkeypatch.setattr(memory, "_FORGET", tmp_path)
    silent = read_table([run_suite(suite, inputs, tmp_path / "silent")])
    assert silent["peak_mib"].isna().all()
