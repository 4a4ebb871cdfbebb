"""The samples of one pass through a scene, in the order of their stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, pairwise

from mem4d_ros.datasets.sample import BadFrame, Sample, SampleStream
from mem4d_ros.sensor_messages.remarks import Say, silent
from mem4d_ros.sensor_messages.stamps import JUMP_NS, behind


@dataclass(frozen=True)
class InOrder:
    """A stream whose stamps only grow, as the node has it: what goes back in time is a bad frame.

    So is a single image whose stamp jumps ahead or back, while the next goes on as before. Where
    stamps go back and stay there, as in a loop, another world begins: the stream ends before it,
    and `say` takes a remark.
    """

    stream: SampleStream
    say: Say = silent

    @property
    def name(self) -> str:
        return self.stream.name

    @property
    def length(self) -> int | None:
        return self.stream.length

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        newest_ns: int | None = None
        for sample, after in pairwise(chain(self.stream, (END,))):
            stamp_ns, next_ns = _stamp_ns(sample), _stamp_ns(after)
            if stamp_ns is None:
                yield sample
                continue
            behind_ns = -1 if newest_ns is None else newest_ns - stamp_ns
            goes_on = next_ns is not None and (newest_ns is None or newest_ns < next_ns)
            ahead_ns = 0 if next_ns is None else stamp_ns - next_ns
            if behind_ns < 0 and goes_on and ahead_ns >= JUMP_NS:
                reason = f"its stamp is {ahead_ns * 1e-9:.3f} s ahead of the next one's"
                yield BadFrame(sample.name, reason)
            elif behind_ns < 0:
                newest_ns = stamp_ns
                yield sample
            elif behind_ns < JUMP_NS:
                yield BadFrame(sample.name, behind(behind_ns))
            elif goes_on:
                yield BadFrame(sample.name, f"its stamp goes back by {behind_ns * 1e-9:.3f} s")
            else:
                self.say(
                    f"stamps jump back by {behind_ns * 1e-9:.3f} s at {sample.name} (a looped"
                    " recording?): another world begins there, which is left out"
                )
                return


END = BadFrame("", "")


def _stamp_ns(sample: Sample | BadFrame) -> int | None:
    """None where there is no stamp."""
    if isinstance(sample, BadFrame) or sample.stamp_s is None:
        return None
    return round(sample.stamp_s * 1e9)
