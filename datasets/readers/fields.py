"""Fields of text rows: strict conversions with physical limits."""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NoReturn

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,15}", re.ASCII)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d{1,9})?))?(?:Z|\+00:00)?)?", re.ASCII
)
FIRST_YEAR, LAST_YEAR = 1600, 2100
MAX_DEPTH_KM = 800.0
MIN_DEPTH_KM = -10.0


class BadRow(Exception):
    """Why a row cannot be used: what was found and what was expected."""

    def __init__(self, what: str, expected: str) -> None:
        self.what, self.expected = what, expected
        super().__init__(f"{what}; expected {expected}")


def bad(name: str, text: str, expected: str) -> NoReturn:
    """Raise `BadRow` for a field."""
    printable = "".join(c if c.isprintable() else "?" for c in text[:40])
    raise BadRow(f"{name} '{printable}'", expected)


def number(text: str, name: str, low: float, high: float) -> float:
    """A finite decimal number in ``low ... high``; no underscores, no other scripts' digits."""
    word = text.strip()
    value = float(word) if _NUMBER.fullmatch(word) else math.nan
    if not low <= value <= high:
        bad(name, word, f"a number in {low:g} ... {high:g}")
    return value


def number_or_nan(text: str, name: str, low: float, high: float) -> float:
    """As `number`; NaN for a blank field, which means "not known"."""
    return number(text, name, low, high) if text.strip() else math.nan


def whole(text: str, name: str, low: int, high: int) -> int:
    """An integer in ``low ... high``."""
    word = text.strip()
    if not _WHOLE.fullmatch(word) or not low <= int(word) <= high:
        bad(name, word, f"an integer in {low} ... {high}")
    return int(word)


def latitude(text: str) -> float:
    """Degrees north."""
    return number(text, "latitude", -90, 90)


def longitude(text: str) -> float:
    """Degrees east, -180 ... 360 as given."""
    return number(text, "longitude", -180, 360)


def depth(text: str) -> float:
    """Kilometres below the sea; NaN where blank."""
    return number_or_nan(text, "depth", MIN_DEPTH_KM, MAX_DEPTH_KM)


def magnitude(text: str) -> float:
    """Magnitude; NaN where blank."""
    return number_or_nan(text, "magnitude", -3, 10)


def code(text: str, name: str = "station") -> str:
    """A name of 1 to 16 visible characters without spaces."""
    word = text.strip()
    if not 1 <= len(word) <= 16 or not word.isprintable() or any(c.isspace() for c in word):
        bad(name, word, "1 to 16 visible characters")
    return word


def words(line: str, counts: tuple[int, ...]) -> list[str]:
    """Fields between white space, of which there must be one of `counts`."""
    out = line.split()
    if len(out) not in counts:
        raise BadRow(f"{len(out)} fields", " or ".join(map(str, counts)))
    return out


def moment(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: float = 0.0) -> datetime:
    """An instant without a zone, rounded to the microsecond; 60 seconds carry (catalogues round)."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        bad("year", str(year), f"{FIRST_YEAR} ... {LAST_YEAR}")
    if not 0 <= second <= 60:
        bad("second", f"{second:g}", "0 ... 60")
    try:
        return datetime(year, month, day, hour, minute) + timedelta(seconds=round(second, 6))
    except ValueError as error:
        raise BadRow(
            f"time {year:04}-{month:02}-{day:02} {hour:02}:{minute:02}", "a date and time that exist"
        ) from error


def iso_moment(text: str, to_the_minute: bool = False) -> datetime:
    """An instant (UTC or no zone) from an ISO 8601 date, or a time with seconds (or to the minute)."""
    found = _ISO.fullmatch(text.strip())
    if not found or (found[4] and not found[6] and not to_the_minute):
        bad("time", text.strip(), "a time like 2011-03-11T05:46:24.12Z")
    y, m, d, hh, mm, ss = found.groups()
    return moment(int(y), int(m), int(d), int(hh or 0), int(mm or 0), float(ss or 0))


def unix_moment(milliseconds: float) -> datetime:
    """An instant (UTC, without a zone) from milliseconds since 1970."""
    low = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp() * 1e3
    high = datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp() * 1e3
    if not low <= milliseconds < high:
        bad("time", f"{milliseconds:g}", "milliseconds since 1970-01-01")
    return datetime(1970, 1, 1) + timedelta(milliseconds=milliseconds)
