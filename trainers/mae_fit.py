"""Pre-training an encoder on masked images, resumable and repeatable."""

import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from slipbench.datasets.atomic import atomic_file
from slipbench.datasets.blas import one_blas_thread
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.datasets.store.reader import Store
from slipbench.datasets.synthesis.nowcast_images import NowcastImages
from slipbench.trainers.checkpoint_file import read_raw
from slipbench.trainers.encoders.architecture import skeleton
from slipbench.trainers.encoders.pixels import pixels
from slipbench.trainers.encoders.pretrained import COMMAND
from slipbench.trainers.keeper import Progress
from slipbench.trainers.mae import MaskedAutoencoder, check_positions, visible_count
from slipbench.trainers.mae_images import Batch, Images, ahead, real_images
from slipbench.trainers.mae_options import MaeOptions
from slipbench.trainers.quiet import reproducible
from slipbench.trainers.record import BEST, LAST, Fit, claim, finish
from slipbench.trainers.schedule import cosine

#: Raised when the same options would give other weights.
VERSION = 1
#: Options that change where and how fast an encoder is trained, not its weights.
NOT_IN_HASH = {"name", "dataset", "accelerator", "loader_workers"}
_BETAS = (0.9, 0.95)


def mae_hash(options: MaeOptions, dataset_hash: str) -> str:
    """SHA-256 of everything that decides a pre-training."""
    decides = options.model_dump(mode="json", exclude=NOT_IN_HASH)
    return config_hash({"mae": VERSION, "options": decides, "dataset": dataset_hash})


def check_mae(options: MaeOptions) -> torch.device:
    """Where to train; raises InputError for a wrong architecture or size, or where no such device is."""
    network = skeleton(options.architecture, options.image_size)
    if reason := check_positions(network, options.architecture):
        raise InputError("architecture", reason, "a plain ViT", "choose vit_tiny_patch16_224")
    gpu = torch.cuda.is_available()
    if options.accelerator == "gpu" and not gpu:
        raise InputError("accelerator", "no GPU is visible", "a CUDA device", "use accelerator=auto")
    return torch.device("cuda" if gpu and options.accelerator != "cpu" else "cpu")


def pretrain(options: MaeOptions, store: Store, out: Path, progress: Progress | None = None) -> Fit:
    """Pre-train until the epochs are done and keep the encoder of the best one.

    On a CPU the weights depend on the options, the store and the number of threads alone, also when the
    process was killed and the training resumed. A finished one of the same hash in `out` is returned
    without work.

    Parameters
    ----------
    options : MaeOptions
        Network, images and training.
    store : Store
        Sealed nowcast store.
    out : Path
        Folder of this pre-training; nothing is written outside it.
    progress : callable, optional
        Called as ``progress(epochs done, epochs, text)``.

    Returns
    -------
    Fit
        Its ``checkpoint`` is what ``weights: mae`` of an encoder reads; losses are mean squared errors of the
        masked patches, in the patches' own deviations with ``patch_norm``.

    Raises
    ------
    InputError
        For what `check_mae` and `real_images` find, when `out` holds another fit, or the loss is not finite.
    """
    device = check_mae(options)
    key = mae_hash(options, store.dataset_hash)
    out.mkdir(parents=True, exist_ok=True)
    real = real_images(store, options.real) if options.real else None
    if done := claim(out, key):
        return done
    with one_blas_thread(), reproducible(deterministic=device.type == "cpu"):
        state = _State.start(options, device)
        images = Images(
            made=NowcastImages(store, options.virtual),
            real=real,
            share=options.real.share if options.real else 0.0,
            patches=state.network.n_patches,
            visible=visible_count(state.network.n_patches, options.mask_ratio),
            seed=options.seed,
        )
        card = {
            "pretraining": "mae",
            "version": VERSION,
            **options.model_dump(mode="json", exclude={"name", "dataset", "real", "virtual", "decoder"}),
            "dataset_hash": store.dataset_hash,
            "real_before": options.real.before.isoformat() if options.real else None,
            "real_images": 0 if real is None else len(real),
        }
        if (out / LAST).exists():
            state.recall(read_raw(out / LAST, COMMAND))
        _train(state, images, out, card, progress)
    fit = _result(out, state, options)
    finish(out, key, fit)
    return fit


