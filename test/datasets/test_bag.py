"""Images come out of bags as they went in, in every encoding and storage."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from dataset_layouts import Scene
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from mem4d_ros.datasets import FrameError, SampleStream, open_samples

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
START_NS = 1_700_000_000_123_456_789


def header(stamp_ns: int) -> Any:
    stamp = TYPES["builtin_interfaces/msg/Time"](*divmod(stamp_ns, 10**9))
    return TYPES["std_msgs/msg/Header"](stamp, "camera")


def image_message(
    pixels: np.ndarray, encoding: str, stamp_ns: int = START_NS, padding: int = 0, big: bool = False
) -> Any:
    data = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    rows = np.frombuffer(data.tobytes(), np.uint8).reshape(len(pixels), -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=99)
    height, width = pixels.shape[:2]
    return TYPES["sensor_msgs/msg/Image"](
        header(stamp_ns), height, width, encoding, big, rows.shape[1], rows.ravel()
    )


def compressed_message(image: np.ndarray, suffix: str, stamp_ns: int = START_NS) -> Any:
    data = cv2.imencode(suffix, image[..., ::-1])[1].ravel()
    return TYPES["sensor_msgs/msg/CompressedImage"](header(stamp_ns), suffix[1:], data)


def camera_info(k: np.ndarray, width: int = 32, height: int = 24, **changes: Any) -> Any:
    region = TYPES["sensor_msgs/msg/RegionOfInterest"](
        **{"x_offset": 0, "y_offset": 0, "height": 0, "width": 0, "do_rectify": False}
        | changes.pop("roi", {})
    )
    fields = {"binning_x": 0, "binning_y": 0} | changes
    return TYPES["sensor_msgs/msg/CameraInfo"](
        header(START_NS), height, width, "plumb_bob", np.zeros(5), k.ravel(),
        np.eye(3).ravel(), np.eye(3, 4).ravel(), **fields, roi=region,
    )  # fmt: skip


@dataclass(frozen=True)
class Topic:
    name: str
    messages: Sequence[Any] = field(repr=False)


def write_bag(folder: Path, *topics: Topic, storage: StoragePlugin = StoragePlugin.SQLITE3) -> Path:
    """Recorded 10 ms apart, from one second after the first stamp on."""
    with Writer(folder, version=9, storage_plugin=storage) as writer:
        for topic in topics:
            kind = topic.messages[0].__msgtype__
            connection = writer.add_connection(topic.name, kind, typestore=STORE)
            for index, message in enumerate(topic.messages):
                recorded_ns = START_NS + 10**9 + index * 10**7
                writer.write(connection, recorded_ns, STORE.serialize_cdr(message, kind))
    return folder


def images_of(scene: Scene) -> list[Any]:
    return [
        image_message(image, "rgb8", START_NS + t * 33_000_000)
        for t, image in enumerate(scene.images)
    ]


def storage_file(folder: Path) -> Path:
    (path,) = (path for path in folder.iterdir() if path.name != "metadata.yaml")
    return path


@pytest.mark.parametrize("storage", StoragePlugin)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_bag_is_read_with_stamps_and_intrinsics(
    storage: StoragePlugin, as_file: bool, scene: Scene, tmp_path: Path
) -> None:
    bag = write_bag(
        tmp_path / "walk",
        Topic("/camera/color/image_raw", images_of(scene)),
        Topic("/camera/color/camera_info", [camera_info(scene.intrinsics)]),
        storage=storage,
    )
    stream = open_samples(storage_file(bag) if as_file else bag)
    assert stream.name == "walk"
    assert stream.length == len(scene)
    for _ in range(2):
        samples = list(stream)
        assert len(samples) == len(scene)
        for t, sample in enumerate(samples):
            np.testing.assert_array_equal(sample.image, scene.images[t])
            np.testing.assert_allclose(sample.intrinsics, scene.intrinsics, rtol=1e-12)
            assert sample.stamp_s == pytest.approx(START_NS / 1e9 + 0.033 * t, abs=1e-6)
            assert sample.depth is None
            assert sample.camera_to_world is None


RGB = np.random.default_rng(0).integers(0, 256, (18, 22, 3), np.uint8)
DEEP = np.random.default_rng(1).integers(0, 65536, (18, 22, 3), np.uint16)
ALPHA = np.full((18, 22, 1), 200, np.uint8)
GREY = RGB[..., :1]
ENCODED = {
    "rgb8": (RGB, RGB),
    "bgr8": (RGB[..., ::-1], RGB),
    "rgba8": (np.dstack([RGB, ALPHA]), RGB),
    "bgra8": (np.dstack([RGB[..., ::-1], ALPHA]), RGB),
    "mono8": (GREY, GREY.repeat(3, -1)),
    "rgb16": (DEEP, DEEP >> 8),
    "bgr16": (DEEP[..., ::-1], DEEP >> 8),
    "mono16": (DEEP[..., :1], (DEEP[..., :1] >> 8).repeat(3, -1)),
}


def only_image(folder: Path, message: Any) -> np.ndarray:
    (sample,) = open_samples(write_bag(folder, Topic("/image", [message])))
    return sample.image


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings(encoding: str, padding: int, big: bool, tmp_path: Path) -> None:
    pixels, expected = ENCODED[encoding]
    image = only_image(tmp_path / "bag", image_message(pixels, encoding, 1, padding, big))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_a_bayer_mosaic_of_one_colour_is_that_colour(
    pattern: str, depth: int, tmp_path: Path
) -> None:
    colour = {"r": 200, "g": 100, "b": 50}
    mosaic = np.array([colour[c] for c in pattern], np.uint16).reshape(2, 2)
    mosaic = np.tile(mosaic << (depth - 8), (9, 11)).astype(f"u{depth // 8}")
    image = only_image(tmp_path / "bag", image_message(mosaic, f"bayer_{pattern}{depth}"))
    np.testing.assert_array_equal(image, np.broadcast_to([200, 100, 50], RGB.shape))


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")],
)
def test_yuv_of_one_colour_is_that_colour(encoding: str, order: str, tmp_path: Path) -> None:
    """BT.601 in studio range, from its formula."""
    y, u, v = 120, 90, 170
    expected = 1.164 * (y - 16) + np.array([1.596 * (v - 128), -0.813 * (v - 128) - 0.391
                                            * (u - 128), 2.018 * (u - 128)])  # fmt: skip
    values = {"y": y, "u": u, "v": v}
    pixels = np.tile(np.array([values[c] for c in order], np.uint8), (18, 11)).reshape(18, 22, 2)
    image = only_image(tmp_path / "bag", image_message(pixels, encoding))
    np.testing.assert_allclose(image, np.broadcast_to(expected, RGB.shape), atol=1.5)


@pytest.mark.parametrize("encoding", [*ENCODED, "bayer_rggb8", "bayer_gbrg16", "yuv422"])
def test_the_node_sees_the_same(encoding: str, tmp_path: Path) -> None:
    """A bag gives the image that the node would be given when the bag is played."""
    conversion = pytest.importorskip("mem4d_ros.ros.conversions.image", reason="needs ROS")
    pixels = ENCODED[encoding][0] if encoding in ENCODED else DEEP[..., :1]
    pixels = RGB[..., :2] if encoding == "yuv422" else pixels
    pixels = GREY if encoding == "bayer_rggb8" else pixels
    written = image_message(pixels, encoding)
    message = conversion.Image(
        height=written.height, width=written.width, encoding=encoding, step=written.step
    )
    message.data = written.data.tobytes()
    image = only_image(tmp_path / "bag", written)
    # cv_bridge rounds 16 bits by 257 where we take the upper byte.
    np.testing.assert_allclose(image, conversion.image_to_rgb(message).astype(int), atol=1)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_compressed_images(suffix: str, tmp_path: Path) -> None:
    image = only_image(tmp_path / "bag", compressed_message(RGB, suffix))
    decoded = cv2.imdecode(cv2.imencode(suffix, RGB[..., ::-1])[1], cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(image, decoded[..., ::-1])


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (image_message(np.zeros((4, 4), np.float32), "32FC1"), "encoding '32FC1' has no colours"),
        (compressed_message(RGB, ".png"), "format 'png' cannot be decoded"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(message: Any, error: str, tmp_path: Path) -> None:
    if "32FC1" not in error:
        message.data = message.data[:30]
    stream = open_samples(write_bag(tmp_path / "walk", Topic("/image", [message])))
    with pytest.raises(FrameError, match=rf"walk, /image 0: .*{error}"):
        list(stream)


@pytest.mark.parametrize(("change", "error"), [(("step", 65), "65 bytes"), (("height", 19), "few")])
def test_sizes_that_do_not_fit_the_data_are_named(
    change: tuple[str, int], error: str, tmp_path: Path
) -> None:
    message = image_message(RGB, "rgb8")
    setattr(message, *change)
    with pytest.raises(FrameError, match=f"/image 0: .*{error}"):
        only_image(tmp_path / "bag", message)


def test_images_without_a_stamp_have_the_time_of_recording(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", Topic("/image", [image_message(RGB, "rgb8", 0)] * 3))
    stamps = [sample.stamp_s for sample in open_samples(bag)]
    expected = START_NS / 1e9 + 1 + np.array([0, 0.01, 0.02])
    np.testing.assert_allclose(stamps, expected, rtol=0, atol=1e-6)


def several(tmp_path: Path) -> Path:
    return write_bag(
        tmp_path / "bag",
        Topic("/left/image", [image_message(RGB, "rgb8")]),
        Topic("/left/image/compressed", [compressed_message(255 - RGB, ".png")]),
        Topic("/left/camera_info", [camera_info(np.diag([9.0, 9, 1]), 22, 18)]),
        Topic("/right/image", [image_message(RGB, "rgb8")]),
        Topic("/right/camera_info", [camera_info(np.zeros((3, 3)), 22, 18)]),
    )


def only_sample(stream: SampleStream) -> Any:
    (sample,) = stream
    return sample


def test_one_of_several_topics_is_chosen(tmp_path: Path) -> None:
    bag = several(tmp_path)
    compressed = only_sample(open_samples(bag, topic="/left/image/compressed"))
    np.testing.assert_array_equal(compressed.image, 255 - RGB)
    assert compressed.intrinsics[0, 0] == 9
    assert only_sample(open_samples(bag, topic="/right/image")).intrinsics is None


def test_several_topics_are_listed(tmp_path: Path) -> None:
    bag = several(tmp_path)
    listed = "/left/image, /left/image/compressed, /right/image"
    with pytest.raises(FrameError, match=f"choose a topic; those with images: {listed}"):
        open_samples(bag)
    with pytest.raises(FrameError, match=f"no images on the topic /left/camera_info: .*{listed}"):
        open_samples(bag, topic="/left/camera_info")


def test_a_bag_without_images_is_named(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", Topic("/camera_info", [camera_info(np.eye(3))]))
    with pytest.raises(FrameError, match="bag: choose a topic; those with images: none"):
        open_samples(bag)


@pytest.mark.parametrize(
    ("changes", "scale", "offset"),
    [
        ({"width": 22, "height": 18}, 1.0, (0, 0)),
        ({"width": 44, "height": 36, "binning_x": 2, "binning_y": 2}, 0.5, (0, 0)),
        ({"width": 44, "height": 36}, 0.5, (0, 0)),
        (
            {
                "width": 640,
                "height": 480,
                "roi": {"x_offset": 100, "y_offset": 50, "width": 22, "height": 18},
            },
            1.0,
            (100, 50),
        ),
    ],
)
def test_intrinsics_follow_the_sensors_pixels_to_the_image(
    changes: dict[str, Any], scale: float, offset: tuple[int, int], tmp_path: Path
) -> None:
    """A ray meets the pixel that its place on the full sensor becomes."""
    k = np.array([[40.0, 0, 120], [0, 41.0, 60], [0, 0, 1]])
    bag = write_bag(
        tmp_path / "bag",
        Topic("/image", [image_message(RGB, "rgb8")]),
        Topic("/camera_info", [camera_info(k, **changes)]),
    )
    ray = np.array([0.1, -0.2, 1.0])
    seen = (only_sample(open_samples(bag)).intrinsics @ ray)[:2]
    np.testing.assert_allclose(seen, ((k @ ray)[:2] - offset + 0.5) * scale - 0.5)


@pytest.mark.parametrize(
    ("info", "error"),
    [
        (camera_info(np.eye(3), 640, 320), "CameraInfo describes 640x320 pixels.*22x18"),
        (camera_info(-np.eye(3), 22, 18), "CameraInfo has K .*: calibrate"),
        (camera_info(np.eye(3), 0, 0), "CameraInfo has no size"),
    ],
)
def test_a_calibration_of_another_image_is_named(info: Any, error: str, tmp_path: Path) -> None:
    bag = write_bag(
        tmp_path / "bag",
        Topic("/image", [image_message(RGB, "rgb8")]),
        Topic("/camera_info", [info]),
    )
    with pytest.raises(FrameError, match=f"/image 0: {error}"):
        list(open_samples(bag))


@pytest.mark.parametrize(
    "name", ["broken.db3", "broken.mcap", "broken/metadata.yaml", "folder.mcap/notes.txt"]
)
def test_a_broken_bag_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"neither sqlite nor mcap")
    bag = path if path.parent == tmp_path else path.parent
    with pytest.raises(FrameError, match=rf"{re.escape(str(bag))} is not a readable ROS 2 bag"):
        open_samples(bag)


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rosbags", None)
    (tmp_path / "a.mcap").touch()
    with pytest.raises(FrameError, match="a ROS 2 bag needs the package rosbags: pip install"):
        open_samples(tmp_path / "a.mcap")
