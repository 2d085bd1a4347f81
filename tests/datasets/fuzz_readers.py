"""Throw damaged files at every reader: ``python -m tests.datasets.fuzz_readers --inputs 50000 --seed 1``.

An input is a valid file of 1 to 6 rows after 0 to 8 random changes, or random bytes. It passes when the
reader gives a table and rejected rows that together are all rows of the file, or raises one `InputError` of
one line that names the file. Anything else is a traceback or a lost row, and gives exit code 1.
"""

import argparse
import io
import sys
import tempfile
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from slipbench.datasets.errors import InputError

from .reader_samples import SAMPLES

TOKENS = [
    *(b"nan", b"inf", b"-inf", b"1e999", b"-1e308", b"1_000", b"0x1F", b"99999999999999999999", b"-0", b"+"),
    *(
        b"",
        b"\x00",
        b"\xff\xfe",
        "１２".encode(),
        "\u2028".encode(),
        b"\x85",
        b"\x0b",
        b"\r",
        b"\r\n",
        b"\n\n",
    ),
    *(
        b"\t",
        b",",
        b'"',
        b'""',
        b"{",
        b"]",
        b"[" * 3000,
        b"null",
        b"true",
        b"1e5",
        b"-181",
        b"361",
        b"91",
        b"9" * 5000,
    ),
    *(
        b"00FEB30",
        b"2011-02-30T00:00:00Z",
        b"2011/13/01",
        b"CENTROID:",
        b"-DATA",
        b"+DATA",
        b"*",
        b"\xe2\x80",
    ),
]


