"""Damaged files of every format: no traceback, no lost row. The long run is ``make fuzz``."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .fuzz_readers import Counts, check, put_section, run, tables
from .reader_samples import SAMPLES


def passes(name: str, data: bytes) -> Counts:
    counts = Counts()
    with TemporaryDirectory() as folder:
        check(name, data, Path(folder) / "fuzzed", counts)
    assert counts.failures == []
    return counts


@settings(max_examples=250, deadline=None)
@given(name=st.sampled_from(sorted(SAMPLES)), seed=st.integers(0, 2**32), cut=st.data())
def test_damaged_files(name: str, seed: int, cut: st.DataObject) -> None:
    data = SAMPLES[name].make(np.random.default_rng(seed), 3)
    at = cut.draw(st.integers(0, len(data)))
    length = cut.draw(st.integers(0, 40))
    passes(name, data[:at] + cut.draw(st.binary(max_size=30)) + data[at + length :])


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(SAMPLES)), text=st.text(max_size=300))
def test_any_text_below_a_valid_start(name: str, text: str) -> None:
    start = SAMPLES[name].make(np.random.default_rng(1), 1)
    passes(name, start + text.encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from(sorted(SAMPLES)), data=st.binary(max_size=300))
def test_any_bytes(name: str, data: bytes) -> None:
    passes(name, data)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_short_run_of_the_fuzzer(tmp_path: Path, name: str) -> None:
    counts = run(60, 5, tmp_path, [name])[name]
    assert counts.failures == []
    assert (counts.inputs, counts.tracebacks, counts.lost_rows) == (60, 0, 0)
    assert counts.accepted_rows > 0
    assert counts.rejected_rows + counts.refused > 0


def test_the_fuzzer_sees_a_lost_row_and_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = SAMPLES["llh"]
    data = good.make(np.random.default_rng(1), 4)

    def losing(path: Path, on_bad_rows: str) -> object:
        read = good.read(path, on_bad_rows)
        return read._replace(table=read.table.iloc[1:])

    def crashing(path: Path, on_bad_rows: str) -> object:
        raise KeyError(path)

    for broken, what in ((losing, "lost_rows"), (crashing, "tracebacks")):
        monkeypatch.setitem(SAMPLES, "llh", type(good)(broken, good.make, good.count))
        counts = Counts()
        check("llh", data, tmp_path / "x", counts)
        assert getattr(counts, what) == 1
        assert counts.failures


def test_the_counts_replace_their_own_section(tmp_path: Path) -> None:
    page = tmp_path / "fuzz.md"
    page.write_text("# Title\n\nwords\n\n## one\n\nold\n\n## two\n\nkept\n")
    put_section(page, "one", "new")
    put_section(page, "three", tables(run(20, 1, tmp_path, ["llh"])))
    text = page.read_text()
    assert text.startswith(
        "# Title\n\nwords\n\n## one\n\nnew\n\n## two\n\nkept\n\n## three\n\n| format | inputs |"
    )
    assert "| llh | 20 |" in text
    put_section(page, "two", "last")
    assert page.read_text() == text.replace("kept", "last")
