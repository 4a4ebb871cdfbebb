"""A buffer of transforms that answers where one frame lies in another."""

from __future__ import annotations

import threading
from functools import reduce
from math import isnan

import numpy as np
from builtin_interfaces.msg import Time as TimeMsg
from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.logging import get_logger
from rclpy.time import Time

from tf2_ros.exceptions import (
    ConnectivityException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_ros.history import History, StaticPlace
from tf2_ros.rigid import Rigid

NORM_TOLERANCE = 10e-3


class Buffer:
    """Transforms of the last `cache_time` (10 s unless told), for any thread.

    A frame that gets another parent starts a new history; the real buffer keeps both.
    """

    def __init__(self, cache_time: Duration | None = None) -> None:
        self._cache_time = (cache_time or Duration(seconds=10)).nanoseconds
        self._places: dict[str, History | StaticPlace] = {}
        self._changed = threading.Condition()

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform that holds at its stamp; a broken one is refused and logged."""
        parent, child = _frames(transform)
        if not _is_sound(transform, authority):
            return
        with self._changed:
            place = self._places.get(child)
            if not isinstance(place, History) or place.parent != parent:
                place = self._places[child] = History(parent, self._cache_time)
            if not place.insert(_nanoseconds(transform.header.stamp), _rigid(transform)):
                _log_refusal(f"its time was stored before or is too old: {child}", authority)
            self._changed.notify_all()

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Store a transform that holds at any time; a broken one is refused and logged."""
        parent, child = _frames(transform)
        if not _is_sound(transform, authority):
            return
        with self._changed:
            self._places[child] = StaticPlace(parent, _rigid(transform))
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all transforms but the static ones."""
        with self._changed:
            kept = {
                child: place
                for child, place in self._places.items()
                if isinstance(place, StaticPlace)
            }
            self._places = kept

    def lookup_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time | TimeMsg,
        timeout: Duration = Duration(),
    ) -> TransformStamped:
        """Return what moves points from `source_frame` to `target_frame`.

        Time zero means the newest time at which the whole chain is known. Waits up to `timeout`;
        raises a TransformException when the answer is still not known then.
        """
        self.can_transform(target_frame, source_frame, time, timeout)
        with self._changed:
            place, stamp = self._lookup(target_frame, source_frame, _nanoseconds(time))
        transform = TransformStamped(child_frame_id=source_frame, transform=place.to_msg())
        transform.header.frame_id = target_frame
        transform.header.stamp = Time(nanoseconds=stamp).to_msg()
        return transform

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Time | TimeMsg,
        timeout: Duration = Duration(),
    ) -> bool:
        """Tell whether `lookup_transform` has an answer, after waiting up to `timeout` for it."""

        def is_known() -> bool:
            try:
                self._lookup(target_frame, source_frame, _nanoseconds(time))
            except TransformException:
                return False
            return True

        with self._changed:
            return self._changed.wait_for(is_known, timeout.nanoseconds * 1e-9)

    def _lookup(self, target: str, source: str, stamp: int) -> tuple[Rigid, int]:
        self._require_known("target_frame", target)
        self._require_known("source_frame", source)
        source_branch, target_branch = self._branches(source, target)
        stamp = stamp or self._newest_common_stamp(source_branch + target_branch)
        source_to_common = self._along(source_branch, stamp)
        target_to_common = self._along(target_branch, stamp)
        return target_to_common.inverse() @ source_to_common, stamp

    def _require_known(self, argument: str, frame: str) -> None:
        if not frame or frame.startswith("/"):
            raise InvalidArgumentException(
                f'Invalid argument "{frame}" passed as {argument}: frame names are never empty '
                "and do not start with a '/'"
            )
        parents = (place.parent for place in self._places.values())
        if frame not in self._places and frame not in parents:
            raise LookupException(f'"{frame}" passed as {argument} does not exist')

    def _branches(self, source: str, target: str) -> tuple[list[str], list[str]]:
        """Return the frames from each one up to, and without, their nearest common ancestor."""
        source_line, target_line = self._ancestry(source), self._ancestry(target)
        for depth, frame in enumerate(source_line):
            if frame in target_line:
                return source_line[:depth], target_line[: target_line.index(frame)]
        raise ConnectivityException(
            f'Could not find a connection between "{target}" and "{source}": '
            "they are not part of the same tree"
        )

    def _ancestry(self, frame: str) -> list[str]:
        line = [frame]
        while frame in self._places:
            frame = self._places[frame].parent
            if frame in line:
                raise LookupException(f"The tf tree is invalid: it contains a loop at {frame}")
            line.append(frame)
        return line

    def _newest_common_stamp(self, frames: list[str]) -> int:
        stamps = (self._places[frame].newest_stamp for frame in frames)
        return min((stamp for stamp in stamps if stamp is not None), default=0)

    def _along(self, branch: list[str], stamp: int) -> Rigid:
        places = (self._places[frame].at(stamp) for frame in branch)
        return reduce(lambda below, above: above @ below, places, Rigid.identity())


def _frames(transform: TransformStamped) -> tuple[str, str]:
    """Return the parent and the child, without the leading slash that ROS 1 allowed."""
    return transform.header.frame_id.removeprefix("/"), transform.child_frame_id.removeprefix("/")


def _nanoseconds(time: Time | TimeMsg) -> int:
    return int(time.nanoseconds if isinstance(time, Time) else Time.from_msg(time).nanoseconds)


def _rigid(transform: TransformStamped) -> Rigid:
    return Rigid.from_msg(transform.transform)


def _is_sound(transform: TransformStamped, authority: str) -> bool:
    parent, child = _frames(transform)
    place = _rigid(transform)
    if not parent or not child:
        reason = f'an empty frame name: "{parent}" -> "{child}"'
    elif parent == child:
        reason = f'"{child}" would be its own parent'
    elif any(map(isnan, (*place.rotation, *place.translation))):
        reason = f'a NaN in the transform of "{child}"'
    elif abs(np.sum(place.rotation**2) - 1.0) >= NORM_TOLERANCE:
        reason = f'the quaternion of "{child}" is not normalised'
    else:
        return True
    _log_refusal(reason, authority)
    return False


def _log_refusal(reason: str, authority: str) -> None:
    get_logger("tf2_buffer").error(f"Ignoring a transform from {authority}: {reason}")
