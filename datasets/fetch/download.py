"""One file over HTTP: resumed, repeated, checked, and either whole or absent."""

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipbench.datasets.atomic import write_atomic
from slipbench.datasets.errors import InputError
from slipbench.datasets.fetch.pace import Pace
from slipbench.datasets.hashing import file_sha256

_CHUNK = 1 << 16
_TRY_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_AGENT = "slipbench (+https://github.com/slipbench/slipbench)"


@dataclass(frozen=True)
class Downloaded:
    """What a download gave.

    Parameters
    ----------
    sha256 : str
    size : int
        Bytes.
    requests : int
        How many were needed; 0 when the file came from the cache.
    """

    sha256: str
    size: int
    requests: int


class _Lost(Exception):
    """An attempt failed in a way that another may not."""

    def __init__(self, why: str, retry_after: str | None = None) -> None:
        self.why, self.retry_after = why, retry_after
        super().__init__(why)


def download(
    url: str,
    target: Path,
    pace: Pace | None = None,
    sha256: str | None = None,
    progress: Callable[[int, int | None], None] | None = None,
) -> Downloaded:
    """Download `url` to `target`, which appears only when it is whole.

    What has come so far is kept beside it in ``.partial`` files, also across processes, and continued with
    ``Range`` and ``If-Range`` where the server names a version (ETag or Last-Modified) and honours both; a
    server that sends everything again is taken at its word. Only one process may write a target.

    Parameters
    ----------
    url : str
        http or https.
    target : Path
        File to write.
    pace : Pace, optional
        Waits and attempts; attempts that bring new bytes are not counted.
    sha256 : str, optional
        Expected checksum (hex).
    progress : callable, optional
        Called with bytes so far and in all (None where the server does not say).

    Raises
    ------
    InputError
        Another scheme, an answer that repeating will not change (such as 404), too many failures, or another
        checksum.
    """
    if not url.startswith(("http://", "https://")):
        raise InputError(url, "not an HTTP address", "http:// or https://", "correct the address")
    pace = pace or Pace()
    part, note = target.with_name(f"{target.name}.partial"), target.with_name(f"{target.name}.partial.json")
    target.parent.mkdir(parents=True, exist_ok=True)
    failures = requests = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        requests += 1
        try:
            _attempt(url, part, note, pace, progress)
            break
        except _Lost as lost:
            gained = part.exists() and part.stat().st_size > before
            failures = 1 if gained else failures + 1
            if failures >= pace.attempts:
                raise InputError(
                    url, f"{lost.why}, {failures} times in a row", "an answer", "try later; it continues"
                ) from lost
            pace.after_failure(failures, lost.retry_after)
    found = file_sha256(part)
    if sha256 and found != sha256.lower():
        part.unlink()
        note.unlink(missing_ok=True)
        raise InputError(url, f"sha256 {found}", sha256, "get it from the source again")
    size = part.stat().st_size
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, target)
    note.unlink(missing_ok=True)
    return Downloaded(found, size, requests)


def _attempt(
    url: str, part: Path, note: Path, pace: Pace, progress: Callable[[int, int | None], None] | None
) -> None:
    have, version = _resumable(url, part, note)
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    pace.before_request(url)
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=pace.timeout_s) as answer:
            if answer.status not in (200, 206):
                raise _Lost(f"status {answer.status}")
            start = _start(answer, have)
            if start is None:
                part.unlink(missing_ok=True)
                raise _Lost("the server continued at another byte")
            _save(answer, url, part, note, start, progress)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # the file there is shorter now
                part.unlink(missing_ok=True)
                raise _Lost("the partial file is out of date") from error
            if error.code in _TRY_AGAIN:
                raise _Lost(f"status {error.code}", error.headers.get("Retry-After")) from error
            raise InputError(
                url, f"status {error.code} {error.reason}", "a file", "check the keys and the home page"
            ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise _Lost(f"{type(error).__name__} ({str(reason)[:80]})") from error
    except ValueError as error:
        raise InputError(url, "not a valid address", "http://host/path", "correct the address") from error


def _resumable(url: str, part: Path, note: Path) -> tuple[int, str]:
    """Bytes that can be continued and their version; none without one, since the file may have changed."""
    if not part.exists():
        return 0, ""
    try:
        known = json.loads(note.read_text())
        version = known["version"] if known["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        version = ""
    return (part.stat().st_size, version) if version else (0, "")


def _start(answer: Any, have: int) -> int | None:
    if answer.status == 200:
        return 0
    first = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return have if first == str(have) else None


def _save(
    answer: Any,
    url: str,
    part: Path,
    note: Path,
    start: int,
    progress: Callable[[int, int | None], None] | None,
) -> None:
    length = answer.headers.get("Content-Length")
    total = start + int(length) if length and length.isdigit() else None
    tag = answer.headers.get("ETag", "")
    # a weak tag promises the same meaning, not the same bytes
    version = tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        file.truncate()
        write_atomic(note, json.dumps({"url": url, "version": version}).encode())
        done = start
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            if progress:
                progress(done, total)
    if total is not None and done != total:
        raise _Lost(f"the connection ended at byte {done} of {total}")
