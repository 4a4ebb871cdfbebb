"""State of a stream between two steps."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mem4d_ros.model.config import MemorySizes
from mem4d_ros.model.dynamics_memory import FeaturePyramid
from mem4d_ros.model.structure_memory import StructureState
from mem4d_ros.model.temporal_context import ContextFrame


@dataclass(frozen=True)
class MemoryState:
    """The state of a stream; `step` takes one and returns the next. Its size is bounded.

    Attributes:
        memory: capacity of each memory.
        frame_index: number of the next frame, that is frames seen so far.
        grid: patches (height, width) of the stream; None before the first frame.
        window: frames of the TCA, the newest first.
        motion: frames of the TDM, the newest first.
        structure: contents of the PSM.
    """

    memory: MemorySizes
    frame_index: int = 0
    grid: tuple[int, int] | None = None
    window: tuple[ContextFrame, ...] = ()
    motion: tuple[FeaturePyramid, ...] = ()
    structure: StructureState = field(default_factory=StructureState)

    def occupancy(self) -> MemorySizes:
        """Frames in each memory now; `psm_size` is at least 1."""
        return MemorySizes(len(self.window), len(self.motion), max(1, len(self.structure.frames)))

    def resized(self, memory: MemorySizes) -> MemoryState:
        """The same stream with other capacities; what still fits is kept."""
        return replace(
            self,
            memory=memory,
            window=self.window[: memory.tca_window],
            motion=self.motion[: memory.tdm_size],
            structure=self.structure.shrunk(memory.psm_size),
        )
