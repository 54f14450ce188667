"""Work in a process of its own."""

import os
import signal
import threading
import time

import pytest

from jmvae_tf.programs.common.own_process import in_own_process
from jmvae_tf.runtime.errors import UserError
from tests.helpers import works


def test_errors_of_the_work_are_raised_here(tmp_path):
    path = tmp_path / "number"
    with pytest.raises(UserError) as caught:
        in_own_process(works.refuse, path)
    assert str(caught.value) == "A rule holds; received number; change it"
    assert int(path.read_text()) != os.getpid()


@pytest.mark.slow
def test_what_the_work_returns_comes_back():
    number, text = in_own_process(works.number_and, "α")
    assert number != os.getpid()
    assert text == "α"


@pytest.mark.slow
def test_a_process_that_dies_says_what_to_do():
    with pytest.raises(UserError, match="sudden end of one, exit status -9; free memory"):
        in_own_process(works.die)


@pytest.mark.slow
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_work_once(tmp_path, signum):
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    before = signal.getsignal(signum)

    def send_once_it_works() -> None:
        while not begun.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signum)

    threading.Thread(target=send_once_it_works).start()
    with pytest.raises(KeyboardInterrupt) as caught:
        in_own_process(works.wait, begun, ended)
    assert caught.value.args == (signum,)
    assert ended.read_text() == f"{signum:d}\n"
    assert signal.getsignal(signum) is before


@pytest.mark.slow
def test_a_signal_that_comes_as_the_work_ends_changes_nothing(capfd):
    found = in_own_process(works.end_under_signals)
    assert type(found).__name__ == "_AnotherOnTheWay"
    assert "Traceback" not in capfd.readouterr().err
