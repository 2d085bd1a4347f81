"""Pre-training of a prior-fitted network (Mueller et al. 2022): a network learns to solve drawn tasks."""

import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset

from slipbench.datasets.atomic import atomic_file, write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import config_hash, file_sha256
from slipbench.trainers.pfn.network import fit_read_out, new_bars, new_borders, new_network, write_checkpoint
from slipbench.trainers.pfn.options import PretrainOptions, TaskOptions
from slipbench.trainers.pfn.tasks import Tasks, draw_tasks
from slipbench.trainers.quiet import reproducible
from slipbench.trainers.schedule import cosine

#: Counted up when equal options no longer give equal weights.
VERSION = 2
RECORD, LAST = "pretrain.json", "last.pt"
#: The second moment forgets within 50 steps, because gradients differ much from one step's tasks to the next.
_BETAS = (0.9, 0.98)
_NOT_IN_HASH = {"name", "accelerator", "save_every", "loader_workers"}
#: ``progress(steps done, steps, text)``
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Pretrained:
    """A finished pre-training.

    Parameters
    ----------
    checkpoint : Path
        File for ``TabPFNRegressor(model_path=...)``.
    sha256 : str
        Of its bytes.
    seed, steps, tasks : int
        Seed, steps of the optimiser and tasks seen.
    parameters : int
        Trained parameters.
    loss : float
        Mean negative log density over the last entry of the history (targets in spreads of the context's).
    seconds, cpu_seconds : float
        On the wall clock and of this process on its processors, over all sittings; work that a kill undid
        is not counted.
    hardware : str
        Device and number of threads.
    history : list of dict
        ``step``; ``loss`` and ``error``, means since the entry before (the error is the RMSE over that of the
        context's mean, so 1 is a network that has learned nothing); ``learning_rate``; ``tasks`` so far.
    """

    checkpoint: Path
    sha256: str
    seed: int
    steps: int
    tasks: int
    parameters: int
    loss: float
    seconds: float
    cpu_seconds: float
    hardware: str
    history: list[dict[str, float]] = field(repr=False)


def pretrain_hash(options: PretrainOptions) -> str:
    """SHA-256 of the options that decide the weights."""
    return config_hash({"options": options.model_dump(mode="json", exclude=_NOT_IN_HASH), "version": VERSION})


def pretrain(options: PretrainOptions, out: Path, progress: Progress | None = None) -> Pretrained:
    """Train to the last step, from the last saved one where there is one.

    On a CPU the weights depend on the options and the number of threads alone, also when the process was
    killed and started again. A finished pre-training of the same options in `out` is returned without work.

    Parameters
    ----------
    options : PretrainOptions
        Network, tasks and optimiser.
    out : Path
        Folder of this pre-training; nothing is written outside it.
    progress : callable, optional
        Called as ``progress(steps done, steps, text)`` whenever the state is saved.

    Raises
    ------
    InputError
        When a demanded GPU is not there, `out` holds another pre-training, a file in it is damaged, or the
        loss is not finite.
    """
    device = _device(options)
    out.mkdir(parents=True, exist_ok=True)
    if done := _claim(out, options):
        return done
    with reproducible(deterministic=device.type == "cpu"):
        torch.manual_seed(options.seed)
        run = _Run(options, out, device)
        run.recall()
        run.train(progress)
    return run.finish()


def _device(options: PretrainOptions) -> torch.device:
    gpu = torch.cuda.is_available() and options.accelerator != "cpu"
    if options.accelerator == "gpu" and not gpu:
        raise InputError("accelerator", "no GPU is visible", "a CUDA device", "use accelerator=auto")
    return torch.device("cuda" if gpu else "cpu")


def _claim(out: Path, options: PretrainOptions) -> Pretrained | None:
    """The finished pre-training in `out`; None after noting that one is under way there."""
    path, key = out / RECORD, pretrain_hash(options)
    if not path.exists():
        _write_record(path, key, None)
        return None
    try:
        raw = json.loads(path.read_text())
        found, result = raw["pretrain_hash"], raw["result"]
        done = result and Pretrained(checkpoint=out / raw["checkpoint"], **result)
    except (ValueError, TypeError, KeyError) as error:
        expected = "the record of a pre-training"
        raise InputError(path, "not readable", expected, f"delete {out} to train again") from error
    if found != key:
        expected = f"pre-training {key[:12]} of this configuration"
        raise InputError(out, f"holds pre-training {found[:12]}", expected, "choose another folder")
    if done and (not done.checkpoint.exists() or file_sha256(done.checkpoint) != done.sha256):
        what = "missing or changed since its training"
        raise InputError(done.checkpoint, what, done.sha256[:12], f"delete {out} to train again")
    return done or None


def _write_record(path: Path, key: str, done: Pretrained | None) -> None:
    values: dict[str, Any] = {"pretrain_hash": key, "result": None}
    if done:
        result = asdict(done)
        values |= {"checkpoint": result.pop("checkpoint").name, "result": result}
    write_atomic(path, (json.dumps(values, indent=1, sort_keys=True) + "\n").encode())


class _Steps(Dataset):
    """Tasks by the number of their step, for a loader that may draw them ahead."""

    def __init__(self, options: TaskOptions, seed: int) -> None:
        self._options, self._seed = options, seed

    def __getitem__(self, step: int) -> Tasks:
        return draw_tasks(self._options, self._seed, step)


