"""Frames in, reconstructions out, one after the other."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from mem4d_ros.geometry import ImageTransform, long_side_of_area, unproject
from mem4d_ros.mapping import StoredMap
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.model.people import PeopleHead
from mem4d_ros.model.structure_memory import StructureState
from mem4d_ros.runtime.depth_prior import DepthPrior, DepthPriorError
from mem4d_ros.runtime.errors import FrameRejected, NonFiniteOutput
from mem4d_ros.runtime.keyframes import (
    CameraView,
    KeyframeThresholds,
    moved_views,
    shows_something_new,
)
from mem4d_ros.runtime.known import Known
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.network import FrameModel, Network
from mem4d_ros.runtime.people import People, people_in
from mem4d_ros.runtime.places import place_of
from mem4d_ros.runtime.pointmaps import head_pose, invalidate, pointmap, predicted_intrinsics
from mem4d_ros.runtime.points import move_points
from mem4d_ros.runtime.pose_sources import (
    CameraFrame,
    Foreseen,
    HeadPose,
    PoseEstimate,
    PoseFrame,
    PoseSource,
    SharedPoseSource,
)
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.runtime.reconstruction import Reconstruction

CPU = torch.device("cpu")


@dataclass(frozen=True)
class StreamState:
    """All that a stream's next frame depends on, besides the network and the settings."""

    memory: MemoryState
    pose_source: PoseSource
    transform: ImageTransform | None
    views: Mapping[int, CameraView] = field(default_factory=dict)  # by number in the PSM
    predicted_intrinsics: np.ndarray | None = None  # (3, 3), pixels of the model's image


