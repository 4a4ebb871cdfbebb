"""What is known of a frame before the network has seen it, and how the network is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import MapCamera
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime.errors import FrameRejected
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.pose_sources import Foreseen


@dataclass(frozen=True)
class Known:
    """What whoever has a frame knows of it; None: nothing.

    Attributes:
        intrinsics: (3, 3), pixels of the image.
        points: whose depth was measured.
        camera_to_world: (4, 4), in the world of the first frame since the memory was empty.
    """

    intrinsics: np.ndarray | None = None
    points: MeasuredPoints | None = None
    camera_to_world: np.ndarray | None = None

    def in_map(self, camera: MapCamera, image: np.ndarray) -> Known:
        """With the intrinsics of the map's camera where there are no others.

        Raises:
            FrameRejected: the image (H, W, 3) is another camera's.
        """
        known = camera.intrinsics if self.intrinsics is None else self.intrinsics
        height, width = image.shape[:2]
        seen = MapCamera(known, width, height)
        if not camera.is_like(seen):
            raise FrameRejected(
                f"the map that was loaded is of a camera with {camera}, this one has {seen}: load a"
                " map that was made with this camera, or none"
            )
        return Known(known, self.points, self.camera_to_world)

    def foreseen(self, foreseen: Foreseen, metres: float) -> Known:
        """With what the pose source foresees: landmarks beside the points, and a pose if none is.

        Args:
            metres: of the points by those of the landmarks and of the pose that is foreseen.
        """
        points = self.points
        if foreseen.points is not None:
            landmarks = foreseen.points.scaled(metres)
            points = landmarks if points is None else points.joined(landmarks)
        pose = self.camera_to_world
        if pose is None and foreseen.camera_to_world is not None:
            pose = foreseen.camera_to_world.copy()
            pose[:3, 3] *= metres
        return Known(self.intrinsics, points, pose)

    def evidence(self, transform: ImageTransform) -> Evidence:
        """In pixels of the network's image, for a batch of one."""
        depth, deviation = (None, None) if self.points is None else self.points.to_maps(transform)
        intrinsics = self.intrinsics
        known = None if intrinsics is None else transform.intrinsics_to_model(intrinsics)
        return Evidence(
            intrinsics=_batch_of_one(known),
            depth=_batch_of_one(depth),
            deviation=_batch_of_one(deviation),
            camera_to_world=_batch_of_one(self.camera_to_world),
        )


def _batch_of_one(values: np.ndarray | None) -> torch.Tensor | None:
    return None if values is None else torch.tensor(values, dtype=torch.float32)[None]
