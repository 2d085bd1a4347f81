"""USGS ComCat catalogues as GeoJSON."""

import json
import math
from pathlib import Path
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.datasets.readers.comcat_csv import COLUMNS
from slipbench.datasets.readers.fields import (
    MAX_DEPTH_KM,
    MIN_DEPTH_KM,
    BadRow,
    bad,
    code,
    unix_moment,
)
from slipbench.datasets.readers.rows import OnBadRows, Read, Row, collect, read_bytes, shown

_KIND = "a ComCat GeoJSON file"
_DECODER = json.JSONDecoder()
_SPACE = " \t\r\n"


def read_comcat_geojson(path: Path, on_bad_rows: OnBadRows = "fail") -> Read:
    """Read what ``earthquake.usgs.gov/fdsnws/event/1/query?format=geojson`` gives.

    A ``FeatureCollection`` whose features carry ``id``, ``geometry.coordinates`` (longitude, latitude in
    degrees, depth in km) and ``properties`` with ``time`` (ms since 1970, UTC), ``mag``, ``magType``,
    ``type`` and ``place``. A row is a feature; its line is the one on which it begins (ComCat writes few
    lines). Source: USGS, "GeoJSON Summary Format".

    Returns
    -------
    Read
        The columns of `read_comcat_csv`; depth and magnitude NaN where null.

    Raises
    ------
    InputError
        See `collect`; for text that is no JSON, with the line, or that is no FeatureCollection.
    """
    try:
        text = read_bytes(path, _KIND).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(path, "not UTF-8 text", _KIND, "fetch the file again") from error
    try:
        top, features = _walk(text)
    except RecursionError as error:
        raise InputError(path, "nested too deeply", _KIND, "fetch the file again") from error
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        raise InputError(
            f"{path}:{line}", "no valid JSON (damaged or cut off)", _KIND, "fetch it again"
        ) from error
    if top.get("type") != "FeatureCollection" or features is None:
        raise InputError(f"{path}:1", "no FeatureCollection", _KIND, "ask ComCat for format=geojson")
    rows, line, last = [], 1, 0
    for start, end in features:
        line += text.count("\n", last, start)
        last = start
        rows.append(Row(line, (text[start:end],)))
    return collect(path, rows, COLUMNS, _parse, on_bad_rows, lambda v: v[0])


def _walk(text: str) -> tuple[dict[str, Any], list[tuple[int, int]] | None]:
    """Other members of the top object, and where each element of its ``features`` begins and ends."""
    top: dict[str, Any] = {}
    features: list[tuple[int, int]] | None = None
    at = _expect(text, 0, "{")
    while True:
        name, at = _DECODER.raw_decode(text, _skip(text, at))
        at = _skip(text, _expect(text, at, ":"))
        if name == "features" and text[at : at + 1] == "[" and features is None:
            features, at = _elements(text, at + 1)
        else:
            top[str(name)], at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            break
        at += 1
    at = _skip(text, _expect(text, at, "}"))
    if at != len(text):
        raise json.JSONDecodeError("text after the end", text, at)
    return top, features


def _elements(text: str, at: int) -> tuple[list[tuple[int, int]], int]:
    spans: list[tuple[int, int]] = []
    at = _skip(text, at)
    if text[at : at + 1] == "]":
        return spans, at + 1
    while True:
        start = _skip(text, at)
        at = _DECODER.raw_decode(text, start)[1]
        spans.append((start, at))
        at = _skip(text, at)
        if text[at : at + 1] != ",":
            return spans, _expect(text, at, "]")
        at += 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _expect(text: str, at: int, sign: str) -> int:
    at = _skip(text, at)
    if text[at : at + 1] != sign:
        raise json.JSONDecodeError(f"no {sign}", text, at)
    return at + 1


def _parse(text: tuple[str, ...]) -> tuple:
    feature = json.loads(text[0])
    try:
        place, about = feature["geometry"]["coordinates"], feature["properties"]
        words = tuple(about.get(name) or "" for name in ("magType", "type", "place"))
        lon, lat, deep = place
        identity, time, size = feature["id"], about["time"], about["mag"]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise BadRow(
            f"feature {shown(text[0])}", "id, geometry.coordinates (3), properties.time and .mag"
        ) from error
    if not isinstance(identity, str) or not all(isinstance(w, str) for w in words):
        bad("id", str(identity), "text for id, magType, type and place")
    return (
        code(identity, "id"),
        unix_moment(_number(time, "time", -1e15, 1e15)),
        _number(lat, "latitude", -90, 90),
        _number(lon, "longitude", -180, 360),
        math.nan if deep is None else _number(deep, "depth", MIN_DEPTH_KM, MAX_DEPTH_KM),
        math.nan if size is None else _number(size, "magnitude", -3, 10),
        *words,
    )


def _number(value: Any, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        bad(
            name,
            str(value)[:40] if not isinstance(value, int) else "integer",
            f"a number in {low:g} ... {high:g}",
        )
    return float(value)
