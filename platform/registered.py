"""Registered networks for use: from ``models:/NAME@ALIAS`` to a file that can only hold numbers."""

import re
import tempfile
from pathlib import Path

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.hashing import file_sha256
from slipbench.platform.patience import SENDING, patience
from slipbench.platform.refusal import refusal
from slipbench.platform.registration import WEIGHTS
from slipbench.platform.settings import Settings, hidden
from slipbench.platform.tracking_check import check

SCHEME = "models:/"
_FORM = f"{SCHEME}NAME@ALIAS or {SCHEME}NAME/VERSION"


def network_file(text: str, place: Settings) -> Path:
    """The file of a network: a path as it is, a registered one downloaded into the cache.

    Only the safetensors file of a version is fetched, whatever else was put beside it, and nothing of it is
    unpickled. It must be the one that was registered.

    Parameters
    ----------
    text : str
        Path of a checkpoint, ``models:/NAME@ALIAS``, ``models:/NAME@VERSION``, ``models:/NAME/VERSION`` or
        ``models:/NAME`` (the champion).
    place : Settings
        Tracking server and cache.

    Raises
    ------
    InputError
        When there is no such version, it was not registered by slipbench, or its file is another one now.
    """
    if not text.startswith(SCHEME):
        return Path(text).expanduser()
    form = re.fullmatch(rf"{SCHEME}([^/@:]+)(?:[@/]([^/@:]+))?", text)
    if not form:
        raise InputError(text, "names no version of a registered model", _FORM, "slipbench ui lists them")
    check(place.tracking)
    with patience(SENDING, theirs_first=True):
        return _fetch(text, form[1], form[2], place)


def _fetch(text: str, name: str, which: str | None, place: Settings) -> Path:
    from mlflow import MlflowClient
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    from slipbench.platform.model_registry import CHAMPION, SHA256

    client = MlflowClient(tracking_uri=place.tracking, registry_uri=place.tracking)
    try:
        version = (
            client.get_model_version(name, which)
            if which and which.isdecimal()
            else client.get_model_version_by_alias(name, which or CHAMPION)
        )
    except MlflowException as error:
        what = refusal(error) or f"not registered at {hidden(place.tracking)}"
        raise InputError(text, what, _FORM, "slipbench ui lists what is") from error
    sha256 = version.tags.get(SHA256, "")
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise InputError(
            text,
            f"version {version.version} is no network of slipbench",
            "one that it registered",
            "choose it",
        )
    kept = place.cache / "models" / f"{sha256}{Path(WEIGHTS).suffix}"
    if not kept.exists() or file_sha256(kept) != sha256:
        with tempfile.TemporaryDirectory() as folder:
            where = client.get_model_version_download_uri(name, version.version)
            try:
                got = Path(
                    download_artifacts(f"{where}/{WEIGHTS}", dst_path=folder, tracking_uri=place.tracking)
                )
            except Exception as error:  # MLflow, its artifact stores and the system have their own families
                raise InputError(
                    text, f"its {WEIGHTS} cannot be downloaded", "a complete version", "register it again"
                ) from error
            if not got.is_file() or file_sha256(got) != sha256:
                raise InputError(
                    text, f"its {WEIGHTS} was changed since it was registered", sha256[:12], "do not use it"
                )
            write_atomic(kept, got.read_bytes())
    return kept
