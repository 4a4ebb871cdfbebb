"""The newest frame wins, every frame is accounted for, and no fault ends a thread."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mem4d_ros.runtime.errors import FrameRejected
from mem4d_ros.runtime.worker import Counters, LatestFrameWorker

PATIENCE_S = 10  # far beyond what any of these tests needs


class Gate:
    """A processing function that notes what it was given and waits until it may go on."""

    def __init__(self) -> None:
        self.seen = []
        self.entered = threading.Semaphore(0)
        self.may_leave = threading.Semaphore(0)

    def __call__(self, item: object) -> None:
        self.seen.append(item)
        self.entered.release()
        assert self.may_leave.acquire(timeout=PATIENCE_S)

    def wait_entered(self) -> None:
        assert self.entered.acquire(timeout=PATIENCE_S)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.fixture
def start() -> Iterator[Callable[..., LatestFrameWorker]]:
    workers = []

    def start(
        process: Callable[[Any], Any],
        on_failure: Callable[[Exception], None] = lambda failure: None,
        deliver: Callable[[Any], None] = lambda result: None,
    ) -> LatestFrameWorker:
        workers.append(LatestFrameWorker(process, deliver, on_failure))
        return workers[-1]

    yield start
    for worker in workers:
        worker.close()


def test_takes_items_in_order_when_there_is_time(start: Callable[..., LatestFrameWorker]) -> None:
    seen = []
    worker = start(seen.append)
    for item in range(5):
        worker.submit(item)
        assert worker.wait_idle(PATIENCE_S)
    assert seen == [0, 1, 2, 3, 4]
    assert worker.counters == Counters(received=5, processed=5)


def test_newest_waiting_item_wins_and_older_ones_count_as_dropped(
    start: Callable[..., LatestFrameWorker],
) -> None:
    gate = Gate()
    worker = start(gate)
    worker.submit("first")
    gate.wait_entered()
    for item in ("second", "third", "fourth"):
        worker.submit(item)
    assert worker.counters == Counters(received=4, dropped=2)
    gate.may_leave.release(2)
    assert worker.wait_idle(PATIENCE_S)
    assert gate.seen == ["first", "fourth"]
    assert worker.counters == Counters(received=4, processed=2, dropped=2)


@pytest.mark.parametrize("failure", [FrameRejected("too dark"), ZeroDivisionError("a bug")])
def test_a_failing_item_is_rejected_and_reported_and_the_next_one_processed(
    start: Callable[..., LatestFrameWorker], failure: Exception
) -> None:
    def process(item: str) -> None:
        if item == "bad":
            raise failure

    reported = []
    worker = start(process, reported.append)
    for item in ("bad", "good"):
        worker.submit(item)
        assert worker.wait_idle(PATIENCE_S)
    assert reported == [failure]
    assert worker.counters == Counters(received=2, processed=1, rejected=1)


def test_submitting_never_waits_for_processing(start: Callable[..., LatestFrameWorker]) -> None:
    gate = Gate()
    worker = start(gate)
    for item in range(1000):
        worker.submit(item)
    assert worker.counters.processed == 0  # not before the gate opens
    assert worker.counters.received == 1000
    gate.may_leave.release(2)


def test_close_finishes_the_current_item_and_drops_the_waiting_one(
    start: Callable[..., LatestFrameWorker],
) -> None:
    gate = Gate()
    worker = start(gate)
    worker.submit("current")
    gate.wait_entered()
    worker.submit("waiting")
    closer = threading.Thread(target=worker.close)
    closer.start()
    gate.may_leave.release()
    closer.join(PATIENCE_S)
    assert not closer.is_alive()
    assert gate.seen == ["current"]
    worker.submit("too late")
    assert worker.counters == Counters(received=3, processed=1, dropped=2)


def test_a_paused_worker_finishes_the_current_item_and_drops_all_others(
    start: Callable[..., LatestFrameWorker],
) -> None:
    gate = Gate()
    worker = start(gate)
    worker.submit("current")
    gate.wait_entered()
    worker.submit("waiting")
    worker.pause()
    assert worker.is_paused
    worker.submit("paused")
    gate.may_leave.release(2)
    assert worker.wait_idle(PATIENCE_S)
    worker.resume()
    assert not worker.is_paused
    worker.submit("resumed")
    assert worker.wait_idle(PATIENCE_S)
    assert gate.seen == ["current", "resumed"]
    assert worker.counters == Counters(received=4, processed=2, dropped=2)


def test_close_does_not_wait_longer_than_it_may(start: Callable[..., LatestFrameWorker]) -> None:
    gate = Gate()
    worker = start(gate)
    worker.submit("current")
    gate.wait_entered()
    assert not worker.close(timeout_s=0.01)
    gate.may_leave.release()
    assert worker.close(timeout_s=PATIENCE_S)


def test_close_twice_is_harmless(start: Callable[..., LatestFrameWorker]) -> None:
    worker = start(print)
    worker.close()
    worker.close()


def test_wait_idle_gives_up_in_time(start: Callable[..., LatestFrameWorker]) -> None:
    gate = Gate()
    worker = start(gate)
    worker.submit("item")
    gate.wait_entered()
    assert not worker.wait_idle(0.01)
    gate.may_leave.release()
    assert worker.wait_idle(PATIENCE_S)


@pytest.fixture
def delivering(
    start: Callable[..., LatestFrameWorker],
) -> tuple[LatestFrameWorker, Gate, list[str]]:
    """A worker that delivers "first" and has processed "second"; its gate; what it processed."""
    gate = Gate()
    processed = []
    worker = start(lambda item: processed.append(item) or item, deliver=gate)
    worker.submit("first")
    gate.wait_entered()
    worker.submit("second")
    wait_for(lambda: processed == ["first", "second"])
    return worker, gate, processed


def test_the_next_item_is_processed_while_one_is_delivered(
    delivering: tuple[LatestFrameWorker, Gate, list[str]],
) -> None:
    worker, gate, _ = delivering
    assert gate.seen == ["first"]
    assert worker.counters == Counters(received=2)
    gate.may_leave.release(2)
    assert worker.wait_idle(PATIENCE_S)
    assert gate.seen == ["first", "second"]
    assert worker.counters == Counters(received=2, processed=2)


def test_no_item_is_taken_before_the_result_at_hand_can_be_delivered(
    delivering: tuple[LatestFrameWorker, Gate, list[str]],
) -> None:
    """It would only grow older; a newer one may come."""
    worker, gate, processed = delivering
    for item in ("third", "fourth"):
        worker.submit(item)
    time.sleep(0.05)
    assert processed == ["first", "second"]
    gate.may_leave.release(3)
    assert worker.wait_idle(PATIENCE_S)
    assert gate.seen == ["first", "second", "fourth"]
    assert worker.counters == Counters(received=4, processed=3, dropped=1)


def test_a_result_that_cannot_be_delivered_counts_as_rejected(
    start: Callable[..., LatestFrameWorker],
) -> None:
    def deliver(result: str) -> None:
        if result == "bad":
            raise ZeroDivisionError

    reported = []
    worker = start(lambda item: item, reported.append, deliver)
    for item in ("bad", "good"):
        worker.submit(item)
        assert worker.wait_idle(PATIENCE_S)
    assert [type(failure) for failure in reported] == [ZeroDivisionError]
    assert worker.counters == Counters(received=2, processed=1, rejected=1)


def test_close_delivers_what_is_in_work(start: Callable[..., LatestFrameWorker]) -> None:
    gate = Gate()
    delivered = []
    worker = start(lambda item: gate(item) or item, deliver=delivered.append)
    worker.submit("current")
    gate.wait_entered()
    closer = threading.Thread(target=worker.close)
    closer.start()
    gate.may_leave.release()
    closer.join(PATIENCE_S)
    assert not closer.is_alive()
    assert delivered == ["current"]


def test_a_delivered_result_is_let_go(start: Callable[..., LatestFrameWorker]) -> None:
    """Frames are large."""

    class Result:
        pass

    worker = start(lambda item: Result(), deliver=lambda result: alive.append(weakref.ref(result)))
    alive = []
    worker.submit("item")
    assert worker.wait_idle(PATIENCE_S)
    wait_for(lambda: alive[0]() is None)


def test_accounts_add_up_under_several_submitting_threads(
    start: Callable[..., LatestFrameWorker],
) -> None:
    def process(item: int) -> None:
        if item % 7 == 0:
            raise FrameRejected("every seventh")

    worker = start(process)

    def submit_many() -> None:
        for item in range(2000):
            worker.submit(item)

    threads = [threading.Thread(target=submit_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert worker.wait_idle(PATIENCE_S)
    counters = worker.counters
    assert counters.received == 8000
    assert counters.received == counters.processed + counters.dropped + counters.rejected
