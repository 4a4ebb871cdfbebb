"""The motion split: two cues, what people look like, a neighbourhood, and a memory."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import pixel_rays, rigid_inverse
from mem4d_ros.runtime.motion_split.depth_cue import seen_through
from mem4d_ros.runtime.motion_split.evidence import combine, people_move
from mem4d_ros.runtime.motion_split.image_cue import FlowMeter
from mem4d_ros.runtime.motion_split.remembered_frame import RememberedFrame
from mem4d_ros.runtime.reconstruction import Reconstruction

EARLIER = (1, 3, 6)
"""Frames ago, whose depths are compared."""
DECAY = 0.8
"""Of the belief of the frame before, at the place where the point was then."""
LARGEST_BELIEF = 1.5
MOVING = 0.3
"""Belief from which a pixel counts as moving."""


@dataclass(frozen=True)
class CueWeights:
    """Weights of the cues; 0 disables one. `bench/motion_split.py` measures the choice."""

    image: float = 1.0
    depth: float = 0.5
    people: float = 0.3


class MotionSplitter:
    """Says for each frame of a stream which pixels move of their own. Not thread-safe.

    Depth and poses need not be exact: the image decides first, and depths count by how well they
    agree with each other. People count as moving, also while they stand. A first frame has nothing
    to compare with: nothing but people moves in it.
    """

    def __init__(self, weights: CueWeights | None = None, depth_error: float = 0.2) -> None:
        """`depth_error`: a typical relative error of the depth."""
        self._weights = weights or CueWeights()
        self._meter = FlowMeter(depth_error)
        self._views: deque[RememberedFrame] = deque(maxlen=max(EARLIER))  # the newest is the last
        self._belief: np.ndarray | None = None

    def reset(self) -> None:
        """Forget all frames."""
        self._views.clear()
        self._belief = None

    def split(self, reconstruction: Reconstruction) -> np.ndarray:
        """The moving pixels (H, W) bool of the next frame.

        A frame with `frame_index` 0 starts a new world; where the world has moved, frames before
        say nothing any more.
        """
        if reconstruction.frame_index == 0 or reconstruction.correction is not None:
            self.reset()
        view = RememberedFrame.of(reconstruction)
        belief = self._believe(view) if self._views else view.people.astype(np.float32)
        self._views.append(view)
        self._belief = belief
        return (belief > MOVING) & view.known

    def _believe(self, view: RememberedFrame) -> np.ndarray:
        """(H, W) float32, from still (negative) to moving (positive)."""
        before = self._views[-1]
        # A prediction that wavers would look like motion.
        intrinsics = np.median([v.intrinsics for v in (*self._views, view)], axis=0)
        rays = pixel_rays(intrinsics, *view.grey.shape).astype(np.float32)
        motion = rigid_inverse(before.camera_to_world) @ view.camera_to_world
        cue = self._meter.compare(view, before, rays, intrinsics, motion)
        evidence = [
            cue.evidence.scaled(self._weights.image),
            people_move(view.people).scaled(self._weights.people),
            *(
                seen_through(view, self._views[-ago], rays, intrinsics).scaled(self._weights.depth)
                for ago in EARLIER
                if ago <= len(self._views)
            ),
        ]
        belief = combine(evidence, view.grey)
        if self._belief is None:
            return belief
        x, y = cue.seen_at
        remembered = cv2.remap(self._belief, x, y, cv2.INTER_LINEAR, borderValue=0)
        return np.clip(belief + DECAY * remembered, -LARGEST_BELIEF, LARGEST_BELIEF)
