"""A stream of images into a folder of records, which may stop at any time and go on later."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.mapping import StoredMap
from mem4d_ros.runtime.errors import FrameRejected
from mem4d_ros.runtime.export.hanging import Hanging
from mem4d_ros.runtime.export.record import FrameRecord
from mem4d_ros.runtime.export.record_folder import RecordFolder
from mem4d_ros.runtime.export.saved_stream import (
    SavedStream,
    SavedStreamError,
    load_stream,
    save_stream,
)
from mem4d_ros.runtime.export.skipped import SkippedFrames
from mem4d_ros.runtime.export.staged import Staged
from mem4d_ros.runtime.points import PointFilter
from mem4d_ros.runtime.reconstructor import OnlineReconstructor

STATE = "state.pt"
SAVE_INTERVAL_S = 120.0


class ExportSession:
    """Reconstructs images one by one and keeps a record of each in `folder`.

    Frames that cannot be reconstructed are skipped, and listed beside the records. Records are
    written where their frames are found; `finish` moves those that loops have moved since, and all
    of them to the metres of an odometry that was heard.

    The stream's whole state (the network's memories and the pose source's keyframe) is saved now
    and then. Resuming goes back to the newest saved state and drops the records after it, so that
    a run that was interrupted, even killed, ends with the same files as one that was not.
    """

    def __init__(
        self,
        reconstructor: OnlineReconstructor,
        folder: Path,
        keep: PointFilter,
        device: torch.device,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises SavedStreamError for a state that cannot be used, and OSError."""
        self._staged = Staged(folder)
        self.records = RecordFolder(folder)
        self.skipped = SkippedFrames(folder)
        self._reconstructor = reconstructor
        self._keep = keep
        self._hanging = Hanging()
        self._state = folder / STATE
        self._clock = clock
        self._saved = clock()
        self._resume(device)

    @property
    def taken(self) -> int:
        """How many frames of the source are done, skipped or not."""
        return len(self.records) + len(self.skipped)

    def process(
        self,
        image: np.ndarray,
        name: str,
        stamp_ns: int,
        intrinsics: np.ndarray | None,
        odom_from_camera: np.ndarray | None = None,
    ) -> None:
        """Reconstruct the next image (H, W, 3) uint8 RGB; its intrinsics are predicted if None.

        Args:
            odom_from_camera: (4, 4), where another odometry has the camera; None: it says nothing.

        Raises FrameRejected for an image that does not continue the stream, which goes on as if it
        had not been; NonFiniteOutput, after which the stream is lost; and OSError.
        """
        before = self._reconstructor.state.transform
        height, width = image.shape[:2]
        if before and (before.input_width, before.input_height) != (width, height):
            raise FrameRejected(
                f"the image is {width}x{height}, those before it have another size: a world is"
                " seen by one camera"
            )
        found = self._reconstructor.process(
            image, stamp_ns, intrinsics, odom_from_camera=odom_from_camera
        )
        if not found.placed:
            raise FrameRejected("the camera is not recognised in the map yet")
        self.records.append(FrameRecord.of(found, name, self._keep))
        self._hanging = self._hanging.moved(found.correction).followed_by(found.keyframe)
        self._save_now_and_then()

    def skip(self, name: str, reason: str) -> None:
        """Leave the source's next frame out. Raises OSError."""
        self.skipped.append(name, reason)
        self._save_now_and_then()

    def stored_map(self) -> StoredMap:
        """The map of landmarks as it is now. Raises MapError where the pose source keeps none."""
        return self._reconstructor.poses.stored_map()

    @property
    def knows_odometry_metres(self) -> bool:
        """Whether what is finished is in the metres of the odometry that was heard."""
        return self._reconstructor.poses.knows_odometry_metres

    def finish(self) -> None:
        """Save the state, and the records where loops have moved them. Raises OSError.

        Where another odometry was heard, all is in its metres then.
        """
        self._hanging = self._hanging.moved(self._reconstructor.poses.take_odometry_metres())
        if self._hanging.have_moved.any():
            self.records.write_moved(self._hanging, self._staged.path)
            self._hanging = self._hanging.written()
            self._save_in(self._staged.path(STATE))
            self._staged.take_place()
        else:
            self.save()

    def save(self) -> None:
        """Save the state, so that a later session goes on after the newest record."""
        self._save_in(self._state)
        self._saved = self._clock()

    def _save_in(self, path: Path) -> None:
        done = SavedStream(
            len(self.records), self._reconstructor.state, len(self.skipped), self._hanging
        )
        save_stream(path, done)

    def _save_now_and_then(self) -> None:
        if self._clock() - self._saved >= SAVE_INTERVAL_S:
            self.save()

    def _resume(self, device: torch.device) -> None:
        frames = skipped = 0
        if self._state.exists():
            saved = load_stream(self._state, device)
            frames, skipped, self._hanging = saved.frames, saved.skipped, saved.hanging
            self._reconstructor.restore(saved.state)
        if frames > len(self.records) or skipped > len(self.skipped):
            raise SavedStreamError(
                f"{self._state} is at frame {frames + skipped}, but only {self.taken} frames"
                " are beside it: delete it to start anew"
            )
        self.records.truncate(frames)
        self.skipped.truncate(skipped)
