import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import dask
import numpy as np
import pytest

from slipbench.datasets.recipes.build import build
from slipbench.datasets.store.plan import Shard, ShardMaker
from slipbench.datasets.store.verify import verify

from .toy import toy_plan, tree


@dataclass(frozen=True)
class Slow:
    """Makes one shard beside another, which it ends a while after the build was stopped."""

    make: ShardMaker
    stopped: threading.Event
    begun: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    first: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, shard: int, rows: range, rng: np.random.Generator) -> Shard:
        self.begun.append(shard)
        if self.first.acquire(blocking=False):
            while len(self.begun) < 2:
                time.sleep(0.01)
        else:
            assert self.stopped.wait(60)
            time.sleep(0.3)
        made = self.make(shard, rows, rng)
        self.ended.append(shard)
        return made


def test_a_stopped_build_leaves_no_thread_at_work(tmp_path: Path) -> None:
    plan = toy_plan()
    slow = Slow(plan.make, threading.Event())

    def stop(done: int, total: int) -> None:
        if done:
            slow.stopped.set()
            raise KeyboardInterrupt

    with dask.config.set(num_workers=2), pytest.raises(KeyboardInterrupt):
        build(replace(plan, make=slow), tmp_path / "store", progress=stop)
    assert len(slow.begun) >= 2
    assert sorted(slow.ended) == sorted(slow.begun)
    build(plan, tmp_path / "store")
    build(plan, tmp_path / "whole")
    assert verify(tmp_path / "store") == []
    assert tree(tmp_path / "store") == tree(tmp_path / "whole")
