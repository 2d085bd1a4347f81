"""Samples of a virtual store made a second, on the GPU where there is one, else on one thread of the CPU.

Two yardsticks: the code that builds the stored form, on one thread as in a build, and what no arrangement of
this arithmetic can beat, the matrix products of noise and gridding alone and one write of the result.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.recipes.source_maker import SourceMaker
from slipbench.datasets.recipes.source_synthetic import SourceSynthetic
from slipbench.datasets.synthesis.source_torch import SourceSynthesiser

N_STATIONS = 300
#: Samples made at once: as in training, and enough to fill a GPU.
BATCH = {"offset": 256, "img": 128, "its": 16, "ts": 16}
ON_GPU = 16


def _prepared(array: str) -> tuple[SourceMaker, SourceSynthesiser]:
    options = SourceSynthetic.Options.model_validate(
        {
            "recipe": "source_synthetic",
            "name": "speed",
            "n_samples": 1024,
            "n_stations": N_STATIONS,
            "stations": "made",
            "representations": [array],
        }
    )
    maker = SourceSynthetic(options, None).plan().make
    assert isinstance(maker, SourceMaker)
    place = maker.stations
    return maker, SourceSynthesiser(options, place.lat, place.lon, maker.gridder.land_)


def rows() -> list[Row]:
    """Samples a second of every representation."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with one_blas_thread():
            return [row for array in BATCH for row in _rows(array, device)]
    finally:
        torch.set_num_threads(threads)


def _rows(array: str, device: torch.device) -> list[Row]:
    maker, made = _prepared(array)
    few = BATCH[array]
    n = few * (ON_GPU if device.type == "cuda" else 1)
    rng = np.random.default_rng(0)
    source = maker.events(0, range(few), rng)[0]["source"]
    inputs = {"source": torch.from_numpy(np.resize(source, (n, source.shape[1]))).to(device)}
    numbers = torch.arange(n, device=device)
    made = made.to(device)

    def ours() -> None:
        made(array, numbers, inputs)
        _wait(device)

    def stored() -> None:
        maker(0, range(few), rng)

    fast, build = alternating(ours, stored)
    what = f"virtual {array}, {N_STATIONS} stations, {n} at once, {device.type}"
    peer = "the stored form's code, one thread"
    table = [Row(what, n / fast, "samples/s", peer, n / fast / (few / build))]
    if array != "offset":
        fast, bound = alternating(ours, _least(made, array, n, device))
        table.append(Row(what, n / fast, "samples/s", "its products and one write alone", bound / fast))
    return table


def _least(made: SourceSynthesiser, array: str, n: int, device: torch.device) -> Callable[[], None]:
    """The matrix products of a representation on ready operands, and one write of its result."""
    out = torch.empty(n, *made.shape(array), device=device)
    weights = getattr(made, f"weights_{array}")
    (fields, days), c, m = weights.shape, out.shape[-1], N_STATIONS
    series = torch.ones(days, n * c * m, device=device)
    drawn = torch.ones(n * fields * c, m, device=device)
    pairs: list[tuple[Tensor, Tensor]] = [
        (weights.to(series), series),
        (drawn, torch.ones(m, m, device=device)),
    ]
    if array != "ts":
        pairs.append((torch.ones(len(drawn), len(made.grid.matrix), device=device), made.grid.matrix))

    def call() -> None:
        for a, b in pairs:
            a @ b
        out.fill_(1.0)
        _wait(device)

    return call


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
