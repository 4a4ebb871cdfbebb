"""Image and CompressedImage messages to and from NumPy arrays."""

from __future__ import annotations

import array
import sys

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from cv_bridge import encodings
from cv_bridge.colours import convert
from cv_bridge.errors import CvBridgeError

DECODED_ENCODINGS = {1: "mono8", 3: "bgr8", 4: "bgra8"}


class CvBridge:
    """Converts images; one channel is (H, W), several are (H, W, channels)."""

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> np.ndarray:
        """Return the image, converted to `desired_encoding` unless that is "passthrough".

        Raises CvBridgeError for an encoding that is unknown or cannot be converted, and for a
        message whose sizes contradict each other.
        """
        image = _pixels(img_msg)
        if desired_encoding == "passthrough":
            return image
        return convert(image, img_msg.encoding, desired_encoding)

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> np.ndarray:
        """Return the decoded image, as it was stored (colours in BGR order) or converted.

        Raises CvBridgeError for data that is no image.
        """
        data = np.frombuffer(cmprs_img_msg.data, dtype=np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if image is None:
            raise CvBridgeError(f"Cannot decode the image of format [{cmprs_img_msg.format}]")
        if desired_encoding == "passthrough":
            return image
        channels = 1 if image.ndim == 2 else image.shape[2]
        stored = "mono16" if image.dtype == np.uint16 else DECODED_ENCODINGS[channels]
        return convert(image, stored, desired_encoding)

    def cv2_to_imgmsg(
        self, cvim: np.ndarray, encoding: str = "passthrough", header: Header | None = None
    ) -> Image:
        """Return a message of the image; "passthrough" names its encoding by its type, as 8UC3.

        Raises CvBridgeError if the image's type is not that of `encoding`.
        """
        if not isinstance(cvim, np.ndarray):
            raise TypeError("Your input type is not a numpy array")
        opencv_type = encodings.opencv_type(cvim.dtype, 1 if cvim.ndim == 2 else cvim.shape[2])
        if encoding != "passthrough" and encodings.parse(encoding).opencv_type != opencv_type:
            raise CvBridgeError(
                f"encoding specified as {encoding}, but image has incompatible type {opencv_type}"
            )
        msg = Image(height=cvim.shape[0], width=cvim.shape[1])
        msg.header = header or msg.header
        msg.encoding = opencv_type if encoding == "passthrough" else encoding
        msg.is_bigendian = _is_bigendian(cvim.dtype)
        # An array.array is taken as it is; of bytes, rclpy checks every single one.
        msg.data = array.array("B", cvim.tobytes())
        msg.step = len(msg.data) // msg.height
        return msg

    def cv2_to_compressed_imgmsg(
        self, cvim: np.ndarray, dst_format: str = "jpg"
    ) -> CompressedImage:
        """Return a message of the image (one channel, or BGR) compressed as `dst_format`."""
        if not isinstance(cvim, np.ndarray):
            raise TypeError("Your input type is not a numpy array")
        _, data = cv2.imencode(f".{dst_format}", cvim)
        return CompressedImage(format=dst_format, data=array.array("B", data.tobytes()))


def _pixels(msg: Image) -> np.ndarray:
    """Return the pixels without the padding of the rows, in this machine's byte order."""
    encoding = encodings.parse(msg.encoding)
    row_bytes = msg.width * encoding.channels * encoding.dtype.itemsize
    if msg.step < row_bytes:
        raise CvBridgeError(
            f"Image is wrongly formed: step {msg.step} is less than a row of {row_bytes} bytes"
        )
    if len(msg.data) != msg.height * msg.step:
        raise CvBridgeError(
            f"Image is wrongly formed: height * step is {msg.height * msg.step}, "
            f"but there are {len(msg.data)} bytes"
        )
    rows = np.frombuffer(msg.data, dtype=np.uint8).reshape(msg.height, msg.step)
    dtype = encoding.dtype.newbyteorder(">" if msg.is_bigendian else "<")
    image = np.ascontiguousarray(rows[:, :row_bytes]).view(dtype).astype(encoding.dtype, copy=False)
    if encoding.channels == 1:
        return image
    return image.reshape(msg.height, msg.width, encoding.channels)


def _is_bigendian(dtype: np.dtype) -> bool:
    return dtype.byteorder == ">" or (dtype.byteorder == "=" and sys.byteorder == "big")
