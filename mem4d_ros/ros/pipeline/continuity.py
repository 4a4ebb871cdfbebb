"""Detection of breaks in a stream of images, after which the network's memory no longer fits."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.mapping import MapCamera
from mem4d_ros.runtime import FrameRejected
from mem4d_ros.sensor_messages.remarks import Say, silent
from mem4d_ros.sensor_messages.stamps import JUMP_NS, behind

LEAP_NS = 10 * 10**9
"""What TF keeps: after a transform so far ahead it would take nothing until time has come there."""


@dataclass(frozen=True)
class Kind:
    """Properties that are the same for all images of one stream."""

    width: int
    height: int
    encoding: str
    frame: str  # header.frame_id: another one is another camera

    def __str__(self) -> str:
        return f"{self.width}x{self.height} {self.encoding} of '{self.frame}'"


class Continuity:
    """Keeps the newest image's stamp and kind, and finds where a stream breaks.

    An image whose stamp leaps ahead of time is refused, unless the next one follows it: its
    transform would make every listener of TF deaf to those after it.

    `say` hears of what is odd and no break.
    """

    def __init__(self, say: Say = silent) -> None:
        self._say = say
        self._stamp_ns = 0
        self._before_ns = 0  # the stamp before that
        self._step_ns = 0  # from one to the other
        self._received_at_s = 0.0
        self._leapt_ns: int | None = None  # the stamp of the image before, if that was refused
        self._kind: Kind | None = None
        self._camera: MapCamera | None = None
        self._is_uncalibrated = False  # so were images before

    def break_by_stamp(self, stamp_ns: int, received_at_s: float) -> str:
        """Why this stamp starts a new stream; empty if it goes on. 0 is no stamp and says nothing.

        Args:
            received_at_s: when the image came, by a clock that only grows.

        Raises FrameRejected for an image as old as the one before, or a little older; and for one
        further ahead than time has passed, if it is the first.
        """
        if stamp_ns == 0:
            return ""
        behind_ns = self._stamp_ns - stamp_ns
        if 0 <= behind_ns < JUMP_NS:
            raise FrameRejected(behind(behind_ns))
        self._refuse_leap(stamp_ns, received_at_s)
        self._step_ns = stamp_ns - self._stamp_ns if self._stamp_ns else 0
        goes_on_before = 0 < self._before_ns < stamp_ns
        if behind_ns < 0 or not goes_on_before:
            self._before_ns = self._stamp_ns if behind_ns < 0 else 0
        self._stamp_ns, self._received_at_s = stamp_ns, received_at_s
        if behind_ns < 0:
            return ""
        if goes_on_before:
            self._say(
                f"the stamp of one image was {behind_ns * 1e-9:.3f} s ahead of the next one's,"
                " which goes on as those before"
            )
            return ""
        return f"stamps jumped back by {behind_ns * 1e-9:.3f} s (a looped recording?)"

    def _refuse_leap(self, stamp_ns: int, received_at_s: float) -> None:
        leapt_ns, self._leapt_ns = self._leapt_ns, None
        if self._stamp_ns == 0 or (leapt_ns is not None and leapt_ns < stamp_ns):
            return
        step_ns = stamp_ns - self._stamp_ns
        leap_ns = step_ns - round(1e9 * (received_at_s - self._received_at_s))
        if leap_ns >= LEAP_NS and step_ns > 2 * self._step_ns:  # else images come so far apart
            self._leapt_ns = stamp_ns
            raise FrameRejected(
                f"an image's stamp is {leap_ns * 1e-9:.3f} s further ahead of the one before than"
                " time has passed: it is left out; those after it are taken if they follow it"
            )

    def break_by_kind(self, kind: Kind) -> str:
        """Why this kind of image starts a new stream; empty if it goes on."""
        before, self._kind = self._kind, kind
        return "" if before in (None, kind) else f"images changed from {before} to {kind}"

    def break_by_camera(self, camera: MapCamera | None) -> str:
        """Why this calibration starts a new stream; None: there is none, and it was predicted."""
        before, was_uncalibrated = self._camera, self._is_uncalibrated
        self._camera, self._is_uncalibrated = camera, camera is None
        if camera is None:
            return ""
        if was_uncalibrated:
            return "CameraInfo has come, the images before were of a camera that was guessed"
        if before is not None and not camera.is_like(before):
            return f"CameraInfo changed from {before} to {camera}"
        return ""
