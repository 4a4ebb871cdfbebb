"""A picture of a point cloud with the cameras that saw it."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import unproject
from mem4d_ros.viz.gaps import between, nearest_filled
from mem4d_ros.viz.text import label, write
from mem4d_ros.viz.virtual_camera import VirtualCamera, up_of, view_from_above, view_from_behind

MAX_POINTS = 1_500_000
LARGEST_RADIUS = 4  # px
GAP = 5  # px
HEADROOM = 0.5  # m above the cameras, from where on a view from above is cut open
FRUSTUM = 0.05  # depth of a frustum, in widths of the picture
PATH_START, PATH_END = np.array([255, 170, 0]), np.array([220, 0, 70])


def render_cloud(
    points_world: np.ndarray,
    colours: np.ndarray,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    image_size: tuple[int, int],
    size: tuple[int, int] = (960, 720),
    view: VirtualCamera | None = None,
) -> np.ndarray:
    """Points (..., 3) in m with colours (..., 3) uint8 and cameras (T, 4, 4) as one picture.

    intrinsics (3, 3) and image_size (width, height) give the frusta their shape; `size` is (width,
    height) of the picture. Points that are not finite are left out.
    """
    points, colours = _thinned(points_world.reshape(-1, 3), colours.reshape(-1, 3))
    view = view or view_from_behind(points, camera_to_world, *size)
    nearest, winner = _without_gaps(*splat(points, view, point_size=_spacing(points)))
    picture = _background(view)
    seen = winner >= 0
    picture[seen] = colours[winner[seen]] * _relief(nearest)[seen, None]
    picture = picture.astype(np.uint8)
    _draw_cameras(picture, view, camera_to_world, intrinsics, image_size)
    return _scale_bar(picture, view, points)


def render_from_above(
    points_world: np.ndarray,
    colours: np.ndarray,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    image_size: tuple[int, int],
    size: tuple[int, int] = (960, 720),
) -> np.ndarray:
    """As :func:`render_cloud`, from straight above, without what is over the cameras."""
    points, colours = below_ceiling(points_world, colours, camera_to_world)
    view = view_from_above(points, camera_to_world, *size)
    return render_cloud(points, colours, camera_to_world, intrinsics, image_size, size, view)


def below_ceiling(
    points_world: np.ndarray, colours: np.ndarray, camera_to_world: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 3) and colours (N, 3), of (..., 3), that are not over the cameras (T, 4, 4)."""
    points, colours = _thinned(points_world.reshape(-1, 3), colours.reshape(-1, 3))
    height = (points - camera_to_world[:, :3, 3].mean(0)) @ up_of(camera_to_world)
    return points[height < HEADROOM], colours[height < HEADROOM]


def splat(
    points: np.ndarray, view: VirtualCamera, point_size: float
) -> tuple[np.ndarray, np.ndarray]:
    """Distance (H, W) in m, inf for nothing, and index (H, W), -1 for nothing, of what is nearest.

    Points (N, 3) are discs of `point_size` m, one pixel at least.
    """
    pixels, distance = view.project(points)
    order = np.argsort(-distance)
    order = order[distance[order] > 0.05]  # from far to near: of equal pixels the last one stays
    pixels, distance = np.rint(pixels[order]).astype(int), distance[order]
    radius = (view.intrinsics[0, 0] * point_size / 2 / distance).clip(0, LARGEST_RADIUS)
    nearest = np.full(view.height * view.width, np.inf)
    winner = np.full(view.height * view.width, -1)
    for down, right in _disc(LARGEST_RADIUS):
        x, y = pixels[:, 0] + right, pixels[:, 1] + down
        drawn = (x >= 0) & (x < view.width) & (y >= 0) & (y < view.height)
        drawn &= np.hypot(down, right) <= radius
        where = (y * view.width + x)[drawn]
        candidate = np.full(nearest.shape, np.inf)
        index = np.full(nearest.shape, -1)
        candidate[where], index[where] = distance[drawn], order[drawn]
        nearer = candidate < nearest
        nearest[nearer], winner[nearer] = candidate[nearer], index[nearer]
    shape = (view.height, view.width)
    return nearest.reshape(shape), winner.reshape(shape)


