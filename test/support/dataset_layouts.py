"""A small scene written in the layout of each data set, from the data sets' own descriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
from layout_parts import Scene, Written, depth_writer, write_image, write_text

from mem4d_ros.geometry import matrix_to_quaternion


def write_seven_scenes(scene: Scene, root: Path) -> Written:
    folder, write_depth = root / "chess" / "seq-01", depth_writer(1000, unknown=65535)
    stems = [folder / f"frame-{i:06d}" for i in range(len(scene))]
    images = [write_image(Path(f"{s}.color.png"), scene.images[i]) for i, s in enumerate(stems)]
    depths = [Path(f"{stem}.depth.png") for stem in stems]
    for path, depth in zip(depths, scene.depth, strict=True):
        write_depth(path, depth)
    poses = [
        write_text(Path(f"{stem}.pose.txt"), pose)
        for stem, pose in zip(stems, scene.camera_to_world, strict=True)
    ]
    write_text(folder / "camera-intrinsics.txt", scene.intrinsics)
    return Written(folder, images, depths, poses, scene.intrinsics, 1e-3, write_depth)


def write_tum(scene: Scene, root: Path, name: str = "rgbd_dataset_freiburg3_walking") -> Written:
    """Depth 5 ms after colour, poses at 100 Hz from before the first image on."""
    folder, write_depth = root / name, depth_writer(5000)
    colour_times, depth_times = scene.stamps_s, scene.stamps_s + 0.005
    images = [
        write_image(folder / "rgb" / f"{time:.6f}.png", image)
        for time, image in zip(colour_times, scene.images, strict=True)
    ]
    depths = [folder / "depth" / f"{time:.6f}.png" for time in depth_times]
    for path, depth in zip(depths, scene.depth, strict=True):
        write_depth(path, depth)
    for listing, times, files in (
        ("rgb", colour_times, images),
        ("depth", depth_times, depths),
    ):
        lines = [f"{t:.6f} {listing}/{file.name}" for t, file in zip(times, files, strict=True)]
        header = ["# color images", "# timestamp filename"]
        (folder / f"{listing}.txt").write_text("\n".join(header + lines) + "\n")
    poses = write_tum_trajectory(folder / "groundtruth.txt", scene, colour_times + 0.002)
    intrinsics = np.array([[535.4, 0, 320.1], [0, 539.2, 247.6], [0, 0, 1]])
    return Written(folder, images, depths, [poses], intrinsics, 1 / 5000, write_depth)


def write_tum_trajectory(path: Path, scene: Scene, times: np.ndarray) -> Path:
    """Each pose at its time and, as a decoy, 8 ms later turned by half a turn about z."""
    w, x, y, z = matrix_to_quaternion(scene.camera_to_world[:, :3, :3]).T
    positions = scene.camera_to_world[:, :3, 3]
    rows = np.column_stack([times, positions, x, y, z, w])
    decoys = np.column_stack([times + 0.008, positions + 1, y, -x, w, -z])
    rows = np.concatenate([rows, decoys])
    lines = [f"{row[0]:.6f} " + " ".join(f"{v:.12f}" for v in row[1:]) for row in rows]
    path.write_text("# ground truth trajectory\n" + "\n".join(sorted(lines)) + "\n")
    return path


def write_bonn(scene: Scene, root: Path) -> Written:
    intrinsics = np.array([[542.822841, 0, 315.593520], [0, 542.576870, 237.756098], [0, 0, 1]])
    return replace(write_tum(scene, root, "rgbd_bonn_balloon2"), intrinsics=intrinsics)


def write_sintel(scene: Scene, root: Path) -> Written:
    training, name = root / "training", "alley_1"
    images, depths, cameras = [], [], []
    for i in range(len(scene)):
        frame = f"{name}/frame_{i + 1:04d}"
        images.append(write_image(training / "final" / f"{frame}.png", scene.images[i]))
        depths.append(training / "depth" / f"{frame}.dpt")
        write_dpt(depths[-1], scene.depth[i])
        cameras.append(training / "camdata_left" / f"{frame}.cam")
        numbers = np.concatenate([scene.intrinsics.ravel(), scene.world_to_camera[i, :3].ravel()])
        cameras[-1].parent.mkdir(parents=True, exist_ok=True)
        cameras[-1].write_bytes(np.float32(202021.25).tobytes() + numbers.astype("<f8").tobytes())
    folder = training / "final" / name
    return Written(folder, images, depths, cameras, scene.intrinsics, 0.0, write_dpt)


def write_dpt(path: Path, depth: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    size = np.array(depth.shape[::-1], "<i4").tobytes()
    values = np.where(np.isnan(depth), np.inf, depth).astype("<f4").tobytes()
    path.write_bytes(np.float32(202021.25).tobytes() + size + values)


def write_kitti(scene: Scene, root: Path) -> Written:
    """The raw data's first and last images have no depth."""
    drive, write_depth = "2011_09_26_drive_0002_sync", depth_writer(256)
    raw, folder = root / "2011_09_26" / drive, root / "val" / drive
    for i in (0, len(scene) + 1):
        write_image(raw / f"image_02/data/{i:010d}.png", scene.images[0] // 2)
    images, depths = [], []
    for i, image in enumerate(scene.images):
        images.append(write_image(raw / f"image_02/data/{i + 1:010d}.png", image))
        depths.append(folder / f"proj_depth/groundtruth/image_02/{i + 1:010d}.png")
        write_depth(depths[-1], scene.depth[i])
    projection = np.column_stack([scene.intrinsics, [40.0, 0.2, 0.003]])
    numbers = " ".join(f"{value:.12e}" for value in projection.ravel())
    calibration = f"calib_time: 09-Jan-2012 13:57:47\nP_rect_00: 1 2\nP_rect_02: {numbers}\n"
    (root / "2011_09_26" / "calib_cam_to_cam.txt").write_text(calibration)
    return Written(folder, images, depths, [], scene.intrinsics, 1 / 256, write_depth)


def write_kitti_odometry(scene: Scene, root: Path) -> Written:
    """Poses of the grey camera, 6 cm right of the colour camera whose images these are."""
    folder = root / "sequences" / "03"
    images = [
        write_image(folder / f"image_2/{i:06d}.png", image) for i, image in enumerate(scene.images)
    ]
    offset = np.array([0.06, -0.001, 0.004])  # of the grey camera's points in the colour camera
    projections = {
        "P0": np.column_stack([scene.intrinsics * 2, np.zeros(3)]),
        "P1": np.column_stack([scene.intrinsics * 3, np.ones(3)]),
        "P2": np.column_stack([scene.intrinsics, scene.intrinsics @ offset]),
    }
    lines = [f"{k}: " + " ".join(f"{v:.12e}" for v in p.ravel()) for k, p in projections.items()]
    (folder / "calib.txt").write_text("\n".join(lines) + "\n")
    write_text(folder / "times.txt", scene.stamps_s - scene.stamps_s[0])
    to_colour = np.eye(4)
    to_colour[:3, 3] = offset
    grey = (scene.camera_to_world @ to_colour)[:, :3].reshape(-1, 12)
    poses = write_text(root / "poses" / "03.txt", grey)
    return Written(folder, images, [], [poses], scene.intrinsics)


def write_nrgbd(scene: Scene, root: Path) -> Written:
    folder, write_depth = root / "whiteroom", depth_writer(1000)
    images, depths = [], []
    for i, image in enumerate(scene.images):
        images.append(write_image(folder / f"images/img{i}.png", image))
        depths.append(folder / f"depth/depth{i}.png")
        write_depth(depths[-1], scene.depth[i])
    opengl = scene.camera_to_world * [1, -1, -1, 1]  # the camera's y and z axes point backwards
    poses = write_text(folder / "poses.txt", opengl.reshape(-1, 4))
    height, width = scene.depth.shape[1:]
    (folder / "focal.txt").write_text("31.5\n")
    intrinsics = np.array([[31.5, 0, width / 2], [0, 31.5, height / 2], [0, 0, 1]])
    return Written(folder, images, depths, [poses], intrinsics, 1e-3, write_depth)


def write_scannet(scene: Scene, root: Path) -> Written:
    folder, write_depth = root / "scene0707_00", depth_writer(1000)
    images, depths, poses = [], [], []
    for i, image in enumerate(scene.images):
        images.append(write_image(folder / f"color/{i}.jpg", image))
        depths.append(folder / f"depth/{i}.png")
        write_depth(depths[-1], scene.depth[i])
        poses.append(write_text(folder / f"pose/{i}.txt", scene.camera_to_world[i]))
    intrinsics = np.eye(4)
    intrinsics[:3, :3] = scene.intrinsics
    write_text(folder / "intrinsic/intrinsic_depth.txt", intrinsics)
    return Written(folder, images, depths, poses, scene.intrinsics, 1e-3, write_depth)


def write_stereo4d(scene: Scene, root: Path) -> Written:
    clip = "9876543210b_66957"
    folder, file = root / "processed" / clip, root / "npz" / f"{clip}.npz"
    folder.mkdir(parents=True)
    file.parent.mkdir(parents=True)
    height, width = scene.depth.shape[1:]
    video = folder / f"{clip}-left_rectified.mp4"
    writer = cv2.VideoWriter(str(video), cv2.VideoWriter_fourcc(*"mp4v"), 30.0, (width, height))
    for image in scene.images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    np.savez(
        file,
        timestamps=np.round(scene.stamps_s * 1e6).astype(np.int64),
        camera2world=scene.camera_to_world[:, :3],
        track_coordinates=np.zeros((5, 3)),
    )
    focal = width / 2 / np.tan(np.deg2rad(30))
    intrinsics = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]])
    return Written(folder, [video], [], [file], intrinsics)