@dataclass
class Counts:
    """What became of the inputs."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    accepted_rows: int = 0
    rejected_rows: int = 0
    tracebacks: int = 0
    lost_rows: int = 0
    reasons: Counter = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def mutate(rng: np.random.Generator, data: bytes) -> bytes:
    """A few random changes: bytes flipped, cut, repeated, moved; fields and lines swapped; tokens put in."""
    out = bytearray(data)
    for _ in range(int(rng.integers(0, 9))):
        size = len(out)
        if size == 0:
            break
        at, other = sorted(int(x) for x in rng.integers(0, size + 1, 2))
        kind = rng.integers(0, 9)
        if kind == 0:
            out[min(at, size - 1)] = int(rng.integers(0, 256))
        elif kind == 1:
            del out[at : at + int(rng.integers(1, 12))]
        elif kind == 2:
            out[at:at] = TOKENS[rng.integers(len(TOKENS))]
        elif kind == 3:
            out[at : at + int(rng.integers(1, 9))] = TOKENS[rng.integers(len(TOKENS))]
        elif kind == 4:
            out[at:at] = out[at : at + int(rng.integers(1, 200))]
        elif kind == 5 and rng.random() < 0.3:
            del out[other:]
        elif kind == 6:
            lines = bytes(out).split(b"\n")
            i, j = rng.integers(0, len(lines), 2)
            lines[i], lines[j] = lines[j], lines[i]
            out = bytearray(b"\n".join(lines))
        elif kind == 7:
            lines = bytes(out).split(b"\n")
            i = int(rng.integers(0, len(lines)))
            lines[i : i + 1] = [lines[i]] * int(rng.integers(0, 3))
            out = bytearray(b"\n".join(lines))
        elif kind == 8:
            digits = [i for i, b in enumerate(out) if 48 <= b <= 57]
            if digits:
                out[digits[rng.integers(len(digits))]] = int(rng.integers(48, 58))
    return bytes(out)


def make_input(rng: np.random.Generator, name: str) -> bytes:
    """Bytes for the reader of one format."""
    if rng.random() < 0.05:
        return rng.bytes(int(rng.integers(0, 400)))
    data = SAMPLES[name].make(rng, int(rng.integers(1, 7)))
    if name in ("high_rate", "residuals") and rng.random() < 0.7:
        return damage_arrays(rng, data)  # bytes changed inside an archive hardly ever pass its checksums
    return mutate(rng, data)


def damage_arrays(rng: np.random.Generator, data: bytes) -> bytes:
    """One array of an NPZ with another value, type or shape, or left out."""
    with np.load(io.BytesIO(data)) as archive:
        arrays = dict(archive)
    name = list(arrays)[rng.integers(len(arrays))]
    kind = rng.integers(0, 5)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[name] = arrays[name].astype(str)
    elif kind == 2:
        arrays[name] = arrays[name][..., None]
    elif name == "station":
        arrays[name][0] = arrays[name][-1]
    else:
        flat = np.atleast_1d(arrays[name])
        values = [-32768] if arrays[name].dtype.kind == "i" else [np.nan, np.inf, 1e9, -91, 0]
        flat[rng.integers(len(flat))] = values[rng.integers(len(values))]
        arrays[name] = flat.reshape(arrays[name].shape)
    out = io.BytesIO()
    np.savez(out, **arrays)
    return out.getvalue()


def check(name: str, data: bytes, path: Path, counts: Counts) -> None:
    """Read one input and count what became of it."""
    sample = SAMPLES[name]
    path.write_bytes(data)
    counts.inputs += 1
    try:
        table, rejected = sample.table(path, "drop")
    except InputError as error:
        counts.refused += 1
        reason = error.what.split("(")[0].split("'")[0].strip()[:40] or "other text"
        counts.reasons[f"file: {reason}"] += 1
        if not str(error).startswith(str(path)) or "\n" in str(error):
            counts.failures.append(f"{name}: message does not name the file: {error!s:.200}")
        return
    except Exception as error:
        counts.tracebacks += 1
        counts.failures.append(f"{name}: {type(error).__name__}: {error!s:.200} on {data[:200]!r}")
        return
    counts.read += 1
    counts.accepted_rows += len(table)
    counts.rejected_rows += len(rejected)
    for row in rejected:
        counts.reasons[f"row: {row.reason.split(';')[0].split(chr(39))[0].strip('0123456789 -.')[:40]}"] += 1
    lines_of_a_row = 5 if name == "gcmt_ndk" else 1
    total = lines_of_a_row * len(table) + sum(r.lines for r in rejected)
    places = [*table.index, *(r.line for r in rejected)]
    distinct = len(set(places)) == len(places) or name == "comcat_geojson"  # a line may hold many events
    lost = abs(sample.count(data) - total)
    if lost or not distinct or not all(r.reason for r in rejected):
        counts.lost_rows += max(lost, 1)
        counts.failures.append(f"{name}: {total} of {sample.count(data)} rows, on {data[:200]!r}")


def run(inputs: int, seed: int, folder: Path, names: list[str] | None = None) -> dict[str, Counts]:
    """Fuzz every format in turn; the i-th input depends on (seed, format, i) only."""
    chosen = names or list(SAMPLES)
    out = {name: Counts() for name in chosen}
    for i in range(inputs):
        name = chosen[i % len(chosen)]
        rng = np.random.default_rng([seed, list(SAMPLES).index(name), i])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            check(name, make_input(rng, name), folder / f"fuzz.{name}", out[name])
    return out


def tables(found: dict[str, Counts]) -> str:
    """What became of the inputs, and why, as Markdown."""
    fields = ("inputs", "read", "refused", "accepted_rows", "rejected_rows", "tracebacks", "lost_rows")
    lines = ["| format | " + " | ".join(f.replace("_", " ") for f in fields) + " |"]
    lines.append("| --- |" + " ---: |" * len(fields))
    total: Counter = Counter()
    for name, counts in found.items():
        values = {f: getattr(counts, f) for f in fields}
        total.update(values)
        lines.append(f"| {name} | " + " | ".join(f"{values[f]:,}" for f in fields) + " |")
    if len(found) > 1:
        lines.append("| all | " + " | ".join(f"{total[f]:,}" for f in fields) + " |")
    reasons = sum((c.reasons for c in found.values()), Counter())
    lines += ["", "| reason | times |", "| --- | ---: |"]
    lines += [f"| {reason} | {times:,} |" for reason, times in reasons.most_common(30)]
    rare = reasons.most_common()[30:]
    return "\n".join([*lines, f"| {len(rare)} rarer reasons | {sum(times for _, times in rare):,} |"])


def put_section(path: Path, title: str, text: str) -> None:
    """Replace the section of this title in a Markdown file, or add it at the end."""
    before, *sections = path.read_text().split("\n## ")
    kept = [s for s in sections if s.split("\n", 1)[0] != title]
    places = [k for k, s in enumerate(sections) if s.split("\n", 1)[0] == title]
    kept.insert(places[0] if places else len(kept), f"{title}\n\n{text}\n")
    path.write_text("\n## ".join([before, *kept]).rstrip("\n") + "\n")


def main() -> int:
    """Print the tables of counts; perhaps keep them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", nargs="+", choices=list(SAMPLES), help="these only; all by default")
    parser.add_argument("--write", type=Path, help="Markdown file whose section of these formats is replaced")
    options = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = run(options.inputs, options.seed, Path(folder), options.formats)
    seconds = time.monotonic() - start
    print(tables(found))
    print(f"\nseed {options.seed}, {seconds:.0f} s", file=sys.stderr)
    if options.write:
        formats = " ".join(options.formats or ())
        how = f"--inputs {options.inputs} --seed {options.seed}" + (
            f" --formats {formats}" if formats else ""
        )
        about = (
            f"`python -m tests.datasets.fuzz_readers {how}`, {time.strftime('%Y-%m-%d')}, {seconds:.0f} s."
        )
        put_section(options.write, formats.replace(" ", ", ") or "All formats", f"{about}\n\n{tables(found)}")
    failures = [f for c in found.values() for f in c.failures]
    for failure in failures[:20]:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
