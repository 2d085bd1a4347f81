"""News of a fit from the processes that train to the one that started them."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from slipbench.datasets.errors import InputError
from slipbench.trainers.keeper import Progress
from slipbench.trainers.memory import keep_memory
from slipbench.trainers.quiet import be_silent


class Messenger:
    """Carries progress and the one line of an error from the ranks to the process that started them."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        be_silent()  # unpickled first thing in a new process, before Lightning has anything to say
        keep_memory()

    def __call__(self, done: int, total: int, text: str) -> None:
        """Tell progress."""
        self._queue.put((done, total, text))

    def fail(self, error: InputError) -> None:
        """Send what the user must know. Any rank does: the first to fail ends the others."""
        self._queue.put(error)


@contextmanager
def messenger(progress: Progress | None, queue: Any) -> Iterator[Messenger]:
    """A messenger whose news reach `progress`; what a rank or `progress` raises is raised here.

    Parameters
    ----------
    progress : callable or None
        As in `fit`. It is called in a thread of its own, and not again once it raised.
    queue : object
        With ``put`` and a ``get`` that waits; it can be pickled for the processes that train.
    """
    errors: list[BaseException] = []

    def listen() -> None:
        tell = progress
        while (news := queue.get()) is not None:
            if isinstance(news, InputError):
                errors.append(news)
            elif tell:
                try:
                    tell(*news)
                except BaseException as error:  # also a Ctrl-C that `progress` found first
                    errors.append(error)
                    tell = None

    thread = Thread(target=listen, daemon=True)
    thread.start()
    failure: Exception | None = None
    try:
        yield Messenger(queue)
    except Exception as error:
        failure = error
    finally:
        queue.put(None)
        thread.join()
    if errors:
        raise errors[0]
    if failure:
        raise failure
