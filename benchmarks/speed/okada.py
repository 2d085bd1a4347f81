"""Okada's displacement: station-source pairs a second on one thread, with the peers that are installed."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from slipbench.benchmarks.speed.measure import Row, alternating, seconds
from slipbench.benchmarks.speed.okada_peers import peers
from slipbench.datasets.physics import okada, okada_numpy, okada_torch
from slipbench.datasets.physics.okada_sources import Sources

N_SOURCES, N_STATIONS = 512, 300
#: Times as many sources at once on a GPU, to fill it.
ON_GPU = 16


def _sources(rng: np.random.Generator) -> Sources:
    n = N_SOURCES
    length = rng.uniform(10e3, 200e3, n)
    dip, depth = rng.uniform(20, 30, n), rng.uniform(30e3, 100e3, n)
    strike, rake = rng.uniform(160, 240, n), rng.uniform(75, 100, n)
    still = np.zeros(n)
    return Sources(still, still, depth, strike, dip, rake, length, length / 2, still + 1, still)


def rows() -> list[Row]:
    """The kernel in both precisions, NumPy, torch (on a GPU too), then the kernel against each peer."""
    rng = np.random.default_rng(0)
    sources = _sources(rng)
    east, north = rng.uniform(-300e3, 300e3, (2, N_STATIONS))
    work = f"{N_SOURCES} x {N_STATIONS}"
    pairs = N_SOURCES * N_STATIONS / 1e6
    name = " ".join([okada.kernel(), *okada.instruction_sets()[-1:]])

    def ours() -> np.ndarray:
        return okada.displacement(sources, east, north)

    fast, slow = alternating(ours, lambda: okada_numpy.displacement(sources, east, north))
    single = seconds(lambda: okada.displacement(sources, east, north, dtype=np.float32))
    table = [
        Row(f"Okada {work}, {name}, float64", pairs / fast, "M pairs/s", "our NumPy", slow / fast),
        Row(
            f"Okada {work}, {name}, float32",
            pairs / single,
            "M pairs/s",
            "the same in float64",
            fast / single,
        ),
        Row(f"Okada {work}, NumPy, float64", pairs / slow, "M pairs/s"),
    ]
    for dtype in (torch.float64, torch.float32):
        took = _one_thread(_torch_call(sources, east, north, dtype))
        table.append(Row(f"Okada {work}, torch CPU, {str(dtype)[6:]}", pairs / took, "M pairs/s"))
    if torch.cuda.is_available():
        table += on_device(sources, east, north, torch.device("cuda"), ON_GPU)
    for peer, count, call in peers(sources, east, north):
        fast, theirs = alternating(ours, call)
        rate = count / theirs / 1e6
        table.append(Row(f"Okada, {name}, float64", pairs / fast, "M pairs/s", peer, pairs / fast / rate))
    return table


def on_device(
    sources: Sources, east: np.ndarray, north: np.ndarray, device: torch.device, times: int
) -> list[Row]:
    """`times` times the sources at once, beside what no code can beat: one write of the result."""
    many = Sources(**{k: np.tile(v, times) for k, v in vars(sources).items()})
    n, m = len(many), len(east)
    table = []
    for dtype in (torch.float64, torch.float32):
        call = _torch_call(many, east, north, dtype, device)
        out = torch.empty(n, m, 3, dtype=dtype, device=device)
        ours, bound = alternating(_waited(call, device), _waited(partial(out.fill_, 1.0), device))
        what = f"Okada {n} x {m}, torch {device.type}, {str(dtype)[6:]}"
        table.append(Row(what, n * m / 1e6 / ours, "M pairs/s", "one write of the result", bound / ours))
    return table


def _waited(call: Callable[[], object], device: torch.device) -> Callable[[], None]:
    """The call until the device has done its work."""

    def wait() -> None:
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return wait


def _torch_call(
    sources: Sources,
    east: np.ndarray,
    north: np.ndarray,
    dtype: torch.dtype,
    device: torch.device | None = None,
) -> Callable[[], object]:
    place: dict[str, Any] = {"dtype": dtype, "device": device}
    fields = SimpleNamespace(**{k: torch.tensor(v, **place) for k, v in vars(sources).items()})
    at = torch.tensor(np.stack([east, north]), **place)
    return lambda: okada_torch.displacement(fields, *at)


def _one_thread(call: Callable[[], object]) -> float:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return seconds(call)
    finally:
        torch.set_num_threads(threads)
