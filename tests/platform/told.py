"""A report of the tests: it keeps what it is told."""


class Told:
    """The lines that were told, failures too."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)

    def fail(self, kind: str, text: str) -> None:
        self.lines.append(text)
