"""What is drawn in the browsers' scene; each drawing tells how many bytes it takes to send."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import cv2
import numpy as np
from viser import CameraFrustumHandle, LineSegmentsHandle, PointCloudHandle, SceneApi

from mem4d_ros.geometry import intrinsics_to_fov, matrix_to_quaternion, transform_points
from mem4d_ros.viewer import look as layers
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import ViewedCamera
from mem4d_ros.viewer.spacing import CLOSING, spacing
from mem4d_ros.viewer.tiles import BYTES_PER_POINT, Place, Tile

PATH_COLOUR = (255, 150, 40)
CAMERA_COLOUR = (90, 220, 255)
LOOP_COLOUR = (255, 60, 220)
KEYFRAME_COLOUR = (120, 150, 160)
GRID_COLOUR = (70, 74, 82)
LINE_M = 0.012
FRUSTUM_M = 0.22
KEYFRAME_M = 0.1
PICTURE_WIDTH = 320  # px
JPEG_QUALITY = 75
LANDMARK_M = 0.03
MOVING_SCALE = 1.3
"""What moves covers the same points of the newest frame."""
LARGEST_HALF_FLOAT_SPAN_M = 30.0
"""Around the middle of a cloud; beyond it, half floats are too coarse."""


class Drawing:
    """The scene on all browsers. Used by one thread."""

    def __init__(self, scene: SceneApi, look: Look) -> None:
        self._scene = scene
        self._tiles: dict[Place, PointCloudHandle] = {}
        self._clouds: dict[str, PointCloudHandle] = {}
        self._cloud_points_m: dict[str, float] = {}
        self._tile_points_m = 0.03
        self._lines: dict[str, LineSegmentsHandle] = {}
        self._camera: CameraFrustumHandle | None = None
        self._groups = {
            name: scene.add_frame(_group(name), show_axes=False, visible=name in look.shown)
            for name in layers.LAYERS
        }
        scene.set_up_direction("+z")
        scene.add_grid(
            "/grid",
            width=40.0,
            height=40.0,
            cell_size=1.0,
            section_size=5.0,
            cell_color=GRID_COLOUR,
            section_color=GRID_COLOUR,
            fade_distance=30.0,
            position=(0.0, 0.0, -1.5),
        )

    def clear(self) -> None:
        """Remove all but the groups and the grid."""
        kinds = (self._tiles, self._clouds, self._lines)
        for handle in (*chain.from_iterable(kind.values() for kind in kinds), self._camera):
            if handle is not None:
                handle.remove()
        for kind in kinds:
            kind.clear()
        self._camera = None

    def follow(self, look: Look) -> None:
        """Show what is chosen, with points of the size that is chosen."""
        for name, group in self._groups.items():
            if group.visible != (name in look.shown):
                group.visible = name in look.shown
        for tile in self._tiles.values():
            tile.point_size = look.point_scale * self._tile_points_m
        for name, cloud in self._clouds.items():
            cloud.point_size = look.point_scale * self._cloud_points_m[name]

    def size_tiles(self, points_m: float, look: Look) -> None:
        """Draw the static map's points in another size, m."""
        if points_m != self._tile_points_m:
            self._tile_points_m = points_m
            for tile in self._tiles.values():
                tile.point_size = look.point_scale * points_m

    def tile(self, place: Place, tile: Tile | None, look: Look) -> int:
        """A tile of the static map in place of what was there; None: nothing."""
        if tile is None or not tile.size:
            if place in self._tiles:
                self._tiles.pop(place).remove()
            return 0
        x, y, z = place
        self._tiles[place] = self._scene.add_point_cloud(
            f"{_group(layers.STATIC_MAP)}/{x}_{y}_{z}",
            tile.positions,
            tile.colours,
            point_size=look.point_scale * self._tile_points_m,
            point_shape="circle",
            point_shading="flat",
            position=tile.centre,
        )
        return tile.size

    def cloud(self, name: str, positions: np.ndarray, colours: np.ndarray, look: Look) -> int:
        """Points (N, 3) of a layer, with colours (N, 3), in place of those before."""
        if not len(positions):
            if name in self._clouds:
                self._clouds.pop(name).remove()
            return 0
        self._cloud_points_m[name] = _points_m(name, positions)
        low, high = positions.min(0), positions.max(0)
        middle = (low + high) / 2
        is_near = float((high - low).max()) < LARGEST_HALF_FLOAT_SPAN_M
        self._clouds[name] = self._scene.add_point_cloud(
            f"{_group(name)}/points",
            positions - middle,
            colours,
            point_size=look.point_scale * self._cloud_points_m[name],
            point_shape="circle",
            point_shading="flat",
            precision="float16" if is_near else "float32",
            position=middle,
        )
        return len(positions) * (BYTES_PER_POINT if is_near else 2 * BYTES_PER_POINT)

    def camera(self, viewed: ViewedCamera, image: np.ndarray | None) -> int:
        """Frustum with the image (H, W, 3), if there is one."""
        _, vertical = intrinsics_to_fov(viewed.intrinsics, viewed.height, viewed.width)
        pose = viewed.map_from_camera
        self._camera = self._scene.add_camera_frustum(
            f"{_group(layers.CAMERA)}/frustum",
            fov=float(vertical),
            aspect=viewed.width / viewed.height,
            scale=FRUSTUM_M,
            thickness=LINE_M,
            color=CAMERA_COLOUR,
            image=None if image is None else fitted(image),
            format="jpeg",
            jpeg_quality=JPEG_QUALITY,
            wxyz=matrix_to_quaternion(pose[:3, :3]),
            position=pose[:3, 3],
        )
        return 500 if image is None else image_size(image)

    def path(self, positions: np.ndarray) -> int:
        """Line through positions (N, 3)."""
        ends = np.stack((positions[:-1], positions[1:]), 1)  # (N - 1, 2, 3)
        return self._draw_lines(layers.PATH, ends, PATH_COLOUR)

    def loops(self, links: np.ndarray) -> int:
        """Lines with ends (L, 2, 3)."""
        return self._draw_lines(layers.LOOPS, links, LOOP_COLOUR)

    def keyframes(self, cameras: Sequence[ViewedCamera]) -> int:
        """Pyramids, whose tips are where the cameras were."""
        edges = [pyramid(camera, KEYFRAME_M) for camera in cameras]
        ends = np.concatenate(edges) if edges else np.empty((0, 2, 3))
        return self._draw_lines(layers.KEYFRAMES, ends, KEYFRAME_COLOUR)

    def _draw_lines(self, name: str, ends: np.ndarray, colour: tuple[int, int, int]) -> int:
        """Lines with ends (N, 2, 3) in place of those before."""
        if not len(ends):
            if name in self._lines:
                self._lines.pop(name).remove()
            return 0
        ends = ends.astype(np.float32)
        self._lines[name] = self._scene.add_line_segments(
            f"{_group(name)}/lines", ends, colour, thickness=LINE_M
        )
        return ends.nbytes


