"""The one error that bad input raises, on every floor."""


class InputError(Exception):
    """A file, configuration, argument or service that cannot be used as given.

    The command line prints it as one line and exits with code 2, so each part is a short phrase
    without a newline.

    Parameters
    ----------
    where : str
        File (with its line), configuration key, argument or service.
    what : str
        What was found there.
    expected : str
        What would have been right.
    todo : str
        What the user can do about it.
    """

    exit_code = 2

    def __init__(self, where: object, what: str, expected: str, todo: str) -> None:
        self.where, self.what, self.expected, self.todo = str(where), what, expected, todo
        super().__init__(self.where, what, expected, todo)

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}; expected {self.expected}; {self.todo}"
        return " ".join(line.split())
