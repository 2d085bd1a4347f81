"""Any suite by its options: what a YAML below ``configs/benchmarks`` holds."""

from typing import Any

from slipbench.benchmarks.suites.base import SUITES, Suite

#: Options of any registered suite, told apart by ``suite``.
AnySuite: Any = SUITES.union("suite")


def suite_of(options: Any) -> Suite:
    """The suite that `options` (an instance of one of the `AnySuite` models) asks for."""
    return SUITES.get(options.suite)(options)
