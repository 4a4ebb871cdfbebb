"""Nav2's static layer, as documented, reads this node's grid as what it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from mem4d_ros.runtime import topics
from mem4d_ros.runtime.occupancy import FREE, OCCUPIED, UNKNOWN, OccupancySettings

CONFIG = yaml.safe_load(
    (Path(__file__).parents[2] / "config" / "nav2_global_costmap.yaml").read_text()
)["global_costmap"]["global_costmap"]["ros__parameters"]
LAYER = CONFIG["static_layer"]

# From Nav2's pages of the costmap and its static layer on docs.nav2.org.
COSTMAP_NAMES = {
    "global_frame", "robot_base_frame", "rolling_window", "resolution", "update_frequency",
    "publish_frequency", "track_unknown_space", "robot_radius", "trinary_costmap",
    "lethal_cost_threshold", "unknown_cost_value", "plugins",
}  # fmt: skip
LAYER_NAMES = {
    "plugin", "enabled", "map_topic", "map_subscribe_transient_local", "subscribe_to_updates",
    "transform_tolerance", "footprint_clearing_enabled", "restore_cleared_footprint",
}  # fmt: skip
NO_INFORMATION, LETHAL_OBSTACLE, FREE_SPACE = 255, 254, 0


def read_by_nav2(cell: int) -> int:
    """The cost of a cell, by the rule of the static layer: bytes are unsigned there."""
    value = int(np.array(cell, np.int8).view(np.uint8))
    if value == CONFIG["unknown_cost_value"]:
        return NO_INFORMATION if CONFIG["track_unknown_space"] else FREE_SPACE
    if value >= CONFIG["lethal_cost_threshold"]:
        return LETHAL_OBSTACLE
    assert CONFIG["trinary_costmap"]
    return FREE_SPACE


@pytest.mark.parametrize(
    ("cell", "cost"), [(UNKNOWN, NO_INFORMATION), (FREE, FREE_SPACE), (OCCUPIED, LETHAL_OBSTACLE)]
)
def test_every_cell_is_read_as_what_it_is(cell: int, cost: int) -> None:
    assert read_by_nav2(cell) == cost


def test_the_layer_hears_the_nodes_latched_grid_whole() -> None:
    assert LAYER["map_topic"] == topics.OCCUPANCY.absolute_name
    assert LAYER["map_subscribe_transient_local"] is topics.OCCUPANCY.lasting is True
    assert LAYER["subscribe_to_updates"] is False
    assert CONFIG["rolling_window"] is False
    assert CONFIG["resolution"] == OccupancySettings().resolution_m


def test_only_names_that_nav2_knows_are_used() -> None:
    assert set(CONFIG) == COSTMAP_NAMES | set(CONFIG["plugins"])
    assert set(LAYER) <= LAYER_NAMES
