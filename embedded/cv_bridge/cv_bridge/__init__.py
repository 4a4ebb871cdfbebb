"""Stand-in for cv_bridge, for the embedded ROS only.

Ours rather than the `cv-bridge` of PyPI, which is the Python code of ROS 1: it ignores the padding
of rows (`step`), cannot convert colours without a compiled half that it does not bring, and calls
what NumPy 2 has removed. The names, arguments, conversions and errors are those of the real
package; see https://docs.ros.org/en/kilted/p/cv_bridge/.
"""

from __future__ import annotations

from cv_bridge.core import CvBridge
from cv_bridge.errors import CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