class OnlineReconstructor:
    """Runs a network on a stream of images and keeps its memory. Not thread-safe.

    `image_size` is the long side of the network's image in pixels; with `keeps_area` that of a 4:3
    image, and wider or taller ones have as many pixels. `precision` is the dtype of
    autocast; float32 runs without it. `pose_source` says where poses come from, None: from the
    network's head; `poses` asks it, and has its map. `keyframes` says which frames enter the
    persistent structure memory, None: all. `depth_prior` is another network, whose depth this one
    is told with a large deviation. `people` tells them by the network's features, None: nothing
    does.
    """

    def __init__(
        self,
        model: FrameModel,
        image_size: int,
        memory: MemorySizes,
        device: torch.device = CPU,
        precision: torch.dtype = torch.float32,
        pose_source: PoseSource | None = None,
        keyframes: KeyframeThresholds | None = None,
        depth_prior: DepthPrior | None = None,
        keeps_area: bool = False,
        people: PeopleHead | None = None,
    ) -> None:
        """Raises DepthPriorError for a prior beside a network that takes no evidence."""
        if depth_prior is not None and not model.takes_evidence:
            raise DepthPriorError("this network takes no evidence: it cannot be told a depth prior")
        self._network = Network(model, device, precision)
        self._image_size = image_size
        self._keeps_area = keeps_area
        self._memory = memory
        self.poses = SharedPoseSource(pose_source or HeadPose())
        self._keyframes = keyframes
        self._depth_prior = depth_prior
        self._people = people
        self._transform: ImageTransform | None = None
        self.reset()

    @property
    def memory(self) -> MemorySizes:
        """The largest number of frames each memory may hold."""
        return self._memory

    def reset(self) -> None:
        """Forget all frames: the next one defines a new world, unless a map is used."""
        self._empty_memory()
        self._predicted_intrinsics: np.ndarray | None = None
        self.poses.reset()

    def _empty_memory(self) -> None:
        self._state = self._network.initial_state(self._memory)
        self._views: Mapping[int, CameraView] = {}

    def use_map(self, given: StoredMap | None, extends: bool = False) -> None:
        """Forget all frames, and find the next ones in a map; None: begin a new world.

        Args:
            extends: whether they are added to it, or it stays as it is.

        Raises:
            MapError: the pose source keeps no map, or the camera is another one than the map's.
        """
        self.poses.use_map(given, extends)
        self._empty_memory()
        self._predicted_intrinsics = None

    def resize_memory(self, memory: MemorySizes) -> None:
        """Change the memories' sizes; frames that still fit are kept."""
        self._memory = memory
        self._state = self._state.resized(memory)

    @property
    def state(self) -> StreamState:
        """Where the stream stands. Not a copy: the next frame changes it."""
        return StreamState(
            self._state,
            self.poses.source,
            self._transform,
            self._views,
            self._predicted_intrinsics,
        )

    def restore(self, state: StreamState) -> None:
        """Go on where a stream stood: frames become what they would have become there."""
        self._state, self.poses = state.memory, SharedPoseSource(state.pose_source)
        self._transform, self._views = state.transform, state.views
        self._predicted_intrinsics = state.predicted_intrinsics
        self._memory = state.memory.memory

    def occupancy(self) -> MemorySizes:
        """The number of frames each memory holds."""
        return self._state.occupancy()

    def structure_tokens(self) -> int:
        """The number of tokens in the persistent structure memory."""
        return self._state.structure.tokens

    @property
    def takes_evidence(self) -> bool:
        """Whether the network can be told points and poses, and makes use of intrinsics."""
        return self._network.takes_evidence

    def process(
        self,
        image: np.ndarray,
        stamp_ns: int,
        intrinsics: np.ndarray | None = None,
        *,
        points: MeasuredPoints | None = None,
        camera_to_world: np.ndarray | None = None,
        metres: float = 1.0,
        odom_from_camera: np.ndarray | None = None,
    ) -> Reconstruction:
        """Reconstruct an image (H, W, 3) uint8 RGB with what else is known of it.

        An image of another size than the one before starts a new world.

        Args:
            intrinsics: (3, 3), pixels of the image; if None, those of the map that is used, or
                predicted from the first frame since the last reset, for one camera sees a whole
                stream.
            points: whose depth was measured; landmarks of the pose source are told beside them.
            camera_to_world: (4, 4), the pose, in the world of the first camera since the last
                reset; the pose source is asked if None.
            metres: true metres by those of the stream, as far as known: landmarks, which are in the
                stream's, are told in those of `points`.
            odom_from_camera: (4, 4), where another odometry has the camera; a pose source with a
                map goes by it where it sees nothing known.

        Raises:
            FrameRejected: an image that cannot be brought to the network's size, or is of another
                camera than the map that is used.
            NonFiniteOutput: a pose that is not finite; after a reset.
            ValueError: points or a pose for a network that takes no evidence.
        """
        started = time.perf_counter()
        if not self.takes_evidence and (points is not None or camera_to_world is not None):
            raise ValueError(
                "this network takes no evidence: it can be told neither points nor poses"
            )
        known = Known(intrinsics, points, camera_to_world)
        if (given := self.poses.given_map) is not None:
            known = known.in_map(given.camera, image)
        transform = self._transform_for(image)
        model_image = resize_and_crop(image, transform)
        frame = CameraFrame(image, transform, known.intrinsics, odom_from_camera, stamp_ns)
        foreseen = self.poses.foresee(frame)
        if foreseen.starts_anew:
            self._empty_memory()
        told = self._told(known, foreseen, frame, stamp_ns, metres)
        frame_index, structure = self._state.frame_index, self._state.structure
        output, self._state = self._network.step(model_image, self._state, told.evidence(transform))
        people = self._people_in(model_image)
        seen = self._seen(output, model_image, known, transform, people)
        if foreseen.wants_own_depth and points is None:
            own_depth = self._own_depth(model_image, known, transform)
            seen = replace(seen, own_depth=own_depth * np.float32(metres))  # as what it was told
        if camera_to_world is not None:
            estimate = PoseEstimate(camera_to_world)
        else:
            estimate = self.poses.estimate(seen)
        points_camera = seen.points_camera
        if estimate.depth_scale != 1:
            points_camera *= np.float32(estimate.depth_scale)
        self._select(estimate, seen, structure)
        if self.poses.keeps_global_pointmap:
            points_world, confidence_world = seen.points_world, seen.confidence_world
        else:
            points_world = move_points(estimate.camera_to_world, points_camera)
            confidence_world = seen.confidence_camera
        return Reconstruction(
            stamp_ns=stamp_ns,
            frame_index=frame_index,
            image=model_image,
            points_world=points_world,
            confidence_world=confidence_world,
            points_camera=points_camera,
            confidence_camera=seen.confidence_camera,
            depth=np.ascontiguousarray(points_camera[..., 2]),
            camera_to_world=estimate.camera_to_world,
            pose_measured=estimate.measured,
            intrinsics=seen.intrinsics,
            input_transform=transform,
            latency_s=time.perf_counter() - started,
            keyframe=estimate.keyframe,
            correction=estimate.correction,
            placed=estimate.placed,
            pose_covariance=estimate.covariance,
            people=None if people is None else people.likely,
        )

    def transform_of(self, image: np.ndarray) -> ImageTransform:
        """How an image (H, W, 3) is brought to the network's size. Raises FrameRejected."""
        height, width = image.shape[:2]
        size = self._image_size
        if self._keeps_area:
            size = long_side_of_area(width, height, size)
        try:
            return ImageTransform.fit(width, height, size)
        except ValueError as error:
            raise FrameRejected(str(error)) from error

    def _transform_for(self, image: np.ndarray) -> ImageTransform:
        transform = self.transform_of(image)
        if self._transform not in (None, transform):
            self.reset()
        self._transform = transform
        return transform

    def _told(
        self,
        known: Known,
        foreseen: Foreseen,
        frame: CameraFrame,
        stamp_ns: int,
        metres: float,
    ) -> Known:
        """With what the pose source and the depth prior add to what is known of a frame."""
        told = known.foreseen(foreseen, metres)
        prior = self._depth_prior
        if prior is not None and prior.is_wanted(stamp_ns, foreseen.is_keyframe):
            told = replace(told, points=prior.extended(frame.image, frame.transform, told.points))
        return told

    def _own_depth(
        self, model_image: np.ndarray, known: Known, transform: ImageTransform
    ) -> np.ndarray:
        """Depth (h, w) of the network's image (h, w, 3), told nothing but intrinsics."""
        evidence = Known(known.intrinsics).evidence(transform)
        nothing = self._network.initial_state(self._memory)
        output, _ = self._network.step(model_image, nothing, evidence)
        return pointmap(output.points_camera, output.confidence_camera)[0][..., 2]

    def _seen(
        self,
        output: FrameOutput,
        image: np.ndarray,
        known: Known,
        transform: ImageTransform,
        people: People | None,
    ) -> PoseFrame:
        """What the network says of its image (h, w, 3), as one camera sees it."""
        head = self._checked(head_pose(output), "pose")
        if known.intrinsics is None:
            intrinsics = self._predict_intrinsics(output, transform)
        else:
            intrinsics = transform.intrinsics_to_model(known.intrinsics)
        points_camera, confidence_camera = pointmap(output.points_camera, output.confidence_camera)
        # Depth is kept, and the rays are the camera's: every point projects into its own pixel.
        depth = np.ascontiguousarray(points_camera[..., 2])
        invalidate(depth, confidence_camera, depth <= 0)
        points_world, confidence_world = pointmap(output.points_world, output.confidence_world)
        return PoseFrame(
            image=image,
            points_camera=unproject(depth, intrinsics.astype(np.float32)),
            confidence_camera=confidence_camera,
            points_world=points_world,
            confidence_world=confidence_world,
            intrinsics=intrinsics,
            head_pose=head,
            place=place_of(self._state),
            people=None if people is None else people.possible,
        )

    def _people_in(self, image: np.ndarray) -> People | None:
        """In the image (h, w, 3) that the network has just seen."""
        if self._people is None:
            return None
        return people_in(self._state, self._people, *image.shape[:2])

    def _predict_intrinsics(self, output: FrameOutput, transform: ImageTransform) -> np.ndarray:
        """Those of the stream's camera (3, 3), in pixels of the network's image.

        They are the first frame's prediction. One that wavers would look like motion.
        """
        if self._predicted_intrinsics is None:
            predicted = predicted_intrinsics(output, transform)
            self._predicted_intrinsics = self._checked(predicted, "field of view")
        return self._predicted_intrinsics

    def _select(self, estimate: PoseEstimate, seen: PoseFrame, before: StructureState) -> None:
        """Leave the structure memory as it was `before` a frame that shows nothing new.

        Only now is the frame's pose known; the step has written it already.
        """
        if self._keyframes is None:
            return
        if estimate.correction is not None:
            self._views = moved_views(self._views, estimate.correction)
        view = CameraView(
            estimate.camera_to_world, seen.intrinsics, seen.image.shape[:2], estimate.keyframe
        )
        views = {number: self._views[number] for number in before.frames}
        if shows_something_new(view, seen.points_camera, views.values(), self._keyframes):
            views[before.written] = view
        else:
            self._state = replace(self._state, structure=before)
        self._views = {number: views[number] for number in self._state.structure.frames}

    def _checked(self, values: np.ndarray, name: str) -> np.ndarray:
        if not np.isfinite(values).all():
            self.reset()
            raise NonFiniteOutput(f"the network's {name} is NaN or Inf: its memory was reset")
        return values
