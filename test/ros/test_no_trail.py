"""People walk through a room, and the latched map that the node sends has no trail of them."""

from __future__ import annotations

import array
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from rclpy.qos import DurabilityPolicy, QoSProfile
from recital import Recital
from reconstructions import reconstruction_of
from ros_probe import Start, make_image
from scipy.spatial import cKDTree
from sensor_msgs.msg import Image, PointCloud2

from mem4d_ros.geometry import BODY_FROM_OPTICAL, transform_points
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings
from mem4d_ros.synthetic import DEMONSTRATION, SyntheticSequence, render_sequence

FRAMES, SIZE = 18, (112, 160)
FRAME_RATE_HZ = 8.0
PERIOD_S = 0.1
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def room_with_walkers(seed: int) -> SyntheticSequence:
    """Three people walk about in it."""
    settings = replace(
        DEMONSTRATION,
        frame_rate=(FRAME_RATE_HZ, FRAME_RATE_HZ),
        field_of_view=(60.0, 75.0),
        bodies=(3, 3),
    )
    return render_sequence(seed, FRAMES, *SIZE, settings=settings)


def pixels(room: SyntheticSequence) -> np.ndarray:
    """(T, H, W, 3) uint8."""
    return (room.images * 255).round().byte().permute(0, 2, 3, 1).numpy()


def still_points(room: SyntheticSequence) -> np.ndarray:
    """Everything that was seen and never moved, and all that is there in the end (N, 3)."""
    in_the_end = room.points_world[-2:].reshape(-1, 3)
    return torch.cat((room.points_world[~room.moving], in_the_end)).numpy()


def voxels_of_trail(positions: np.ndarray, room: SyntheticSequence) -> int:
    """Points (N, 3) of the world where nothing stands."""
    distances, _ = cKDTree(still_points(room)).query(positions)
    return int((distances > 0.1).sum())


def heedless_map(room: SyntheticSequence) -> np.ndarray:
    """Points (N, 3) of a map that takes everything in and never lets go."""
    built = StaticMap(StaticMapSettings(carve_rate=1e-9))
    for t, image in enumerate(pixels(room)):
        pose = room.camera_to_world[t].double().numpy()
        intrinsics = room.intrinsics[t].double().numpy()
        frame = reconstruction_of(t, room.depth[t].numpy(), pose, intrinsics, image)
        built.integrate(frame, np.zeros(SIZE, bool))
    return built.points().positions


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 7])  # people who stay, or pass in a frame, leave nothing
def test_who_walks_through_leaves_no_trail_in_the_latched_map(start: Start, seed: int) -> None:
    """The network tells the truth; what moves is the node's to find, and then to forget."""
    room = room_with_walkers(seed)
    ros = start(Recital(room), image_size=SIZE[1], static_map={"period_s": PERIOD_S})
    images = ros.talker(Image, "/image")
    moving = ros.listen(PointCloud2, "/mem4d/dynamic_points")
    for t, image in enumerate(pixels(room)):
        message = make_image(1 + t / FRAME_RATE_HZ, *SIZE[::-1])
        message.data = array.array("B", image.tobytes())
        if t == FRAMES - 1:
            time.sleep(1.1 * PERIOD_S)  # so that a map follows the last frame
        ros.play(images, message)
    maps = ros.listen(PointCloud2, "/mem4d/static_map", LATCHED)  # too late for all but the last
    ros.wait_for(lambda: maps, "the latched map")
    positions = transform_points(BODY_FROM_OPTICAL.T, ros.xyz(maps[-1]).astype(float))

    unheeded = voxels_of_trail(heedless_map(room), room)
    left = voxels_of_trail(positions, room)
    print(f"voxels of the trail: {left}, {unheeded} if nobody looked after it")
    assert unheeded > 100
    assert left < 0.1 * unheeded
    distances, _ = cKDTree(positions).query(still_points(room)[::50])
    assert (distances < 0.1).mean() > 0.9

    ros.wait_for(lambda: len(moving) == FRAMES)
    at_people = 0
    for t, cloud in enumerate(moving):
        bodies = room.points_world[t][room.moving[t]].numpy()
        seen = transform_points(BODY_FROM_OPTICAL.T, ros.xyz(cloud).astype(float))
        if len(bodies) and len(seen):
            at_people += int((cKDTree(bodies).query(seen)[0] < 0.1).sum())
    assert at_people > 0.6 * sum(cloud.width for cloud in moving)
