"""A PostgreSQL cluster and an MLflow server of our own, for tests."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.object_store import free_port

#: A worker that starts more slowly than uvicorn's five seconds is killed: on a busy machine again and again.
_WORKERS = ("--workers", "2", "--uvicorn-opts", "--timeout-worker-healthcheck 60")


def _programs() -> Path | None:
    """Folder of PostgreSQL's programs: Debian keeps them off the PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists()), None)


@contextmanager
def postgresql() -> Iterator[str]:
    """URI of an empty database in a cluster of its own, which goes with the context.

    PostgreSQL refuses to run as root, so root hands a folder to the user that Debian makes for it; pytest's
    folders are closed to others.
    """
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    pytest.importorskip("psycopg")
    user = "postgres" if os.getuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="slipbench-postgresql-") as made:
        folder = Path(made)
        password, port, data = secrets.token_hex(16), free_port(), folder / "data"
        word = folder / "word"
        word.write_text(password)
        for path in (folder, word) if user else ():
            shutil.chown(path, user)

        def run(*command: object) -> None:
            words = [str(word) for word in command]
            done = subprocess.run(words, user=user, capture_output=True, text=True, cwd="/tmp")
            assert done.returncode == 0, done.stderr

        options = ["-A", "scram-sha-256", "-U", "slipbench", f"--pwfile={word}", "-E", "UTF8", "--no-sync"]
        run(programs / "initdb", "-D", data, *options)
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        run(programs / "pg_ctl", "-D", data, "-o", settings, "-w", "-l", folder / "log", "start")
        try:
            yield f"postgresql+psycopg://slipbench:{password}@127.0.0.1:{port}/postgres"
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@dataclass
class Server:
    """An MLflow server that can be killed and started again on the same port."""

    backend: str
    artifacts: str
    log: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    arguments: tuple[str, ...] = ()
    _process: subprocess.Popen | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", self.backend]
        command += [
            "--artifacts-destination",
            self.artifacts,
            "--host",
            "127.0.0.1",
            "--port",
            str(self.port),
        ]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *_WORKERS, *self.arguments],
                env=os.environ | self.env | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            try:
                urllib.request.urlopen(f"{self.uri}/health", timeout=2).close()
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("the MLflow server does not answer")

    def kill(self) -> None:
        """As a machine that dies: no goodbye to anyone."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def with_users(folder: Path, backend: str, password: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Environment and arguments of an MLflow server that knows its users; it starts with ``admin``."""
    pytest.importorskip("flask_wtf")
    folder.mkdir(parents=True, exist_ok=True)
    database = backend.replace("%", "%%")  # configparser reads a single one as the start of a name
    config = folder / "auth.ini"
    config.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {database}\nadmin_username = admin\n"
        "auth_cache_ttl_seconds = 60\n"
    )
    config.chmod(0o600)
    env = {
        "MLFLOW_AUTH_CONFIG_PATH": str(config),
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex(16),
    }
    # the cache is each worker's own: a second one would take an old password for a minute
    return env, ("--app-name", "basic-auth", "--workers", "1")


@contextmanager
def mlflow_server(
    backend: str, artifacts: str, folder: Path, env: dict[str, str], *arguments: str
) -> Iterator[Server]:
    folder.mkdir(parents=True, exist_ok=True)
    server = Server(backend, artifacts, folder / "mlflow.log", env, arguments=arguments)
    try:
        server.start()
        yield server
    finally:
        server.kill()
