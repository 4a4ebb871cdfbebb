"""What a conversion raises."""

from __future__ import annotations


class CvBridgeError(TypeError):
    """An image that cannot be read, or a conversion that does not exist or makes no sense."""
