"""Time of a frame in the static map, while the map is small and once it is full.

    python bench/static_map.py

Frames of 256x192 pixels of an endless uneven wall that the camera walks along, so that every frame
brings new voxels, and from some time on each of them drives an old one out.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from mem4d_ros.geometry import ImageTransform, fov_to_intrinsics, transform_points, unproject
from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings

HEIGHT, WIDTH = 192, 256
STEP_M = 0.2


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--max-voxels", type=int, default=StaticMapSettings.max_voxels)
    options = parser.parse_args()
    built = StaticMap(StaticMapSettings(max_voxels=options.max_voxels))
    still = np.zeros((HEIGHT, WIDTH), bool)
    times_s: list[float] = []
    for index in range(options.frames):
        frame = along_the_wall(index)
        started = time.process_time()
        built.integrate(frame, still)
        times_s.append(time.process_time() - started)
        if (index + 1) % (options.frames // 5) == 0:
            part = 1000 * np.array(times_s[-(options.frames // 5) :])
            print(
                f"frame {index + 1:5}  {len(built):7} voxels"
                f"  median {np.median(part):.1f} ms  95 % {np.percentile(part, 95):.1f} ms"
            )


def along_the_wall(index: int) -> Reconstruction:
    """What is seen of a wall 1.5 to 4.5 m away."""
    intrinsics = fov_to_intrinsics(np.deg2rad([70.0, 55.0]), HEIGHT, WIDTH)
    columns = np.arange(WIDTH) + 70 * index
    depth = 3 + 1.5 * np.sin(columns / 90) * np.cos(np.arange(HEIGHT) / 40)[:, None]
    pose = np.eye(4)
    pose[0, 3] = STEP_M * index
    points_camera = unproject(depth, intrinsics)
    sureness = np.full((HEIGHT, WIDTH), 2, np.float32)
    return Reconstruction(
        stamp_ns=index,
        frame_index=index,
        image=np.full((HEIGHT, WIDTH, 3), 128, np.uint8),
        points_world=transform_points(pose, points_camera).astype(np.float32),
        confidence_world=sureness,
        points_camera=points_camera.astype(np.float32),
        confidence_camera=sureness,
        depth=depth.astype(np.float32),
        camera_to_world=pose,
        pose_measured=True,
        intrinsics=intrinsics,
        input_transform=ImageTransform.fit(WIDTH, HEIGHT, WIDTH),
        latency_s=0.0,
    )


if __name__ == "__main__":
    main()