def write_spring(scene: Scene, root: Path) -> Written:
    folder, fx = root / "train" / "0004", scene.intrinsics[0, 0]

    def write_depth(path: Path, depth: np.ndarray) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        disparity = np.nan_to_num(fx * 0.065 / depth.astype(np.float64))
        with h5py.File(path, "w") as file:
            file["disparity"] = disparity.repeat(2, 0).repeat(2, 1).astype(np.float32)

    images, depths = [], []
    for i, image in enumerate(scene.images):
        images.append(write_image(folder / f"frame_left/frame_left_{i + 1:04d}.png", image))
        depths.append(folder / f"disp1_left/disp1_left_{i + 1:04d}.dsp5")
        write_depth(depths[-1], scene.depth[i])
    numbers = scene.intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
    write_text(folder / "cam_data/intrinsics.txt", np.tile(numbers, (len(scene), 1)))
    poses = folder / "cam_data/extrinsics.txt"
    write_text(poses, scene.world_to_camera.reshape(-1, 16))
    return Written(folder, images, depths, [poses], scene.intrinsics, 0.0, write_depth)


def write_pointodyssey(scene: Scene, root: Path) -> Written:
    folder, write_depth = root / "train" / "ani", depth_writer(65.535, unknown=65535)
    images, depths = [], []
    for i, image in enumerate(scene.images):
        images.append(write_image(folder / f"rgbs/rgb_{i:05d}.jpg", image))
        depths.append(folder / f"depths/depth_{i:05d}.png")
        write_depth(depths[-1], scene.depth[i])
    file = folder / "anno.npz"
    np.savez(
        file,
        intrinsics=np.tile(scene.intrinsics, (len(scene), 1, 1)),
        extrinsics=scene.world_to_camera,
        trajs_2d=np.zeros((len(scene), 7, 2)),
    )
    return Written(folder, images, depths, [file], scene.intrinsics, 1 / 65.535, write_depth)