def _without_gaps(nearest: np.ndarray, winner: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance and index of :func:`splat`, where points leave small gaps those of a neighbour."""
    drawn = winner >= 0
    source = nearest_filled(drawn, reach=GAP)
    shown = between(drawn, GAP) & (source >= 0)
    return (
        np.where(shown, nearest.ravel()[source], np.inf),
        np.where(shown, winner.ravel()[source], -1),
    )


def _disc(radius: int) -> list[tuple[int, int]]:
    """Offsets (down, right) within a radius."""
    span = range(-radius, radius + 1)
    return [(y, x) for y in span for x in span if np.hypot(y, x) <= radius]


def _thinned(points: np.ndarray, colours: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Finite points, evenly thinned to what one picture needs."""
    finite = np.isfinite(points).all(-1).nonzero()[0]
    kept = finite[:: max(1, len(finite) // MAX_POINTS)]
    return points[kept].astype(np.float64), colours[kept]


def _spacing(points: np.ndarray) -> float:
    """A size in m at which points close up to surfaces, by the extent and count of the cloud."""
    if len(points) < 2:
        return 0.01
    low, high = np.percentile(points, (5, 95), axis=0)
    area = np.sort(high - low)[1:].prod()
    return float(np.clip(4.0 * np.sqrt(area / min(len(points), 90_000)), 1e-3, 0.1))


def _relief(nearest: np.ndarray) -> np.ndarray:
    """Brightness (H, W): darker beside nearer surfaces (eye-dome lighting)."""
    smooth = cv2.medianBlur(nearest.astype(np.float32), 5)  # a point a little too far is no edge
    logarithm = np.log(np.where(np.isfinite(smooth), smooth, np.nan))
    depth = np.where(np.isfinite(smooth), logarithm, np.nanmax(logarithm, initial=0.0))
    behind = np.zeros_like(depth)
    for down, right in ((0, 2), (2, 0), (0, -2), (-2, 0)):
        behind += (depth - np.roll(depth, (down, right), (0, 1))).clip(0, 0.1)
    return np.exp(-2.0 * behind)


def _background(view: VirtualCamera) -> np.ndarray:
    """(H, W, 3) float: nearly white above, a little darker below."""
    shade = np.linspace(250, 225, view.height)[:, None, None]
    return np.broadcast_to(shade, (view.height, view.width, 3)) * np.array([0.985, 0.99, 1.0])


def _draw_cameras(
    picture: np.ndarray,
    view: VirtualCamera,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    image_size: tuple[int, int],
) -> None:
    """The trajectory as a line from orange to red, with some frusta and the first camera's axes."""
    count = len(camera_to_world)
    colours = [path_colour(i / max(count - 1, 1)) for i in range(count)]
    positions = camera_to_world[:, :3, 3]
    for i in range(count - 1):
        _line(picture, view, positions[i], positions[i + 1], colours[i], thickness=2)
    distance = view.project(positions)[1].mean()
    reach = FRUSTUM * float(distance * view.width / view.intrinsics[0, 0])
    width, height = image_size
    corners = unproject(np.full((2, 2), reach), _corner_intrinsics(intrinsics, width, height))
    for i in np.unique(np.linspace(0, count - 1, min(count, 10)).astype(int)):
        rotation, centre = camera_to_world[i, :3, :3], positions[i]
        rim = corners.reshape(4, 3)[[0, 1, 3, 2]] @ rotation.T + centre
        for corner in range(4):
            _line(picture, view, centre, rim[corner], colours[i])
            _line(picture, view, rim[corner], rim[(corner + 1) % 4], colours[i])
    for axis, colour in enumerate(((220, 30, 30), (30, 160, 30), (40, 60, 230))):
        tip = positions[0] + 1.6 * reach * camera_to_world[0, :3, axis]
        _line(picture, view, positions[0], tip, colour, thickness=3)


def _corner_intrinsics(intrinsics: np.ndarray, width: int, height: int) -> np.ndarray:
    """Intrinsics of an image of 2x2 pixels whose centres are the corners of the full image."""
    scale = np.diag([1 / width, 1 / height, 1.0])
    shift = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    return scale @ shift @ intrinsics


def path_colour(share: float) -> tuple[int, int, int]:
    """RGB of the place on a path after this share of it, from orange to red."""
    red, green, blue = (PATH_START + share * (PATH_END - PATH_START)).astype(int).tolist()
    return red, green, blue


def _line(
    picture: np.ndarray,
    view: VirtualCamera,
    start: np.ndarray,
    end: np.ndarray,
    colour: tuple[int, int, int],
    thickness: int = 1,
) -> None:
    """A line between world points (3,); left out if it reaches behind the view."""
    pixels, distance = view.project(np.stack([start, end]))
    if (distance < 0.05).any() or np.abs(pixels).max() > 1e4:
        return
    (x0, y0), (x1, y1) = np.rint(pixels).astype(int).tolist()
    cv2.line(picture, (x0, y0), (x1, y1), colour, thickness, cv2.LINE_AA)


def _scale_bar(picture: np.ndarray, view: VirtualCamera, points: np.ndarray) -> np.ndarray:
    """A bar of 1, 2 or 5 x 10^n m at the median distance of the points."""
    if len(points) == 0:
        return label(picture, "no points")
    pixels_per_metre = view.intrinsics[0, 0] / np.median(view.project(points)[1])
    steps = np.array([1, 2, 5]) * 10.0 ** np.arange(-3, 4)[:, None]
    length = float(steps.flat[np.abs(np.log(steps * pixels_per_metre / (view.width / 6))).argmin()])
    right, y = 16 + round(length * pixels_per_metre), view.height - 16
    dark = (60, 60, 60)
    cv2.line(picture, (16, y), (right, y), dark, 2)
    for x in (16, right):
        cv2.line(picture, (x, y - 5), (x, y + 5), dark, 2)
    return write(picture, f"{length:g} m", (16, y - 10), dark)
