import contextlib
import os
import signal
import subprocess
import sys

import pytest

from slipbench.datasets.errors import InputError
from slipbench.platform.settings import Settings
from slipbench.platform.stop import Stopped, listen, raise_if_asked


@pytest.fixture
def handlers():
    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)}
    listen()
    yield
    listen()
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops(handlers, number, code):
    with pytest.raises(Stopped) as stop:
        os.kill(os.getpid(), number)
    assert stop.value.exit_code == code


def test_a_swallowed_signal_is_remembered(handlers):
    raise_if_asked()
    with contextlib.suppress(BaseException):  # what compiled code does to it
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Stopped):
        raise_if_asked()


def test_one_writer_in_a_home(tmp_path):
    place = Settings(None, tmp_path / "home", "sqlite:///unused", tmp_path / "stores")
    with place.working(), pytest.raises(InputError, match="another run is writing here"), place.working():
        pass
    with place.working():
        pass


def test_a_stopped_command_ends_whatever_its_threads_wait_for():
    code = (
        "import threading\n"
        "from slipbench.platform.cli import main as command\n"
        "held = threading.Lock()\n"
        "held.acquire()\n"
        "threading.Thread(target=held.acquire).start()\n"
        "command.main = lambda: 143\n"
        "print('told', end='')\n"
        "command.entry()\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    assert (ran.returncode, ran.stdout, ran.stderr) == (143, "told", "")