def write_arkitscenes(scene: Scene, root: Path) -> Written:
    """Between two frames lies one without a pose; names are rounded one way or the other."""
    video, write_depth = "40753679", depth_writer(1000)
    folder = root / "Validation" / video
    height, width = scene.depth.shape[1:]
    numbers = scene.intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]]
    stamps = 6845.8 + (scene.stamps_s - scene.stamps_s[0])
    images, depths, rows = [], [], []
    for i, stamp in enumerate(stamps):
        for time in (stamp, stamp + 0.0166):
            name = f"{video}_{time:.3f}"
            image = write_image(folder / f"lowres_wide/{name}.png", scene.images[i])
            write_depth(folder / f"lowres_depth/{name}.png", scene.depth[i])
            camera = folder / f"lowres_wide_intrinsics/{video}_{time + 0.001:.3f}.pincam"
            camera.parent.mkdir(parents=True, exist_ok=True)
            camera.write_text(f"{width} {height} " + " ".join(f"{v:.9f}" for v in numbers))
            if time == stamp:
                images.append(image)
                depths.append(folder / f"lowres_depth/{name}.png")
        pose = scene.world_to_camera[i]
        rows.append([stamp + 0.0004, *cv2.Rodrigues(pose[:3, :3])[0].ravel(), *pose[:3, 3]])
    poses = write_text(folder / "lowres_wide.traj", np.array(rows))
    return Written(folder, images, depths, [poses], scene.intrinsics, 1e-3, write_depth)


LAYOUTS: dict[str, tuple[str, Callable[[Scene, Path], Written]]] = {
    "7scenes": ("7scenes", write_seven_scenes),
    "tum": ("tum", write_tum),
    "bonn": ("bonn", write_bonn),
    "sintel": ("sintel", write_sintel),
    "kitti": ("kitti", write_kitti),
    "kitti odometry": ("kitti", write_kitti_odometry),
    "nrgbd": ("nrgbd", write_nrgbd),
    "scannet": ("scannet", write_scannet),
    "stereo4d": ("stereo4d", write_stereo4d),
    "spring": ("spring", write_spring),
    "pointodyssey": ("pointodyssey", write_pointodyssey),
    "arkitscenes": ("arkitscenes", write_arkitscenes),
}
"""By name: the data set as the registry calls it, and what writes its layout."""
WITH_DEPTH = [name for name in LAYOUTS if name not in ("kitti odometry", "stereo4d")]
WITH_POSES = [name for name in LAYOUTS if name not in ("bonn", "kitti")]
