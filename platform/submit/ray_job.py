"""A pipeline as a job of a Ray cluster."""

import asyncio
import secrets
import shlex
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from slipbench.datasets.errors import InputError
from slipbench.platform.config.cluster import Stages
from slipbench.platform.knock import answers
from slipbench.platform.ray_session import CONNECT_SECONDS
from slipbench.platform.submit.pipeline import Pipeline, cluster_text
from slipbench.platform.submit.upload import Upload, check_size, collect, copy, mebibytes
from slipbench.platform.submit.wheel import unpack
from slipbench.platform.variables import variables

#: Where the SDK looks for the head; the first wins over its argument.
ADDRESSES = ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS")
DEFAULT_ADDRESS = "http://127.0.0.1:8265"
#: Seconds between two looks at a job whose logs have ended.
POLL_SECONDS = 0.5
#: Starts slipbench from a wheel on a head that may not have the command.
FROM_WHEEL = ("python", "-c", "from slipbench.platform.cli.main import entry; entry()")


@dataclass(frozen=True)
class RayJob:
    """What is sent.

    Parameters
    ----------
    address : str
        URL of the head's dashboard.
    pipeline : Pipeline
        What the job runs; its file is added to the upload.
    upload : Upload
        Files of the working folder.
    environment : dict
        Variables of the job.
    cluster_text : str
        YAML of the cluster for the job; its file is added as well.
    wheel : Path or None
        slipbench for the job; None takes the one that is installed on the head.
    """

    address: str
    pipeline: Pipeline
    upload: Upload
    environment: dict[str, str]
    cluster_text: str
    wheel: Path | None = None

    @property
    def file(self) -> str:
        """Where the pipeline's file is in the upload."""
        return f"slipbench-submit/{self.pipeline.label()}.yaml"

    @property
    def cluster_file(self) -> str:
        """Where the cluster's file is in the upload."""
        return f"slipbench-submit/{self.pipeline.label()}.cluster.yaml"

    @property
    def entrypoint(self) -> str:
        """Command line of the job."""
        command = FROM_WHEEL if self.wheel else ("slipbench",)
        return shlex.join([*command, "run", self.file, "--cluster", self.cluster_file])

    @property
    def metadata(self) -> dict[str, str]:
        """What Ray shows beside the job."""
        return {"pipeline": self.pipeline.name, "config": self.pipeline.hash}

    def shown(self) -> dict[str, Any]:
        """All of it for people."""
        sent = [self.upload, *([_as_upload(self.wheel)] if self.wheel else [])]
        return {
            "address": self.address,
            "entrypoint": self.entrypoint,
            "environment": self.environment,
            "metadata": self.metadata,
            "code": str(self.wheel) if self.wheel else "installed on the head",
            "working_dir": str(self.upload.root),
            "upload": f"{mebibytes(sum(u.size for u in sent))} in {sum(len(u.files) for u in sent)} files",
        }


def plan(
    address: str,
    pipeline: Pipeline,
    stages: Stages,
    folder: Path,
    environment: dict[str, str],
    wheel: Path | None,
) -> RayJob:
    """A job whose upload is small enough.

    Raises
    ------
    InputError
        For a missing folder or wheel and too large an upload; nothing has been sent.
    """
    upload = collect(folder)
    if wheel:
        with tempfile.TemporaryDirectory() as there:
            unpack(wheel, Path(there))
    check_size([upload, *([_as_upload(wheel)] if wheel else [])])
    return RayJob(address, pipeline, upload, environment, cluster_text(stages), wheel)


def _as_upload(file: Path) -> Upload:
    return Upload(file.parent, ((file.name, file.stat().st_size),))


@contextmanager
def client(address: str) -> Iterator[Any]:
    """Ray's client of the head at `address`, whatever the environment says.

    Raises
    ------
    InputError
        When nobody listens there, or it wants a token that the environment does not hold.
    """
    _knock(address)
    from ray.exceptions import AuthenticationError
    from ray.job_submission import JobSubmissionClient

    try:
        with variables(dict.fromkeys(ADDRESSES) | {ADDRESSES[0]: address}):
            yield JobSubmissionClient(address)
    except AuthenticationError as error:
        raise InputError(
            address,
            "the head refuses the token, or the lack of one",
            "RAY_AUTH_MODE=token and RAY_AUTH_TOKEN of that head in the environment",
            "set them",
        ) from error
    except ConnectionError as error:
        raise _nobody(address) from error


def _knock(address: str) -> None:
    """Say at once where nobody listens; the SDK sets no limit."""
    try:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise InputError(
            f"--address {address}", "is no URL", "the head's dashboard, http://HOST:8265", "correct it"
        ) from error
    if not answers(f"{parts.hostname}:{port}", CONNECT_SECONDS):
        raise _nobody(address)


def _nobody(address: str) -> InputError:
    return InputError(
        f"--address {address}",
        "no Ray head answers",
        "the dashboard of a running head",
        "start or correct it",
    )


def send(to: Any, job: RayJob) -> str:
    """Upload and start the job; its id at Ray.

    What is sent is a copy, so that it is what was shown whatever Ray would have chosen itself.
    """
    with tempfile.TemporaryDirectory() as there:
        folder, unpacked = Path(there) / "working_dir", Path(there) / "wheel"
        folder.mkdir()
        copy(job.upload, folder)
        file = folder / job.file
        file.parent.mkdir(exist_ok=True)
        file.write_text(job.pipeline.text)
        (folder / job.cluster_file).write_text(job.cluster_text)
        runtime: dict[str, Any] = {"working_dir": str(folder), "env_vars": job.environment}
        if job.wheel:
            runtime["py_modules"] = [str(p) for p in unpack(job.wheel, unpacked)]
        return str(
            to.submit_job(
                entrypoint=job.entrypoint,
                runtime_env=runtime,
                metadata=job.metadata,
                submission_id=f"{job.pipeline.label()}-{secrets.token_hex(3)}",
            )
        )


def follow(to: Any, job_id: str, write: Callable[[str], None]) -> tuple[bool, str]:
    """Write the logs of a job until it ends.

    The logs come in a thread: what a signal's handler raises inside an event loop may be lost.

    Returns
    -------
    tuple
        Whether it succeeded, and how it ended.
    """
    lines: SimpleQueue[str | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(to, job_id, lines), daemon=True).start()
    while True:
        try:
            text = lines.get(timeout=POLL_SECONDS)
        except Empty:
            continue
        if text is None:
            break
        write(text)
    try:
        while not (info := to.get_job_info(job_id)).status.is_terminal():
            time.sleep(POLL_SECONDS)
    except OSError:
        return False, "is out of reach: the head does not answer any more; submit it again to go on"
    return info.status.value == "SUCCEEDED", f"{info.status.value}: {' '.join((info.message or '').split())}"


def _listen(to: Any, job_id: str, lines: SimpleQueue[str | None]) -> None:
    async def listen() -> None:
        async for text in to.tail_job_logs(job_id):
            lines.put(text)

    try:
        asyncio.run(listen())
    except Exception as error:
        lines.put(f"(the logs broke off: {error}; ray job logs {job_id} has all of them)\n")
    finally:
        lines.put(None)
