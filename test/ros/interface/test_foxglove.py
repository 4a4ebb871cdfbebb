"""config/mem4d_foxglove.json shows every output, in Foxglove and in Lichtblick."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import FrameSettings
from mem4d_ros.sensor_messages.packed_cloud import POINT

LAYOUT = json.loads(
    (Path(__file__).parents[3] / "config" / "mem4d_foxglove.json").read_text(encoding="utf-8")
)
PANELS: dict[str, dict[str, Any]] = LAYOUT["configById"]
SCENE = PANELS["3D!scene"]
PUBLISHED = {topic.name.replace("~", "/mem4d"): topic.type for topic in topics.OUTPUTS}

IN_THE_SCENE = {"PointCloud2", "Path", "OccupancyGrid", "Marker"}
CLOUD_COLOURS = {
    "rgb": {"colorField"},
    "colormap": {"colorField", "colorMap"},
    "flat": {"flatColor"},
}


def plotted() -> list[str]:
    """The paths of all plots, topic.field.field."""
    plots = (panel for name, panel in PANELS.items() if name.startswith("Plot!"))
    return [path["value"] for plot in plots for path in plot["paths"]]


def images() -> list[dict[str, str]]:
    """What the image panels show."""
    return [panel["imageMode"] for name, panel in PANELS.items() if name.startswith("Image!")]


def shown() -> set[str]:
    """Every topic that the layout names."""
    pictures = {
        mode[key] for mode in images() for key in ("imageTopic", "calibrationTopic") if key in mode
    }
    curves = {path.split(".")[0] for path in plotted()}
    health = {PANELS["DiagnosticSummary!health"]["topicToRender"]}
    return set(SCENE["topics"]) | pictures | curves | health


def panels_in(node: Any) -> list[str]:
    """The names at the ends of a tree of splits."""
    if isinstance(node, str):
        return [node]
    assert node["direction"] in ("row", "column")
    assert 0 < node["splitPercentage"] < 100
    return panels_in(node["first"]) + panels_in(node["second"])


def field_type(message_type: Any, path: list[str]) -> str:
    """The type of a field of a field of a message; KeyError where there is none."""
    name = message_type.get_fields_and_field_types()[path[0]]
    if len(path) == 1:
        return name
    package, _, inner = name.partition("/")
    return field_type(getattr(import_module(f"{package}.msg"), inner), path[1:])


def test_every_output_is_shown_and_nothing_that_does_not_exist() -> None:
    assert shown() == {*PUBLISHED, f"/{topics.IMAGE}"}


def test_every_panel_has_its_place() -> None:
    assert sorted(panels_in(LAYOUT["layout"])) == sorted(PANELS)


def test_the_scene_holds_what_has_a_place_in_it() -> None:
    assert set(SCENE["topics"]) == {
        name for name, kind in PUBLISHED.items() if kind.__name__ in IN_THE_SCENE
    }
    assert all(settings["visible"] for settings in SCENE["topics"].values())


def test_clouds_are_coloured_by_fields_that_they_have() -> None:
    for name, settings in SCENE["topics"].items():
        if PUBLISHED[name].__name__ != "PointCloud2":
            continue
        assert CLOUD_COLOURS[settings["colorMode"]] <= set(settings), name
        assert settings.get("colorField", "x") in (POINT.names or ()), name


def test_plots_are_of_numbers_that_messages_have() -> None:
    paths = plotted()
    assert len(paths) > 3
    for path in paths:
        topic, *fields = path.split(".")
        assert field_type(PUBLISHED[topic], fields) in ("float", "double", "uint64"), path


def test_images_are_images_with_their_own_calibration() -> None:
    of_depth = next(mode for mode in images() if mode["imageTopic"] in PUBLISHED)
    assert PUBLISHED[of_depth["imageTopic"]].__name__ == "Image"
    assert PUBLISHED[of_depth["calibrationTopic"]].__name__ == "CameraInfo"


def test_the_scene_stands_in_the_nodes_map() -> None:
    assert SCENE["followTf"] == FrameSettings().map
    assert SCENE["layers"]["ground"]["frameId"] == FrameSettings().map
