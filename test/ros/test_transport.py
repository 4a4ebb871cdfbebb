"""When our Fast DDS profile is used, and under which name."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem4d_ros.ros.transport import profile_settings

NEW, OLD = "FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"


@pytest.mark.parametrize(
    ("environment", "variables"),
    [
        ({}, [NEW]),
        ({"ROS_DISTRO": "kilted"}, [NEW]),
        ({"ROS_DISTRO": "jazzy"}, [OLD]),
        ({"ROS_DISTRO": "humble"}, [OLD]),
        ({"RMW_IMPLEMENTATION": "rmw_fastrtps_cpp"}, [NEW]),
        ({"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"}, []),
        ({"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}, []),
        ({NEW: "mine.xml"}, []),
        ({OLD: "mine.xml"}, []),
    ],
)
def test_the_profile_is_set_unless_the_user_has_one_or_another_middleware(
    environment: dict[str, str], variables: list[str]
) -> None:
    settings = profile_settings(environment)
    assert list(settings) == variables
    assert all(Path(path).is_file() for path in settings.values())
