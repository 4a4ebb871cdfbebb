"""Pictures of depth, confidence and point clouds. Colours are RGB uint8."""

from __future__ import annotations

from mem4d_ros.viz.cloud import render_cloud, render_from_above
from mem4d_ros.viz.colour_maps import confidence_picture, depth_picture
from mem4d_ros.viz.gaps import nearest_filled
from mem4d_ros.viz.growth import SceneGrowth, growth_picture
from mem4d_ros.viz.plan import plan_picture
from mem4d_ros.viz.sheet import contact_sheet
from mem4d_ros.viz.summary import scene_views, summary_picture
from mem4d_ros.viz.virtual_camera import VirtualCamera, view_from_above, view_from_behind

__all__ = [
    "SceneGrowth",
    "VirtualCamera",
    "confidence_picture",
    "contact_sheet",
    "depth_picture",
    "growth_picture",
    "nearest_filled",
    "plan_picture",
    "render_cloud",
    "render_from_above",
    "scene_views",
    "summary_picture",
    "view_from_above",
    "view_from_behind",
]
