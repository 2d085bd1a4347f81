import subprocess
import sys
import time

import pytest
import torch

from slipbench.trainers.meter import Meter


def test_share_of_a_processor() -> None:
    meter, cpu = Meter(), torch.device("cpu")
    meter.start(cpu)
    time.sleep(0.2)
    idle = meter.share()
    meter.start(cpu)
    until = time.process_time() + 0.1
    while time.process_time() < until:
        meter.tick()
    busy = meter.share()
    assert idle is not None
    assert busy is not None
    assert idle < 0.2
    assert busy > idle
    assert busy <= 1.05


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallopt is glibc's")
def test_freed_memory_is_used_again() -> None:
    code = """
import resource, torch
from slipbench.trainers.memory import keep_memory
def faults(n=6):
    torch.ones(16 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(n):
        torch.ones(16 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
first = faults()
assert keep_memory()
settling = [faults() for _ in range(3)]
print(first, faults())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(int, run.stdout.split())
    assert after < 0.1 * before
