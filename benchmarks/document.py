"""A report in Markdown with its figures beside it."""

from collections.abc import Iterator
from pathlib import Path

from slipbench.datasets.atomic import write_atomic

#: Text and, below it, a figure.
Parts = Iterator[tuple[str, Path | None]]


def write_document(folder: Path, title: str, parts: Parts) -> list[Path]:
    """Write ``report.md``.

    Parameters
    ----------
    folder : Path
        Where the document goes; it is made before the first part is asked for, which draws into it.
    title : str
        Its heading.
    parts : iterator
        Texts and figures in their order.

    Returns
    -------
    list of Path
        The files, the document first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines, files = [f"# {title}", ""], []
    for text, figure in parts:
        lines += [text, ""]
        if figure:
            lines += [f"![{figure.stem}]({figure.name})", ""]
            files.append(figure)
    document = folder / "report.md"
    write_atomic(document, "\n".join(lines).encode())
    return [document, *files]
