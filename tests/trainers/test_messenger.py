"""News from the processes that train to the one that started them."""

from queue import Queue

import pytest

from slipbench.datasets.errors import InputError
from slipbench.trainers.messenger import messenger


def test_news_arrive_in_order() -> None:
    told = []
    with messenger(lambda *news: told.append(news), Queue()) as carrier:
        for epoch in range(3):
            carrier(epoch, 3, f"epoch {epoch}")
    assert told == [(0, 3, "epoch 0"), (1, 3, "epoch 1"), (2, 3, "epoch 2")]


def _failing(wrong: InputError) -> None:
    with messenger(None, Queue()) as carrier:
        carrier.fail(wrong)
        raise RuntimeError("a process ended")


def test_the_error_of_a_rank_comes_before_that_of_its_launcher() -> None:
    with pytest.raises(InputError, match="loss: nan"):
        _failing(InputError("loss", "nan", "a finite number", "lower the learning rate"))


@pytest.mark.filterwarnings("error")
def test_what_progress_raises_is_raised_by_the_caller_and_not_in_a_thread() -> None:
    asked = []

    def progress(*news: object) -> None:
        asked.append(news)
        raise KeyboardInterrupt

    def training() -> None:
        with messenger(progress, Queue()) as carrier:
            carrier(1, 3, "")
            carrier(2, 3, "")

    with pytest.raises(KeyboardInterrupt):
        training()
    assert len(asked) == 1
