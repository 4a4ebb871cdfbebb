"""How large an image may be, checked before memory is allocated for it."""

from mem4d_ros.runtime import FrameRejected

MIN_SIDE = 16
MAX_PIXELS = 64_000_000


def check_size(width: int, height: int) -> None:
    """Raises FrameRejected for an image size that no camera has."""
    if min(width, height) < MIN_SIDE or width * height > MAX_PIXELS:
        raise FrameRejected(
            f"image size {width}x{height} is not usable: each side must have at least {MIN_SIDE}"
            f" pixels, and the whole at most {MAX_PIXELS // 1_000_000} megapixels"
        )