class _Run:
    """State of a pre-training: what is saved, and what a step changes."""

    def __init__(self, options: PretrainOptions, out: Path, device: torch.device) -> None:
        self._options, self._out, self._device = options, out, device
        self._borders = new_borders(options)
        self._network = new_network(options.network).to(device).train()
        fit_read_out(self._network, options, self._borders)
        self._bars = new_bars(self._borders).to(device)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(),
            options.learning_rate,
            betas=_BETAS,
            weight_decay=options.weight_decay,
        )
        self._step = self._tasks = 0
        self._seconds = self._cpu_seconds = 0.0
        self._history: list[dict[str, float]] = []

    def recall(self) -> None:
        """Go on from the saved state, where there is one."""
        path = self._out / LAST
        if not path.exists():
            return
        try:
            raw = torch.load(path, map_location=self._device, weights_only=True)
            self._network.load_state_dict(raw["network"])
            self._optimizer.load_state_dict(raw["optimizer"])
            self._step, self._tasks, self._history = raw["step"], raw["tasks"], raw["history"]
            self._seconds, self._cpu_seconds = raw["seconds"], raw["cpu_seconds"]
        except Exception as error:  # whatever torch makes of a damaged file
            expected = "the state of a pre-training"
            raise InputError(path, "damaged", expected, f"delete {self._out} to train again") from error

    def train(self, progress: Progress | None) -> None:
        """Do the steps that are left."""
        options = self._options
        if progress:
            progress(self._step, options.steps, "resumed" if self._step else "started")
        loader = DataLoader(
            _Steps(options.tasks, options.seed),
            batch_size=None,
            sampler=range(self._step, options.steps),
            num_workers=options.loader_workers,
        )
        started, cpu_started = time.perf_counter(), time.process_time()
        marks: list[torch.Tensor] = []
        for tasks in loader:
            marks.append(self._learn(tasks))
            if self._step % options.save_every == 0 or self._step == options.steps:
                now, cpu_now = time.perf_counter(), time.process_time()
                self._seconds += now - started
                self._cpu_seconds += cpu_now - cpu_started
                started, cpu_started = now, cpu_now
                self._save(*torch.stack(marks).mean(0).tolist())
                marks.clear()
                if progress:
                    last = self._history[-1]
                    text = f"loss {last['loss']:.3f}, error {last['error']:.3f}, {self._tasks} tasks"
                    progress(self._step, options.steps, text)

    def _learn(self, tasks: Tasks) -> torch.Tensor:
        """One step; returns its loss and error, (2,)."""
        options = self._options
        rate = options.learning_rate * cosine(self._step, options.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # The package draws its columns' embeddings from this seed, on a GPU others than on a CPU. New ones in
        # every step keep the weights from relying on any.
        self._network.seed = self._step
        x, y = tasks.x.to(self._device), tasks.y.to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, options.precision == "bf16-mixed"):
            logits = self._network(x, y[: tasks.n_context]).float()
        query = y[tasks.n_context :]
        loss = self._bars(logits, query).mean()
        self._optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), options.clip_norm)
        self._optimizer.step()
        self._step += 1
        self._tasks += x.shape[1]
        with torch.no_grad():
            missed = (self._bars.mean(logits) - query).square().mean(0)
            error = (missed / query.square().mean(0).clamp_min(1e-6)).sqrt().mean()
        return torch.stack([loss.detach(), error])

    def _save(self, loss: float, error: float) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{self._out}: step {self._step}", f"the loss is {loss}", "a number", "lower learning_rate"
            )
        rate = self._optimizer.param_groups[0]["lr"]
        self._history.append(
            {
                **{"step": self._step, "loss": loss, "error": error},
                **{"learning_rate": rate, "tasks": self._tasks},
            }
        )
        state = {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            **{"step": self._step, "tasks": self._tasks, "history": self._history},
            **{"seconds": self._seconds, "cpu_seconds": self._cpu_seconds},
        }
        with atomic_file(self._out / LAST) as f:
            torch.save(state, f)

    def finish(self) -> Pretrained:
        """Write the checkpoint and the record; what only a resume needs is deleted."""
        options, key = self._options, pretrain_hash(self._options)
        path = self._out / f"{options.name}.ckpt"
        about = {
            **{"name": options.name, "seed": options.seed, "steps": self._step, "tasks": self._tasks},
            **{"tasks_options": options.tasks.model_dump(mode="json"), "pretrain_hash": key},
        }
        write_checkpoint(path, options, self._network, self._borders, about)
        done = Pretrained(
            checkpoint=path,
            sha256=file_sha256(path),
            seed=options.seed,
            steps=self._step,
            tasks=self._tasks,
            parameters=sum(p.numel() for p in self._network.parameters()),
            loss=self._history[-1]["loss"],
            seconds=self._seconds,
            cpu_seconds=self._cpu_seconds,
            hardware=_hardware(self._device),
            history=self._history,
        )
        _write_record(self._out / RECORD, key, done)
        (self._out / LAST).unlink(missing_ok=True)
        return done


def _hardware(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"CPU, {torch.get_num_threads()} threads of {os.cpu_count()} cores"
