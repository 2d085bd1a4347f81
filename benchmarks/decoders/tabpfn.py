"""TabPFN: a transformer that was trained to predict from a table given as its input."""

import shutil
import tempfile
import warnings
import weakref
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from slipbench.benchmarks.decoders.base import NAME, Decoder, DecoderOptions
from slipbench.benchmarks.decoders.registry import DECODERS
from slipbench.benchmarks.decoders.thinning import Reduction, thinned
from slipbench.benchmarks.device import device_of
from slipbench.datasets.errors import InputError
from slipbench.datasets.quiet import silence_dependencies
from slipbench.datasets.registry import Info
from slipbench.trainers.pfn.tiny import UNTRAINED, write_tiny_checkpoint

_WHERE_FROM = (
    "download Prior-Labs/TabPFN-v2-reg from huggingface.co (Prior Labs licence: Apache-2.0 with attribution; "
    "later versions are non-commercial) and set weights_path, or set weights: download or weights: tiny"
)


class TabPFNOptions(DecoderOptions):
    """Options of the decoder."""

    decoder: Literal["tabpfn"] = "tabpfn"
    name: str = Field("tabpfn", pattern=NAME, description="name of the decoder in the tables")
    weights: Literal["tiny", "shipped", "path", "cache", "download"] = Field(
        "path",
        description="a small untrained checkpoint made on the spot; our own that comes with slipbench; a "
        "local file; the published regressor of version 2 from tabpfn's cache, or downloaded to it",
    )
    missing: Literal["fail", "skip"] = Field(
        "fail", description="without the checkpoint: refuse the run, or give rows that say why"
    )
    weights_path: Path | None = Field(None, description="checkpoint of a TabPFN regressor for 'path'")
    estimators: int = Field(8, ge=1, description="passes over differently prepared tables, averaged")
    too_many_rows: Literal["fail", "subsample", "ignore"] = Field(
        "fail",
        description="more rows than allowed: refuse, draw one from each block of time, use all",
    )
    too_many_features: Literal["fail", "pca", "ignore"] = Field(
        "fail",
        description="more features than allowed: refuse, use principal components, use all",
    )
    cpu_rows: int | None = Field(None, ge=2, description="most rows on a CPU; None: those of the weights")
    features: int | None = Field(None, ge=1, description="most features; None: those of the weights")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where to compute")
    tiny_seed: int = Field(0, ge=0, description="seed of the weights of 'tiny'")

    @model_validator(mode="after")
    def _path_only_with_path(self) -> "TabPFNOptions":
        if self.weights != "path" and self.weights_path is not None:
            raise ValueError(f"weights_path has no use with weights: {self.weights}")
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
    """TabPFN through its package, from a local checkpoint; only ``weights: download`` fetches one.

    The package also refuses more than 1,000 rows on a CPU, because real weights are slow there. That says
    nothing about the result, so it is lifted; the option ``cpu_rows`` sets such a limit where it is wanted.
    What happens beyond a limit is a named policy, checked by `limits` before anything is fitted.
    """

    Options = TabPFNOptions
    options: TabPFNOptions

    @property
    def seconds(self) -> float | None:
        """See `Decoder.seconds`; known of our own weights alone."""
        return 0.7 if self.options.weights in ("shipped", "tiny") else None

    @classmethod
    def draw(cls, rng: np.random.Generator) -> dict[str, Any]:
        """Another number of principal components and of passes."""
        return {
            "features": int(rng.choice([5, 10, 20, 50, 100])),
            "too_many_features": "pca",
            "estimators": int(rng.choice([1, 2, 4])),
        }

    def __init__(self, options: Any, seed: int) -> None:
        super().__init__(options, seed)
        self._size_notes: list[str] = []
        self._reduction: Reduction | None = None

    @cached_property
    def _checkpoint(self) -> Path:
        """The checkpoint's file; a made one lies in a folder that goes away with the decoder."""
        if self.options.weights == "tiny":
            folder = tempfile.mkdtemp(prefix="slipbench-tabpfn-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder) / "tiny.ckpt"
            write_tiny_checkpoint(path, self.options.tiny_seed)
            return path
        if self.options.weights == "download":
            _download()
        given = self.weights_file
        if given is None or not given.is_file():
            found = "not given" if given is None else f"no such file: {given}"
            raise InputError("tabpfn weights_path", found, "a TabPFN regressor checkpoint", _WHERE_FROM)
        return given.absolute()

    @property
    def weights_file(self) -> Path | None:
        """The checkpoint that the options name, whether it is there or not."""
        if self.options.weights in ("cache", "download"):
            return _published()
        if self.options.weights == "shipped":
            from slipbench.trainers.pfn.shipped import CHECKPOINT

            return CHECKPOINT
        return self.options.weights_path

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
        """Most rows and features: those that the weights were trained for, and of the options."""
        path = self._checkpoint
        try:
            config = self._regressor().get_inference_config()
        except Exception as error:  # whatever a file that is no such checkpoint makes torch and tabpfn raise
            raise InputError(
                path, f"not loadable ({type(error).__name__})", "a TabPFN regressor checkpoint", _WHERE_FROM
            ) from error
        o = self.options
        slow = device_of(o.device) == "cpu"
        rows = [config.MAX_NUMBER_OF_SAMPLES, *([o.cpu_rows] if slow and o.cpu_rows else [])]
        features = [config.MAX_NUMBER_OF_FEATURES, *([o.features] if o.features else [])]
        return min(rows), min(features)

    @cached_property
    def _untrained(self) -> bool:
        from tabpfn.checkpoint import Checkpoint

        return bool(Checkpoint(self._checkpoint).load().get(UNTRAINED))

    def check(self) -> None:
        """Raise InputError when the checkpoint is missing (unless `missing` allows it) or no regressor's."""
        if self.options.device == "cuda":
            import torch

            if not torch.cuda.is_available():
                raise InputError("tabpfn device", "no GPU is visible", "a GPU", "set device: auto or cpu")
        if not self._missing:
            _ = self._allowed

    @cached_property
    def _missing(self) -> str:
        """Why there are no weights, where the options allow that."""
        if self.options.missing == "fail":
            return ""
        try:
            _ = self._checkpoint
        except InputError:  # its text names a place on this machine, which belongs in no table
            return f"no weights: {_WHERE_FROM}"
        return ""

    def limits(self, n_rows: int, n_features: int) -> str | None:
        """Why a table of this size is refused: no weights, or limits of the weights or the options."""
        if self._missing:
            return self._missing
        o, (rows, features) = self.options, self._allowed
        if n_features > features and o.too_many_features == "fail":
            return f"{n_features} features, {features} are allowed (too_many_features: fail)"
        if n_rows > rows and o.too_many_rows == "fail":
            return f"{n_rows} rows, {rows} are allowed (too_many_rows: fail)"
        return None

    @property
    def notes(self) -> str:
        """``untrained`` for weights that say so, and what was done about too many rows or features."""
        return "; ".join([*(["untrained"] if self._untrained else []), *self._size_notes])

    def _fit(self, X: np.ndarray, y: np.ndarray) -> None:
        reason = self.limits(*X.shape)
        if reason:
            raise ValueError(reason)
        o, (rows, features), (n, d) = self.options, self._allowed, X.shape
        notes, self._reduction = [], None
        if n > rows and o.too_many_rows == "subsample":
            kept = thinned(n, rows, np.random.default_rng(self.seed))
            X, y = X[kept], y[kept]
            notes.append(f"fitted to {rows} of {n} rows")
        if d > features and o.too_many_features == "pca":
            self._reduction = Reduction.fit(X, features)
            X = self._reduction(X)
            notes.append(f"{features} principal components of {d} features")
        if len(X) > rows or X.shape[1] > features:
            notes.append(f"beyond the limits ({rows} rows, {features} features)")
        self._size_notes = notes
        self._model = self._regressor()
        with _no_advice():
            self._model.fit(X, y)

    def _predict(self, X: np.ndarray) -> np.ndarray:
        with _no_advice():
            return self._model.predict(self._reduced(X))

    def _predict_distribution(self, X: np.ndarray, levels: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        with _no_advice():
            found = self._model.predict(self._reduced(X), output_type="main", quantiles=list(levels))
        return found["mean"], np.column_stack(found["quantiles"])

    def _reduced(self, X: np.ndarray) -> np.ndarray:
        return X if self._reduction is None else self._reduction(X)


def _published() -> Path:
    """Where the package keeps the published regressor of version 2."""
    from tabpfn.model_loading import ModelSource, get_cache_dir

    return get_cache_dir() / ModelSource.get_regressor_v2().default_filename


def _download() -> None:
    """Fetch the published regressor to the package's cache; raises InputError when nobody sends it."""
    from tabpfn.constants import ModelVersion
    from tabpfn.model_loading import download_model

    errors = download_model(_published(), version=ModelVersion.V2, which="regressor")
    if errors != "ok":
        why = " ".join(str(errors[-1]).split())[:120]
        raise InputError("tabpfn weights", f"download failed: {why}", "access to huggingface.co", _WHERE_FROM)


def _no_advice() -> warnings.catch_warnings:
    """Silence the package's hints about speed and services."""
    return warnings.catch_warnings(action="ignore", category=UserWarning)
