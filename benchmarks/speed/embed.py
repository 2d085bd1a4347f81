"""Images a second of the vision transformers, against the same timm model in a bare loop."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from slipbench.benchmarks.speed.measure import Row, alternating
from slipbench.trainers.encoders.vit import Vit, VitOptions

#: Side of a nowcast image.
SIDE = 50


@dataclass(frozen=True)
class Case:
    """One encoder and how many images it is timed on.

    Parameters
    ----------
    options : dict
        Of `VitOptions`.
    images : int
        Images of one timing.
    """

    options: dict[str, Any]
    images: int

    @property
    def name(self) -> str:
        """Architecture, size and arithmetic."""
        o = VitOptions(**self.options)
        return f"{o.architecture}, {o.image_size} px, {o.precision}, batches of {o.batch_size}"


ON_CPU = (
    Case({"architecture": "vit_tiny_patch16_224", "image_size": 112}, 64),
    Case({"architecture": "vit_base_patch16_224", "batch_size": 4}, 4),
)
ON_GPU = tuple(
    Case({"architecture": name, "precision": precision, "batch_size": 128}, 1024)
    for name in ("vit_tiny_patch16_224", "vit_base_patch16_224")
    for precision in ("32-true", "bf16-mixed", "bf16")
)


def rows() -> Iterator[Row]:
    """Rows of every case; the CPU has one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for case in ON_CPU:
            yield compared(case, "cpu")
    finally:
        torch.set_num_threads(threads)
    if torch.cuda.is_available():
        for case in ON_GPU:
            yield compared(case, "gpu")


def compared(case: Case, device: str) -> Row:
    """The encoder, from images in mm to features, and the bare loop, from pixels on the device."""
    images = np.random.default_rng(0).normal(0, 8, (case.images, SIDE, SIDE, 3)).astype(np.float32)
    encoder = Vit(VitOptions(**case.options, device=device))
    ours, bare = alternating(lambda: encoder.encode(images), bare_loop(encoder.options, case.images))
    place = "GPU" if device == "gpu" else "CPU, one thread"
    what = f"embedding of {case.images} images of {SIDE} x {SIDE} by {case.name}, {place}"
    return Row(what, case.images / ours, "images/s", "timm's model in a bare loop", bare / ours)


def bare_loop(options: VitOptions, n: int) -> Callable[[], np.ndarray]:
    """What one writes by hand: timm's model on pixels that are on the device already."""
    import timm

    device = torch.device("cuda" if options.device == "gpu" else "cpu")
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    mixed = options.precision == "bf16-mixed"
    model: Any = timm.create_model(options.architecture, num_classes=0, img_size=options.image_size)
    model = model.eval().to(device, dtype)
    x = torch.rand((n, 3, options.image_size, options.image_size), device=device, dtype=dtype)

    def work() -> np.ndarray:
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=mixed):
            parts = [model.forward_features(part).mean(1) for part in x.split(options.batch_size)]
            return torch.cat(parts).float().cpu().numpy()

    return work
