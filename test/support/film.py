"""Rendered sequences as odometry takes them: grey images, depth, poses and intrinsics."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import DenseView, Estimate, Localiser, Odometry
from mem4d_ros.synthetic import SequenceSettings, SyntheticSequence, render_sequence
from mem4d_ros.synthetic.cameras.paths import CameraMaker
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.settings import Place

FRAMES, HEIGHT, WIDTH = 32, 192, 256
FORTH_AND_BACK = (*range(0, FRAMES, 2), *range(FRAMES - 1, 0, -2))


class Film:
    """A rendered sequence as odometry takes it."""

    def __init__(self, seed: int, camera: CameraMaker, bodies: int) -> None:
        settings = SequenceSettings(
            frame_rate=(15.0, 15.0),
            field_of_view=(60.0, 75.0),
            bodies=(bodies, bodies),
            places=(Place(make_room, {camera: 1.0}),),
        )
        made: SyntheticSequence = render_sequence(seed, FRAMES, HEIGHT, WIDTH, settings=settings)
        rgb = (made.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
        self.colours = [np.ascontiguousarray(image) for image in rgb]
        self.images = [cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in self.colours]
        self.depth = made.depth.numpy()
        self.intrinsics = made.intrinsics[0].double().numpy()
        self.poses = made.camera_to_world.double().numpy()
        self.transform = ImageTransform.fit(WIDTH, HEIGHT, WIDTH)

    def feed(
        self,
        odometry: Odometry | Localiser,
        frame: int,
        image: np.ndarray | None = None,
        scale: float = 1.0,
    ) -> Estimate:
        shown = self.images[frame] if image is None else image
        estimate = odometry.locate(shown, self.intrinsics)
        odometry.learn(self.dense(frame, scale), self.intrinsics)
        return estimate

    def dense(self, frame: int, scale: float = 1.0) -> DenseView:
        return DenseView(self.depth[frame] * scale, self.colours[frame], self.transform)

    def run(self, odometry: Odometry, frames: range = range(FRAMES)) -> list[Estimate]:
        return [self.feed(odometry, frame) for frame in frames]
