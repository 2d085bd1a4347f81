"""TabPFN: a transformer that was trained to predict from a table given as its input."""

import shutil
import tempfile
import warnings
import weakref
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.benchmarks.decoders.base import NAME, Decoder, DecoderOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies
from slipbench.datasets.registry import Info
from slipbench.trainers.pfn.tiny import UNTRAINED, write_tiny_checkpoint

_WHERE_FROM = (
    "download Prior-Labs/TabPFN-v2-reg from huggingface.co (Prior Labs licence: Apache-2.0 with attribution; "
    "later versions are non-commercial) and set weights_path, or weights: tiny"
)


class TabPFNOptions(DecoderOptions):
    """Options of the decoder."""

    decoder: Literal["tabpfn"] = "tabpfn"
    name: str = Field("tabpfn", pattern=NAME, description="name of the decoder in the tables")
    weights: Literal["tiny", "path"] = Field(
        "path", description="a local checkpoint; or a small untrained one that is made on the spot"
    )
    weights_path: Path | None = Field(None, description="checkpoint of a TabPFN regressor for 'path'")
    estimators: int = Field(8, ge=1, description="passes over differently prepared tables, averaged")
    beyond_limits: Literal["fail", "subsample", "ignore"] = Field(
        "fail",
        description="more rows than the weights were trained for: refuse, draw as many as allowed, use all",
    )
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to compute")
    tiny_seed: int = Field(0, ge=0, description="seed of the weights of 'tiny'")

    @model_validator(mode="after")
    def _path_only_with_path(self) -> "TabPFNOptions":
        if self.weights == "tiny" and self.weights_path is not None:
            raise ValueError("weights_path has no use with weights: tiny")
        return self


@DECODERS.register(
    Info(
        name="tabpfn",
        task="any",
        summary="prior-fitted transformer; the training rows are its input",
        reference="Hollmann et al. 2025",
        licence="Apache-2.0 (code); the weights have their own",
        needs=("a checkpoint of a TabPFN regressor",),
        limits="rows and features that the checkpoint states; 10,000 and 500 for version 2",
    )
)
class TabPFN(Decoder):
    """TabPFN through its package, from a local checkpoint only: nothing is ever downloaded.

    The package also refuses more than 1,000 rows on a CPU, because real weights are slow there. That says
    nothing about the result, so it is lifted; the limits of the weights themselves are kept by `limits`.
    """

    Options = TabPFNOptions
    options: TabPFNOptions

    def __init__(self, options: Any, seed: int) -> None:
        super().__init__(options, seed)
        self._row_note = ""

    @cached_property
    def _checkpoint(self) -> Path:
        """The checkpoint's file; a made one lies in a folder that goes away with the decoder."""
        if self.options.weights == "tiny":
            folder = tempfile.mkdtemp(prefix="slipbench-tabpfn-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder) / "tiny.ckpt"
            write_tiny_checkpoint(path, self.options.tiny_seed)
            return path
        given = self.options.weights_path
        if given is None or not given.is_file():
            found = "not given" if given is None else f"no such file: {given}"
            raise InputError("tabpfn weights_path", found, "a TabPFN regressor checkpoint", _WHERE_FROM)
        return given.absolute()

    def _regressor(self) -> Any:
        silence_dependencies()
        from tabpfn import TabPFNRegressor

        return TabPFNRegressor(
            model_path=self._checkpoint,
            n_estimators=self.options.estimators,
            device=self.options.device,
            random_state=self.seed,
            ignore_pretraining_limits=True,
        )

    @cached_property
    def _allowed(self) -> tuple[int, int]:
        """Most rows and features that the weights were trained for."""
        path = self._checkpoint
        try:
            config = self._regressor().get_inference_config()
        except Exception as error:  # whatever a file that is no such checkpoint makes torch and tabpfn raise
            raise InputError(
                path, f"not loadable ({type(error).__name__})", "a TabPFN regressor checkpoint", _WHERE_FROM
            ) from error
        return config.MAX_NUMBER_OF_SAMPLES, config.MAX_NUMBER_OF_FEATURES

    @cached_property
    def _untrained(self) -> bool:
        from tabpfn.checkpoint import Checkpoint

        return bool(Checkpoint(self._checkpoint).load().get(UNTRAINED))

    def check(self) -> None:
        """Raise InputError when the checkpoint is missing, damaged or not a regressor's."""
        if self.options.device == "cuda":
            import torch

            if not torch.cuda.is_available():
                raise InputError("tabpfn device", "no GPU is visible", "a GPU", "set device: auto or cpu")
        _ = self._allowed

    def limits(self, n_rows: int, n_features: int) -> str | None:
        """Why a table of this size is refused, by the limits that the checkpoint states."""
        rows, features = self._allowed
        if self.options.beyond_limits == "ignore":
            return None
        if n_features > features:
            return f"{n_features} features, the weights allow {features}"
        if n_rows > rows and self.options.beyond_limits == "fail":
            return f"{n_rows} rows, the weights allow {rows} (beyond_limits: fail)"
        return None

    @property
    def notes(self) -> str:
        """``untrained`` for weights that say so, and what was done about too many rows."""
        return "; ".join(filter(None, ["untrained" if self._untrained else "", self._row_note]))

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        reason = self.limits(*X.shape)
        if reason:
            raise ValueError(reason)
        rows, features = self._allowed
        n = len(X)
        self._row_note = ""
        if self.options.beyond_limits == "ignore" and (n > rows or X.shape[1] > features):
            self._row_note = f"beyond the limits of the weights ({rows} rows, {features} features)"
        elif n > rows:
            kept = np.sort(np.random.default_rng(self.seed).choice(n, rows, replace=False))
            X, y, self._row_note = X[kept], y[kept], f"fitted to {rows} of {n} rows"
        self._model = self._regressor()
        with _no_advice():
            self._model.fit(X, y)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        with _no_advice():
            return self._model.predict(X)


def _no_advice() -> warnings.catch_warnings:
    """Silence the package's hints about speed and services."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)