def pyramid(viewed: ViewedCamera, depth_m: float) -> np.ndarray:
    """The edges (8, 2, 3), in the map, of what a camera sees up to a depth."""
    unit = np.array([(0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)])
    pixels = unit * (viewed.width, viewed.height, 1) - (0.5, 0.5, 0)
    rays = pixels @ np.linalg.inv(viewed.intrinsics).T  # (4, 3), z = 1
    base = transform_points(viewed.map_from_camera, depth_m * rays)
    tip = np.broadcast_to(viewed.map_from_camera[:3, 3], (4, 3))
    return np.concatenate((np.stack((tip, base), 1), np.stack((base, np.roll(base, -1, 0)), 1)))


def fitted(image: np.ndarray) -> np.ndarray:
    """The image (H, W, 3), PICTURE_WIDTH wide."""
    height, width = image.shape[:2]
    size = (PICTURE_WIDTH, max(1, round(height * PICTURE_WIDTH / width)))
    shrinks = width > PICTURE_WIDTH
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def image_size(image: np.ndarray) -> int:
    """Bytes that a picture takes as JPEG, roughly."""
    height, width = image.shape[:2]
    return height * PICTURE_WIDTH**2 // (5 * width)


def _group(name: str) -> str:
    return "/" + name.replace(" ", "_")


def _points_m(name: str, positions: np.ndarray) -> float:
    """Size of the points (N, 3) of a layer, m."""
    if name == layers.LANDMARKS:
        return LANDMARK_M
    return CLOSING * spacing(positions) * (MOVING_SCALE if name == layers.MOVING else 1.0)
