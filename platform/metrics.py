"""Numbers of a running command in Prometheus' format, on a port or in a file."""

import logging
import re
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from slipbench.datasets.atomic import atomic_file
from slipbench.datasets.errors import InputError
from slipbench.platform.work import Counted, View, Work

#: First word of a stage's name to the kind of what it makes, which is also that of events.
_KINDS = {"store": "build", "build": "build", "fit": "train", "search": "search", "suite": "bench"}
#: Ending of files that the node exporter's textfile collector reads.
_SUFFIX = ".prom"
_OPTION = "--metrics"


class Metrics(View):
    """Serves ``/metrics``, or writes a file at most once a second and at the end.

    The numbers are plain values that are read when somebody asks: no lock is taken by the command's work.

    Parameters
    ----------
    where : str
        ``PORT`` (of this machine only; 0: a free one), ``HOST:PORT``, or a file that ends in ``.prom``.
    work : Work
        The command.
    """

    def __init__(self, where: str, work: Work) -> None:
        self.where, self._work = where, work
        self._file: Path | None = None
        self._server: Any = None
        self._stages: dict[str, Counted] = {}
        self._sums = {name: dict[str, float]() for name in ("samples", "bytes", "failures")}
        self._sums["failures"] = {"command": 0.0}
        self._spans: dict[str, tuple[Counted, dict[str, float]]] = {}
        self._heard, self._running = work.since, 1
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._registry.register(self)

    def start(self) -> None:
        """Open the port, or write the first file."""
        form = re.fullmatch(r"(?:(?P<host>[^/]+):)?(?P<port>\d+)", self.where)
        if form:
            self._open(form["host"] or "127.0.0.1", int(form["port"]))
        elif self.where.endswith(_SUFFIX):
            self._file = Path(self.where).expanduser().absolute()
            try:
                self._write()
            except OSError as error:
                raise InputError(
                    f"{_OPTION} {self.where}",
                    f"cannot be written ({error.strerror})",
                    "a file in a folder that is there",
                    "make the folder",
                ) from error
        else:
            raise InputError(
                f"{_OPTION} {self.where}", "is no place", f"PORT, HOST:PORT or FILE{_SUFFIX}", "name one"
            )

    def _open(self, host: str, port: int) -> None:
        try:
            self._server, _ = start_http_server(port, host.strip("[]"), self._registry)
            self.where = f"http://{host}:{self._server.server_port}/metrics"
        except (OSError, OverflowError) as error:
            raise InputError(
                f"{_OPTION} {self.where}",
                f"cannot be opened ({getattr(error, 'strerror', None) or error})",
                "a free port",
                "name another, or 0 for any",
            ) from error

    def fail(self, kind: str, text: str) -> None:
        """Count it."""
        self._add("failures", kind, 1)

    def event(self, record: logging.LogRecord) -> None:
        """Add the samples and bytes of a shard, an epoch or a cell."""
        kind = getattr(record, "kind", "")
        for name in ("samples", "bytes"):
            if amount := getattr(record, name, 0):
                self._add(name, kind, amount)
        if getattr(record, "status", "") == "failed":
            self._add("failures", kind, 1)

    def _add(self, name: str, kind: str, amount: float) -> None:
        self._heard = time.time()
        self._sums[name] = self._sums[name] | {kind: self._sums[name].get(kind, 0) + amount}

    def step(self, stage: Counted) -> None:
        """Keep the count; rates of its kind begin with it."""
        self._heard = time.time()
        kind = _kind(stage)
        if stage.name not in self._stages:
            before = {name: sums.get(kind, 0) for name, sums in self._sums.items()}
            self._spans = self._spans | {kind: (stage, before)}
        self._stages = self._stages | {stage.name: stage}

    def flush(self) -> None:
        """Write the file anew."""
        if self._file:
            self._write_if_possible()

    def end(self, state: str, reason: str) -> None:
        """Close the port; the file stays with its last numbers."""
        self._running = 0
        if state == "failed":
            self._add("failures", "command", 1)
        if self._server:
            self._server.shutdown()
            self._server.server_close()
        if self._file:
            self._write_if_possible()

    def _write_if_possible(self) -> None:
        try:
            self._write()
        except OSError as error:  # a full disk must not end the work
            logging.getLogger(__name__).debug("%s: %s", self._file, error)

    def _write(self) -> None:
        assert self._file is not None
        if not self._file.parent.is_dir():
            raise FileNotFoundError(2, "its folder does not exist")
        with atomic_file(self._file, sync=False) as file:
            file.write(generate_latest(self._registry))

    def collect(self) -> Iterator[Metric]:
        """All numbers as they are now; Prometheus' client asks."""
        w = self._work
        names = {"run": w.run, "command": w.command, "subject": w.subject, "config_hash": w.config_hash}
        about = GaugeMetricFamily("slipbench_run_info", "The command", labels=[*names, "version"])
        about.add_metric([*names.values(), version("slipbench")], 1)
        yield about
        for name, text, value in (
            ("running", "1 while the command runs, 0 in the file that it left", self._running),
            ("start_timestamp_seconds", "Start of the command", w.since),
            ("progress_timestamp_seconds", "When something was last done", self._heard),
        ):
            yield GaugeMetricFamily(f"slipbench_{name}", text, value=value)
        yield from self._counts()
        for name, text in (
            ("samples", "Samples built, trained on (each epoch anew) or tested"),
            ("bytes", "Bytes of rows written"),
            ("failures", "Cells, fits, trials, tracked suites and commands that failed"),
        ):
            total = CounterMetricFamily(f"slipbench_{name}", text, labels=["kind"])
            for kind, value in self._sums[name].items():
                total.add_metric([kind], value)
            yield total
        for name in ("samples", "bytes"):
            rate = GaugeMetricFamily(
                f"slipbench_{name}_per_second",
                f"Mean of {name} over the kind's newest stage",
                labels=["kind"],
            )
            for kind, (stage, before) in self._spans.items():
                if kind in self._sums[name] and stage.active > 0:
                    rate.add_metric([kind], (self._sums[name][kind] - before[name]) / stage.active)
            yield rate

    def _counts(self) -> Iterator[Metric]:
        done, total, queue, left = (
            GaugeMetricFamily(f"slipbench_stage_{name}", text, labels=["stage"])
            for name, text in (
                ("done", "Shards, epochs, trials or cells done"),
                ("size", "All of them"),
                ("queue", "Those that wait or run"),
                ("left_seconds", "About what is left at the rate so far"),
            )
        )
        for name, stage in self._stages.items():
            done.add_metric([name], stage.done)
            total.add_metric([name], stage.total)
            queue.add_metric([name], stage.total - stage.done)
            seconds = stage.seconds_left
            if seconds is not None:
                left.add_metric([name], seconds)
        yield from (done, total, queue, left)


def _kind(stage: Counted) -> str:
    word = stage.name.split()[0] if stage.name else ""
    return _KINDS.get(word, word)
