"""A page in a real Chromium, driven through its DevTools protocol.

The protocol runs over a pair of pipes (``--remote-debugging-pipe``), JSON messages that end with a zero byte:
no port is opened, no library is needed, and the browser ends with the pipes.
"""

import base64
import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: How long a page may take, on a busy machine too.
PATIENCE = 60.0
WIDTH, HEIGHT = 1900, 1200
_MIDDLE = """(() => {
    const found = ELEMENT;
    if (!found) return null;
    found.scrollIntoView({block: "center"});
    const box = found.getBoundingClientRect();
    return box.width && box.height ? [box.x + box.width / 2, box.y + box.height / 2] : null;
})()"""


class Page:
    """One page; made by `browser`."""

    def __init__(self, to: int, back: int) -> None:
        self._to, self._back, self._rest, self._number = to, back, b"", 0
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        size = {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser and wait for its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._next(deadline, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]

    def _next(self, deadline: float, method: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self._back], [], [], max(0.0, left))
            assert ready, f"the browser does not answer {method}"
            data = os.read(self._back, 1 << 20)
            assert data, f"the browser ended during {method}"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def run(self, script: str) -> Any:
        """Value of an expression in the page."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, f"{script}: {done['exceptionDetails']}"
        return done["result"].get("value")

    def open(self, url: str) -> None:
        """Go there; what the page fetches afterwards is for `until`."""
        self.call("Page.navigate", url=url)
        self.until("document.readyState == 'complete' && document.body !== null", url)

    def until(self, script: str, what: str) -> Any:
        """Wait until an expression is true, and give its value."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := self.run(script):
                return value
            time.sleep(0.1)
        raise AssertionError(f"{what} does not appear; the page says: {self.text()[:2000]}")

    def text(self) -> str:
        """What can be read on the page."""
        return str(self.run("document.body ? document.body.innerText : ''"))

    def click(self, script: str, what: str) -> None:
        """Click with the mouse on the element that an expression finds, once it is there and at rest."""
        where = _MIDDLE.replace("ELEMENT", script)
        deadline = time.monotonic() + PATIENCE
        before = None
        while (place := self.until(where, what)) != before:
            assert time.monotonic() < deadline, f"{what} does not stand still"
            before = place
            time.sleep(0.1)
        x, y = place
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = "none" if kind == "mouseMoved" else "left"
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, clickCount=1)

    def write(self, text: str) -> None:
        """Type instead of what the field that has the focus holds."""
        self.run("document.activeElement.select()")
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """Save what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))


@contextmanager
def browser(program: str, options: Sequence[str], profile: Path) -> Iterator[Page]:
    """A browser with one page, which ends with the context."""
    (their_in, to), (back, their_out) = os.pipe(), os.pipe()

    def hand_over() -> None:
        # Chromium reads from 3 and writes to 4; both ends go up first, lest one lies where the other must be
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (their_in, their_out)]
        os.dup2(ends[0], 3)
        os.dup2(ends[1], 4)

    command = [program, *options, "--remote-debugging-pipe", f"--user-data-dir={profile}", "about:blank"]
    process = subprocess.Popen(command, preexec_fn=hand_over, close_fds=False, stderr=subprocess.DEVNULL)
    os.close(their_in)
    os.close(their_out)
    try:
        yield Page(to, back)
    finally:
        os.close(to)
        os.close(back)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
