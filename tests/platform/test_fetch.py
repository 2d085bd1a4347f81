"""Downloads from a local server that misbehaves in every way that servers do."""

import contextlib
import gzip
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from slipbench.datasets import readers
from slipbench.datasets.errors import InputError
from slipbench.datasets.fetch.cache import fetch
from slipbench.datasets.fetch.download import download
from slipbench.datasets.fetch.pace import Pace
from slipbench.datasets.fetch.sources import SOURCES, Source, find_source
from slipbench.datasets.readers.ionex import read_ionex
from slipbench.datasets.readers.space_weather import read_space_weather
from slipbench.platform.cli.main import main
from tests.datasets.made_ionex import ionex_bytes, made_maps
from tests.datasets.reader_samples import SAMPLES

DATA = np.random.default_rng(1).bytes(300_000)
SHA = hashlib.sha256(DATA).hexdigest()


_KEY = {"station": "a code"}


class Server:
    """Answers every request by the next trick of a list, and properly when the list is empty."""

    def __init__(self) -> None:
        self.tricks: list[str] = []
        self.ranges: list[str | None] = []
        self.data, self.tag, self.honours_range = DATA, '"v1"', True
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/file"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        trick = self.tricks.pop(0) if self.tricks else "whole"
        asked = to.headers.get("Range")
        self.ranges.append(asked)
        if trick == "drop":
            to.connection.close()
            return
        if trick.isdigit():
            to.send_response(int(trick))
            to.send_header("Retry-After", "7")
            to.send_header("Content-Length", "0")
            to.end_headers()
            return
        start = 0
        fresh = to.headers.get("If-Range") in (None, self.tag)
        if asked and self.honours_range and fresh and trick != "restart":
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
        to.send_response(206 if start else 200)
        body = self.data[start:]
        if start:
            first = 5 if trick == "shift" else start
            to.send_header("Content-Range", f"bytes {first}-{len(self.data) - 1}/{len(self.data)}")
        to.send_header("Content-Length", str(len(body)))
        if self.tag:
            to.send_header("ETag", self.tag)
        to.end_headers()
        if trick == "cut":
            body = body[: max(len(body) // 2, 1)]
        with contextlib.suppress(OSError):
            to.wfile.write(body)
        to.close_connection = True


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.http.shutdown()
    one.http.server_close()


class Time:
    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def pace(**options) -> tuple[Pace, Time]:
    time = Time()
    return Pace(clock=lambda: time.now, sleep=time.sleep, timeout_s=10, **options), time


def files(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


@pytest.mark.parametrize(
    "tricks",
    [
        [],
        ["drop"],
        ["500", "503", "drop"],
        ["429"],
        ["cut"],
        ["cut", "cut", "cut", "cut", "cut", "cut", "cut", "cut"],
        ["cut", "restart"],
        ["cut", "416"],
        ["cut", "shift"],
        ["cut", "drop", "500", "cut", "429", "drop", "cut"],
    ],
)
def test_a_file_arrives_whole_whatever_happens(server, tmp_path, tricks):
    server.tricks = list(tricks)
    done = download(server.url, tmp_path / "x", pace()[0], SHA)
    assert (tmp_path / "x").read_bytes() == DATA
    assert (done.sha256, done.size, done.requests) == (SHA, len(DATA), len(server.ranges))
    assert len(server.ranges) == len(tricks) + ("restart" not in tricks)  # that one sends all of it
    assert files(tmp_path) == ["x"]


def test_only_the_rest_is_asked_for(server, tmp_path):
    server.tricks = ["cut", "cut"]
    download(server.url, tmp_path / "x", pace()[0])
    assert server.ranges == [None, f"bytes={len(DATA) // 2}-", f"bytes={len(DATA) * 3 // 4}-"]


def test_a_server_that_ignores_ranges(server, tmp_path):
    server.honours_range = False
    server.tricks = ["cut", "cut"]
    download(server.url, tmp_path / "x", pace()[0], SHA)
    assert (tmp_path / "x").read_bytes() == DATA


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_without_a_version_nothing_is_continued(server, tmp_path, tag):
    server.tag = tag
    server.tricks = ["cut"]
    download(server.url, tmp_path / "x", pace()[0], SHA)
    assert server.ranges == [None, None]


def test_a_file_that_changed_meanwhile_is_not_mixed(server, tmp_path):
    server.tricks = ["cut"] + ["500"] * 9
    with pytest.raises(InputError, match="status 500"):
        download(server.url, tmp_path / "x", pace()[0])
    assert files(tmp_path) == ["x.partial", "x.partial.json"]
    server.tricks, server.data, server.tag = [], DATA[::-1], '"v2"'
    download(server.url, tmp_path / "x", pace()[0])
    assert (tmp_path / "x").read_bytes() == DATA[::-1]


def test_it_goes_on_in_another_process(server, tmp_path):
    server.tricks = ["cut"] + ["drop"] * 9
    with pytest.raises(InputError, match="6 times in a row"):
        download(server.url, tmp_path / "x", pace()[0])
    assert not (tmp_path / "x").exists()
    server.tricks, server.ranges = [], []
    download(server.url, tmp_path / "x", pace()[0], SHA)
    assert server.ranges == [f"bytes={len(DATA) // 2}-"]


@pytest.mark.parametrize("status", ["400", "401", "403", "404", "410"])
def test_what_will_not_change_is_not_repeated(server, tmp_path, status):
    server.tricks = [status, status]
    with pytest.raises(InputError, match=f"status {status}"):
        download(server.url, tmp_path / "x", pace()[0])
    assert len(server.ranges) == 1
    assert files(tmp_path) == []


def test_waits_double_and_respect_the_server(server, tmp_path):
    server.tricks = ["drop"] * 4
    one, time = pace(gap_s=0)
    download(server.url, tmp_path / "x", one)
    assert time.slept == [1, 2, 4, 8]
    server.tricks = ["429"]
    one, time = pace(gap_s=0)
    download(server.url, tmp_path / "y", one)
    assert time.slept == [7]


def test_requests_to_one_host_keep_their_distance(server, tmp_path):
    one, time = pace(gap_s=3)
    for name in "abc":
        download(server.url, tmp_path / name, one)
    assert time.slept == [3, 3]


def test_another_checksum_leaves_nothing(server, tmp_path):
    with pytest.raises(InputError, match="sha256"):
        download(server.url, tmp_path / "x", pace()[0], "0" * 64)
    assert files(tmp_path) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "x", "http://"])
def test_other_addresses(tmp_path, url):
    with pytest.raises(InputError):
        download(url, tmp_path / "x", pace(attempts=1)[0])


def test_nobody_listens(tmp_path):
    with pytest.raises(InputError, match="3 times in a row"):
        download("http://127.0.0.1:1/x", tmp_path / "x", pace(attempts=3)[0])


def test_cache(server, tmp_path):
    cache, out = tmp_path / "cache", tmp_path / "out"
    assert fetch(server.url, out / "a", cache, pace=pace()[0]).requests == 1
    assert fetch(server.url, out / "b", cache, pace=pace()[0]).requests == 0
    assert (out / "a").read_bytes() == (out / "b").read_bytes() == DATA
    assert files(out) == ["a", "b"]
    (data,) = cache.glob("*/data")
    data.write_bytes(DATA[:-1] + b"?")  # a damaged cache is not believed
    assert fetch(server.url, out / "a", cache, pace=pace()[0]).requests == 1
    assert (out / "a").read_bytes() == DATA
    assert fetch(server.url, out / "a", cache, refresh=True, pace=pace()[0]).requests == 1
    with pytest.raises(InputError, match="sha256"):
        fetch(server.url, out / "c", cache, sha256="0" * 64, pace=pace()[0])
    assert not (out / "c").exists()


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_has_its_reader(name):
    module = SOURCES[name].reader.partition(",")[0]
    assert (Path(readers.__file__).parent / f"{module}.py").is_file(), module


def test_days_of_ionosphere_maps_have_the_names_of_their_time():
    url, file = find_source("code_ionex").address({"year": "2023", "doy": "217"})
    assert url.endswith("/CODE/2023/COD0OPSFIN_20232170000_01D_01H_GIM.INX.gz")
    assert file == "COD0OPSFIN_20232170000_01D_01H_GIM.INX.gz"
    url, _ = find_source("code_ionex_short").address({"year": "2011", "doy": "069", "yy": "11"})
    assert url.endswith("/CODE/2011/CODG0690.11I.Z")


@pytest.mark.parametrize(
    ("name", "file", "given"),
    [("code_ionex", "day.INX.gz", {"year": "2023", "doy": "217"}), ("celestrak_sw", "SW-All.txt", {})],
)
def test_what_was_fetched_is_read(server, tmp_path, name, file, given):
    """From a server that fails, under the source's own keys, by the reader that the source names."""
    rng = np.random.default_rng(2)
    if name == "code_ionex":
        maps = made_maps(rng)
        server.data = gzip.compress(ionex_bytes(maps))
    else:
        server.data = SAMPLES["space_weather"].make(rng, 40)
    asked = server.url + "?" + "&".join(f"{key}={{{key}}}" for key in given)
    url, name_of_file = replace(find_source(name), url=asked, file=file).address(given)
    server.tricks = ["cut", "drop", "500", "cut"]
    done = fetch(url, tmp_path / name_of_file, tmp_path / "cache", pace=pace()[0])
    assert done.requests == 5
    if name == "code_ionex":
        np.testing.assert_allclose(read_ionex(tmp_path / file).tec, maps.tec, atol=0.05)
    else:
        assert len(read_space_weather(tmp_path / file).table) == 40


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_is_complete(name):
    source = SOURCES[name]
    assert all((source.title, source.home, source.licence, source.citation, source.reader))
    assert set(source.defaults) <= set(source.keys)
    if not source.url:
        with pytest.raises(InputError, match="by hand"):
            source.address({})
        return
    url, file = source.address({key: "2011" for key in source.keys})
    assert url.startswith("http")
    assert "{" not in url + file
    assert "/" not in file


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "no station"),
        ({"station": "J550", "x": "1"}, "unknown key"),
        ({"station": "../../etc"}, "value '../../etc'"),
        ({"station": "a/b"}, "value 'a/b'"),
        ({"station": ""}, "value ''"),
    ],
)
def test_keys_are_checked(given, text):
    with pytest.raises(InputError, match=text):
        find_source("ngl_tenv3").address(given)


def test_command_lists_and_downloads(server, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SLIPBENCH_HOME", str(tmp_path / "home"))
    assert main(["fetch"]) == 0
    shown = capsys.readouterr().out
    assert all(s.name in shown and s.licence in shown and s.citation in shown for s in SOURCES.values())
    local = Source(
        "local", "t", "home", "free", "us", "llh", server.url + "?s={station}", "{station}", {"station": "s"}
    )
    monkeypatch.setitem(SOURCES, "local", local)
    assert main(["fetch", "local", "station=J550", "--out", str(tmp_path)]) == 0
    assert (tmp_path / "J550").read_bytes() == DATA
    shown = capsys.readouterr()
    assert SHA in shown.out
    assert "licence: free" in shown.err
    asked = len(server.ranges)
    for wrong in (["local"], ["local", "station=J550"], ["local", "J550", "--out", "x"], ["nothing"]):
        assert main(["fetch", *wrong]) == 2
        assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert len(server.ranges) == asked
