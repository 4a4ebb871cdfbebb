"""Images and CameraInfo as a broken driver or an enemy may send them.

A message is made sound first, then some of what it says of itself is changed.
"""

from __future__ import annotations

import array
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, RegionOfInterest
from std_msgs.msg import Header

CHANNEL_BYTES = {"rgb8": 3, "bgr8": 3, "rgba8": 4, "bgra8": 4, "mono8": 1, "mono16": 2}
OTHER_ENCODINGS = (
    "bayer_rggb8", "bayer_gbrg16", "yuv422", "yuv422_yuy2", "rgb16", "nv21", "8UC3", "16SC3",
    "32FC1", "64FC4", "8UC0", "8UC999999999", "8UC-1", "", " ", "rgb8\0", "jpeg", "é" * 500,
)  # fmt: skip
COUNTS = (0, 1, 2, 15, 16, 17, 255, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1)
SIDES = (0, 1, 15, 16, 300, 4000, 20000, 65535)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 1e-320, 1e-9, 1e9, 1e308, -1e308, np.inf, -np.inf, np.nan)
MODELS = ("plumb_bob", "rational_polynomial", "equidistant", "fisheye", "", "x" * 2000)
FRAMES = (*["camera"] * 8, "", "\n\x1b[2J", "é" * 300)
FORMATS = ("jpeg", "png", "rgb8; jpeg compressed bgr8", "", "tiff", "\n" * 100)

Dice = random.Random


def image(dice: Dice) -> Image:
    """A raw image."""
    encoding = dice.choice(tuple(CHANNEL_BYTES))
    width, height = dice.randint(16, 64), dice.randint(16, 64)
    step = width * CHANNEL_BYTES[encoding] + dice.choice((0, 0, 1, 7))
    message = Image(width=width, height=height, encoding=encoding, step=step, header=_header(dice))
    message.is_bigendian = dice.choice((0, 0, 1, 255))
    size = step * height
    if dice.random() < 0.15:
        size = max(0, dice.choice((0, 1, size - 1, size + 1, size // 2, size - step, 2 * size)))
    message.data = array.array("B", dice.randbytes(size))
    for field in ("width", "height", "step"):
        if dice.random() < 0.07:
            setattr(message, field, dice.choice(COUNTS))
    if _sometimes(dice):
        message.encoding = dice.choice(OTHER_ENCODINGS + tuple(CHANNEL_BYTES))
    return message


def compressed_image(dice: Dice) -> CompressedImage:
    """A compressed image."""
    data = dice.choice(_sound_images())
    for _ in range(dice.choice((0, 1, 1, 2, 3))):
        data = dice.choice(DAMAGES)(data, dice)
    message = CompressedImage(format=dice.choice(FORMATS), header=_header(dice))
    message.data = array.array("B", data)
    return message


def camera_info(dice: Dice, width: int, height: int) -> CameraInfo:
    """What a camera whose images have this size may say of itself."""
    focal = dice.uniform(10, 500)
    k = [focal, 0.0, width / 2, 0.0, focal, height / 2, 0.0, 0.0, 1.0]
    info = CameraInfo(header=_header(dice), width=width, height=height, k=k)
    info.distortion_model = dice.choice(MODELS)
    info.d = [dice.gauss(0, 0.1) for _ in range(dice.choice((0, 4, 5, 8)))]
    if _sometimes(dice):
        info.d = [dice.choice(NUMBERS)] * dice.choice((1, 5, 14, 1000, 20_000))
    if _sometimes(dice):
        info.r = np.eye(3).flatten().tolist()
        info.p = np.eye(3, 4).flatten().tolist()
    for name in ("k", "r", "p"):
        if _sometimes(dice):
            matrix = list(getattr(info, name))
            matrix[dice.randrange(len(matrix))] = dice.choice(NUMBERS)
            setattr(info, name, matrix)
    for name in ("width", "height", "binning_x", "binning_y"):
        if dice.random() < 0.1:
            setattr(info, name, dice.choice(COUNTS))
    if _sometimes(dice):
        names = ("x_offset", "y_offset", "width", "height")
        info.roi = RegionOfInterest(**{name: dice.choice(COUNTS) for name in names})
    return info


def _sometimes(dice: Dice) -> bool:
    return dice.random() < 0.3


def _header(dice: Dice) -> Header:
    seconds = dice.choice((0, 1, 2**31 - 1, -1, -(2**31), dice.randrange(10**6)))
    stamp = Time(sec=seconds, nanosec=dice.choice((0, 1, 10**9 - 1, 2**32 - 1)))
    return Header(stamp=stamp, frame_id=dice.choice(FRAMES))


@cache
def _sound_images() -> tuple[bytes, ...]:
    """JPEG and PNG of several kinds."""
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 4), np.uint8)
    smooth = cv2.blur(noise, (9, 9))
    pictures = (smooth[..., :3], smooth[..., 0])
    deep = (smooth, smooth[..., :3].astype(np.uint16) * 257)
    jpeg_options = ((), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1))
    images = [cv2.imencode(".jpg", p, options)[1] for p in pictures for options in jpeg_options]
    images += [cv2.imencode(".png", picture)[1] for picture in (*pictures, *deep)]
    images.append(cv2.imencode(".bmp", smooth)[1])
    return tuple(encoded.tobytes() for encoded in images)


def _cut(data: bytes, dice: Dice) -> bytes:
    return data[: dice.randint(0, len(data))]


def _pad(data: bytes, dice: Dice) -> bytes:
    return data + dice.randbytes(dice.choice((1, 20, 100)))


def _flip(data: bytes, dice: Dice) -> bytes:
    changed = bytearray(data)
    for _ in range(min(len(data), dice.choice((1, 1, 4, 30)))):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def _insert(data: bytes, dice: Dice) -> bytes:
    """Between the start of the file and its end, markers and lengths that lie."""
    position = dice.choice((2, 20, 33, dice.randint(0, len(data))))
    lie = dice.choice(
        (
            b"\xff" + dice.randbytes(1),
            b"\xff" + dice.randbytes(3),
            b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", *dice.choices(SIDES, k=2)) + b"\x03",
            struct.pack(">I4s", dice.choice(COUNTS), dice.choice((b"tEXt", b"IDAT", b"fcTL"))),
            struct.pack(">I4sII", 8, b"acTL", dice.choice(COUNTS), 0),
        )
    )
    return data[:position] + lie + data[position:]


def _claim_size(data: bytes, dice: Dice) -> bytes:
    """Another size in the header of a JPEG or PNG."""
    width, height = dice.choices(SIDES, k=2)
    if data.startswith(b"\x89PNG") and len(data) > 33:
        start = data[12:16] + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + start + struct.pack(">I", zlib.crc32(start)) + data[33:]
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    if frame < 0:
        return data
    return data[: frame + 5] + struct.pack(">HH", height, width) + data[frame + 9 :]


Damage = Callable[[bytes, Dice], bytes]
DAMAGES: tuple[Damage, ...] = (_cut, _pad, _flip, _flip, _insert, _insert, _claim_size)
