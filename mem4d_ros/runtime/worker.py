"""Two threads: one works on the newest item, the other delivers what became of the one before."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Counters:
    """Counts of frames by outcome; once idle, received == processed + dropped + rejected."""

    received: int = 0
    processed: int = 0  # and delivered
    dropped: int = 0  # a newer frame came before this one's turn
    rejected: int = 0  # unusable, or failed in processing or delivery


class LatestFrameWorker(Generic[Item, Result]):
    """Runs `process` on one thread for the newest submitted item, and `deliver` on another.

    One item waits at most: a newer one takes its place, and the older one counts as dropped. While
    a result is delivered the next item is processed, whose result waits until it can be delivered;
    only then another item is taken, so that none is older than it need be. Results are delivered in
    order. An item for which `process` or `deliver` raises counts as rejected, `on_failure` is told
    on that thread, and the next item is taken. `on_failure` must not raise. `niceness` is that of
    the thread that processes: above 0 it yields to others.
    """

    def __init__(
        self,
        process: Callable[[Item], Result],
        deliver: Callable[[Result], None],
        on_failure: Callable[[Exception], None],
        name: str = "latest-frame-worker",
        niceness: int = 0,
    ) -> None:
        self._process = process
        self._deliver = deliver
        self._on_failure = on_failure
        self._niceness = niceness
        self._changed = threading.Condition()
        self._waiting: list[Item] = []  # at most one
        self._results: list[Result] = []  # at most one, until it is delivered
        self._processing = False
        self._paused = False
        self._closed = False
        self._counts = dict.fromkeys(("received", "processed", "dropped", "rejected"), 0)
        self._threads = [
            threading.Thread(target=target, name=f"{name}-{role}", daemon=True)
            for role, target in (("process", self._process_all), ("deliver", self._deliver_all))
        ]
        for thread in self._threads:
            thread.start()

    @property
    def counters(self) -> Counters:
        """A consistent snapshot."""
        with self._changed:
            return Counters(**self._counts)

    @property
    def is_paused(self) -> bool:
        """Whether all items are dropped."""
        return self._paused

    def submit(self, item: Item) -> None:
        """Offer an item and return at once. After `pause` or `close` it counts as dropped."""
        with self._changed:
            self._counts["received"] += 1
            self._drop_waiting()
            self._waiting.append(item)
            if self._paused or self._closed:
                self._drop_waiting()
            self._changed.notify_all()

    def pause(self) -> None:
        """Drop the item that waits and all that come; those in work are finished."""
        with self._changed:
            self._paused = True
            self._drop_waiting()
            self._changed.notify_all()

    def resume(self) -> None:
        """Take items again."""
        with self._changed:
            self._paused = False

    def wait_idle(self, timeout_s: float | None = None) -> bool:
        """Wait until nothing waits and nothing is in work; False if that took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._waiting or self._processing or self._results), timeout_s
            )

    def close(self, timeout_s: float | None = None) -> bool:
        """Finish the items in work, drop the one that waits, and end the threads.

        False if an item in work took longer than `timeout_s`: the threads then end after it, or
        with the process.
        """
        with self._changed:
            self._closed = True
            self._drop_waiting()
            self._changed.notify_all()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _drop_waiting(self) -> None:
        self._counts["dropped"] += len(self._waiting)
        self._waiting.clear()

    def _process_all(self) -> None:
        if self._niceness and hasattr(os, "setpriority"):  # Linux takes a thread for a process
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), self._niceness)
        while items := self._take_waiting():
            try:
                result = self._process(items.pop())
            except Exception as failure:  # any fault of one frame must not end the thread
                self._on_failure(failure)
                self._count_as_rejected()
            else:
                self._hand_over(result)
                del result  # its memory is not needed while the next one is made

    def _take_waiting(self) -> list[Item]:
        """The item that waits, when there is one; nothing after `close`."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            items, self._waiting = self._waiting, []
            self._processing = bool(items)
            return items

    def _count_as_rejected(self) -> None:
        with self._changed:
            self._counts["rejected"] += 1
            self._processing = False
            self._changed.notify_all()

    def _hand_over(self, result: Result) -> None:
        """Let the result be delivered once the one before it is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._results)
            self._results.append(result)
            self._processing = False
            self._changed.notify_all()

    def _deliver_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._results or (self._closed and not self._processing)
                )
                if not self._results:
                    return
                result = self._results[0]
            outcome = "processed"
            try:
                self._deliver(result)
            except Exception as failure:  # likewise
                self._on_failure(failure)
                outcome = "rejected"
            del result  # its memory is not needed until the next one comes
            with self._changed:
                self._results.clear()
                self._counts[outcome] += 1
                self._changed.notify_all()
