"""Fast DDS' profile for large messages (config/fastdds.xml), where nothing speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ament_index_python.packages import get_package_share_directory

PROFILE_VARIABLE = "FASTDDS_DEFAULT_PROFILES_FILE"
OLD_PROFILE_VARIABLE = "FASTRTPS_DEFAULT_PROFILES_FILE"
DISTROS_WITH_OLD_VARIABLE = ("humble", "iron", "jazzy")
"""Their Fast DDS 2 knows only the old name; with both set, Fast DDS 3 reads the file twice."""


def profile_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Environment variables by which a process started in `environment` finds our profile.

    None where the user has a profile of their own, or another vendor's middleware.
    """
    if "fastrtps" not in environment.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp"):
        return {}
    if environment.get(PROFILE_VARIABLE) or environment.get(OLD_PROFILE_VARIABLE):
        return {}
    is_old = environment.get("ROS_DISTRO") in DISTROS_WITH_OLD_VARIABLE
    variable = OLD_PROFILE_VARIABLE if is_old else PROFILE_VARIABLE
    return {variable: str(Path(get_package_share_directory("mem4d_ros")) / "config/fastdds.xml")}
