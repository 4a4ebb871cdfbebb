"""One thread that works on the newest item and lets older ones go."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Counters:
    """What became of the frames; once idle, received == processed + dropped + rejected."""

    received: int = 0
    processed: int = 0
    dropped: int = 0  # a newer frame came before this one's turn
    rejected: int = 0  # unusable, or failed in processing


class LatestFrameWorker(Generic[Item]):
    """Runs `process` on one thread for the newest submitted item.

    One item waits at most: a newer one takes its place, and the older one counts as dropped. An
    item for which `process` raises counts as rejected, `on_failure` is told on the worker's thread,
    and the next item is taken. `on_failure` must not raise.
    """

    def __init__(
        self,
        process: Callable[[Item], None],
        on_failure: Callable[[Exception], None],
        name: str = "latest-frame-worker",
    ) -> None:
        self._process = process
        self._on_failure = on_failure
        self._changed = threading.Condition()
        self._waiting: list[Item] = []  # at most one
        self._busy = False
        self._paused = False
        self._closed = False
        self._counts = dict.fromkeys(("received", "processed", "dropped", "rejected"), 0)
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

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
        """Drop the item that waits and all that come; the one in work is finished."""
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
            return self._changed.wait_for(lambda: not (self._waiting or self._busy), timeout_s)

    def close(self, timeout_s: float | None = None) -> bool:
        """Finish the item in work, drop the one that waits, and end the thread.

        False if the item in work took longer than `timeout_s`: the thread then ends after it, or
        with the process.
        """
        with self._changed:
            self._closed = True
            self._drop_waiting()
            self._changed.notify_all()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _drop_waiting(self) -> None:
        self._counts["dropped"] += len(self._waiting)
        self._waiting.clear()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                item = self._waiting.pop()
                self._busy = True
            outcome = self._outcome_of(item)
            with self._changed:
                self._counts[outcome] += 1
                self._busy = False
                self._changed.notify_all()

    def _outcome_of(self, item: Item) -> str:
        try:
            self._process(item)
        except Exception as failure:  # any fault of one frame must not end the thread
            self._on_failure(failure)
            return "rejected"
        return "processed"
