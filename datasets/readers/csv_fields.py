"""One line of comma-separated values."""

import csv

from slipbench.datasets.readers.fields import BadRow


def split_csv(line: str, count: int) -> list[str]:
    """Fields of a line, of which there must be `count`; quotes as RFC 4180, no line ends inside."""
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error as error:
        raise BadRow("broken quotes", "fields as RFC 4180") from error
    if len(rows) != 1 or len(rows[0]) != count:
        raise BadRow(f"{len(rows[0]) if rows else 0} fields", str(count))
    return rows[0]
