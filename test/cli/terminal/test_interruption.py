"""A first signal is a request, a second one an order."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from mem4d_ros.cli.terminal.interruption import SIGNALS, stop_on_request


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_a_request(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_on_request() as should_stop:
        assert not should_stop()
        signal.raise_signal(number)
        assert should_stop()
    assert signal.getsignal(number) is before


@pytest.fixture
def ctrl_c_interrupts() -> Iterator[None]:
    """As in a terminal; what a shell starts in the background has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_interrupts")
def test_a_second_ctrl_c_interrupts() -> None:
    with stop_on_request():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_handlers_come_back_after_an_error() -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(ValueError, match="x"), stop_on_request():
        raise ValueError("x")
    assert [signal.getsignal(number) for number in SIGNALS] == before
