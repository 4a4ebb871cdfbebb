"""The static scene, accumulated over all frames in bounded memory."""

from __future__ import annotations

from mem4d_ros.runtime.static_map.settings import StaticMapSettings
from mem4d_ros.runtime.static_map.static_map import StaticMap

__all__ = ["StaticMap", "StaticMapSettings"]
