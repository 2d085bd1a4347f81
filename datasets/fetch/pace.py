"""How often a server is asked: a gap between requests, and waits between attempts."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit


@dataclass
class Pace:
    """Limits of one process.

    Parameters
    ----------
    gap_s : float
        Seconds between the starts of two requests to one host.
    attempts : int
        Requests for one file that bring nothing new, until it is given up.
    first_wait_s, longest_wait_s : float
        Wait after the first failure, doubled after each, and its limit, also for what the server asks.
    timeout_s : float
        Seconds without a byte until a connection counts as lost.
    clock, sleep : callable
        Time in seconds and waiting; tests replace them.
    """

    gap_s: float = 1.0
    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    timeout_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _last: dict[str, float] = field(default_factory=dict)

    def before_request(self, url: str) -> None:
        """Wait until the host of `url` may be asked again."""
        host = urlsplit(url).netloc
        left = self._last.get(host, -1e9) + self.gap_s - self.clock()
        if left > 0:
            self.sleep(left)
        self._last[host] = self.clock()

    def after_failure(self, failures: int, retry_after: str | None = None) -> None:
        """Wait before the next attempt: as long as the server asks, else twice as long as before."""
        wait = self.first_wait_s * 2 ** (failures - 1)
        asked = _seconds(retry_after)
        self.sleep(min(max(wait, asked), self.longest_wait_s))


def _seconds(retry_after: str | None) -> float:
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (TypeError, ValueError, IndexError):
        return 0.0