@dataclass
class _State:
    """What grows while training, all of it in ``last.ckpt``."""

    options: MaeOptions
    device: torch.device
    network: MaskedAutoencoder
    optimizer: torch.optim.Optimizer
    history: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def start(cls, options: MaeOptions, device: torch.device) -> "_State":
        import timm

        torch.manual_seed(options.seed)
        encoder = timm.create_model(options.architecture, num_classes=0, img_size=options.image_size)
        network = MaskedAutoencoder(encoder, options.decoder, options.patch_norm).to(device)
        groups = network.groups(options.weight_decay)
        return cls(options, device, network, torch.optim.AdamW(groups, options.learning_rate, _BETAS))

    def recall(self, raw: dict[str, Any]) -> None:
        """Go on from the contents of ``last.ckpt``."""
        self.network.load_state_dict(raw["state_dict"])
        self.optimizer.load_state_dict(raw["optimizer"])
        self.history = raw["history"]

    def loss(self, batch: Batch) -> torch.Tensor:
        """Loss of a batch."""
        x = pixels(batch.images, self.options.scale_mm, self.options.image_size, self.device)
        visible = torch.from_numpy(batch.visible).to(self.device)
        mixed = self.options.precision == "bf16-mixed"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=mixed):
            return self.network(x, visible)

    def step(self, number: int, steps: int, batch: Batch) -> torch.Tensor:
        """One step of the optimiser; the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.options.learning_rate * cosine(number, steps)
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.loss(batch)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def save(self, path: Path, card: dict[str, Any]) -> None:
        """Everything that a resume needs."""
        values = {
            "state_dict": self.network.state_dict(),
            "hyper_parameters": card,
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
        }
        with atomic_file(path) as f:
            torch.save(values, f)

    def save_encoder(self, path: Path, card: dict[str, Any]) -> None:
        """The encoder alone, under timm's names."""
        weights = {k: v.cpu() for k, v in self.network.encoder.state_dict().items()}
        with atomic_file(path) as f:
            torch.save({"state_dict": weights, "hyper_parameters": card}, f)


def _train(state: _State, images: Images, out: Path, card: dict[str, Any], progress: Progress | None) -> None:
    """All epochs that are left."""
    o = state.options
    per_epoch = o.images_per_epoch // o.batch_size
    held_out = images.validation(o.validation_images)
    batches = ahead(
        lambda step: images.training(step, o.batch_size),
        range(len(state.history) * per_epoch, o.epochs * per_epoch),
        o.loader_workers,
    )
    if progress:
        progress(len(state.history), o.epochs, "resumed" if state.history else "started")
    for epoch in range(len(state.history), o.epochs):
        began = time.perf_counter()
        total = torch.zeros((), device=state.device)
        for step in range(epoch * per_epoch, (epoch + 1) * per_epoch):
            total += state.step(step, o.epochs * per_epoch, next(batches))
        train_loss = float(total) / per_epoch
        rate = per_epoch * o.batch_size / (time.perf_counter() - began)
        losses = {"train_loss": train_loss, "validation_loss": _validation_loss(state, held_out)}
        if not all(math.isfinite(v) for v in losses.values()):
            raise InputError(
                "pre-training", f"the loss is {train_loss} in epoch {epoch + 1}", "a finite number",
                "lower learning_rate",
            )  # fmt: skip
        side = {
            "samples_per_second": rate,
            "learning_rate": state.optimizer.param_groups[0]["lr"],
            "seconds": time.perf_counter() - began,
        }
        state.history.append({"epoch": epoch + 1, **losses, **side})
        if _best(state) is state.history[-1]:
            state.save_encoder(out / BEST, card)
        state.save(out / LAST, card)
        if progress:
            progress(
                epoch + 1, o.epochs, f"validation loss {losses['validation_loss']:.4g}, {rate:.0f} images/s"
            )


@torch.inference_mode()
def _validation_loss(state: _State, held_out: Batch) -> float:
    """Mean loss of the held-out images, in batches of the training's size."""
    n, size = len(held_out.images), state.options.batch_size
    total = 0.0
    for first in range(0, n, size):
        part = Batch(held_out.images[first : first + size], held_out.visible[first : first + size])
        total += float(state.loss(part)) * len(part.images)
    return total / n


def _best(state: _State) -> dict[str, Any]:
    """The epoch with the lowest validation loss (the first of equals)."""
    return min(state.history, key=lambda e: e["validation_loss"])


def _result(out: Path, state: _State, options: MaeOptions) -> Fit:
    best, history = _best(state), state.history
    per_epoch = options.images_per_epoch // options.batch_size * options.batch_size
    training = sum(per_epoch / e["samples_per_second"] for e in history)
    return Fit(
        checkpoint=out / BEST,
        sha256=file_sha256(out / BEST),
        epochs=len(history),
        best_epoch=best["epoch"],
        validation_loss=best["validation_loss"],
        samples_per_second=per_epoch * len(history) / training,
        parameters=sum(p.numel() for p in state.network.parameters() if p.requires_grad),
        seconds=sum(e["seconds"] for e in history),
        history=history,
    )
