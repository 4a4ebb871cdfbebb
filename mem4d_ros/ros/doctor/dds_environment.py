"""Environment variables that decide who talks to whom, and over what."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree

from mem4d_ros.doctor.finding import Finding
from mem4d_ros.ros.transport import (
    DISTROS_WITH_OLD_VARIABLE,
    OLD_PROFILE_VARIABLE,
    PROFILE_VARIABLE,
)

LARGEST_DOMAIN = 101
"""On Linux; beyond it, ports of DDS are those that the system gives to others (ROS 2 docs)."""
DISTROS_BEFORE_RANGE = ("humble",)
RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")


def check_dds_environment(environment: Mapping[str, str]) -> list[Finding]:
    """Profile, transports, domain and discovery."""
    return [
        check_profile(environment),
        check_transports(environment),
        check_domain(environment.get("ROS_DOMAIN_ID", "")),
        check_discovery(environment),
    ]


def check_profile(environment: Mapping[str, str]) -> Finding:
    """Fast DDS says nothing of a profile that it cannot read, or of a variable it does not know."""
    is_old = environment.get("ROS_DISTRO") in DISTROS_WITH_OLD_VARIABLE
    read, other = (
        (OLD_PROFILE_VARIABLE, PROFILE_VARIABLE)
        if is_old
        else (PROFILE_VARIABLE, OLD_PROFILE_VARIABLE)
    )
    file = environment.get(read, "")
    if not file:
        return _without_profile(read, other, environment)
    facts = {"variable": read, "file": file}
    try:
        ElementTree.parse(Path(file))
    except (OSError, ElementTree.ParseError) as error:
        return Finding(
            "dds.profile",
            "error",
            f"{read} names {file}, which cannot be read: {error}",
            f"correct or unset {read}: Fast DDS takes its defaults without a word",
            facts=facts,
        )
    return Finding("dds.profile", "ok", f"{read}={file}", facts=facts)


def _without_profile(read: str, other: str, environment: Mapping[str, str]) -> Finding:
    if environment.get(other):
        return Finding(
            "dds.profile",
            "warning",
            f"{other} is set, which this distribution's Fast DDS may not read",
            f"export {read}={environment[other]}",
        )
    return Finding(
        "dds.profile", "ok", "none of yours: the node uses config/fastdds.xml, other nodes defaults"
    )


def check_transports(environment: Mapping[str, str]) -> Finding:
    """LARGE_DATA on one side alone: neither side hears the other."""
    value = environment.get("FASTDDS_BUILTIN_TRANSPORTS", "")
    if value.startswith(("LARGE_DATA", "SHM", "TCP")):
        return Finding(
            "dds.transports",
            "warning",
            f"FASTDDS_BUILTIN_TRANSPORTS={value}: a node with it and one without it hear nothing of"
            " each other",
            "unset it and use config/fastdds.xml, or set it for every node, ros2 CLI and RViz"
            " included",
            facts={"FASTDDS_BUILTIN_TRANSPORTS": value},
        )
    summary = f"FASTDDS_BUILTIN_TRANSPORTS={value}" if value else "the default ones"
    return Finding("dds.transports", "ok", summary)


def check_domain(value: str) -> Finding:
    """Whether it is a number that can be used."""
    if not value:
        return Finding("dds.domain", "ok", "ROS_DOMAIN_ID is not set: domain 0")
    facts = {"ROS_DOMAIN_ID": value}
    if value.isdecimal() and int(value) <= LARGEST_DOMAIN:
        return Finding("dds.domain", "ok", f"ROS_DOMAIN_ID={value}", facts=facts)
    level = "warning" if value.isdecimal() and int(value) <= 232 else "error"
    return Finding(
        "dds.domain",
        "warning" if level == "warning" else "error",
        f"ROS_DOMAIN_ID={value} is not a number from 0 to {LARGEST_DOMAIN}",
        f"export ROS_DOMAIN_ID=0, or another one up to {LARGEST_DOMAIN}, for all nodes",
        facts=facts,
    )


def check_discovery(environment: Mapping[str, str]) -> Finding:
    """Whom a node may find: this machine alone, the network, or those that are named."""
    names = ("ROS_LOCALHOST_ONLY", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS")
    given = {n: environment[n] for n in (*names, "ROS_DISCOVERY_SERVER") if environment.get(n)}
    listed = ", ".join(f"{name}={value}" for name, value in given.items())
    reach = given.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "")
    if reach and reach not in RANGES:
        return Finding(
            "dds.discovery",
            "error",
            f"{listed}: {reach} is not one of {', '.join(RANGES)}",
            "export ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET",
            facts=given,
        )
    if reach == "OFF":
        return Finding(
            "dds.discovery",
            "warning",
            f"{listed}: nodes find nobody, not even on this machine",
            "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, or SUBNET for other machines, too",
            facts=given,
        )
    if reach and given.get("ROS_LOCALHOST_ONLY") == "1":
        return Finding(
            "dds.discovery",
            "warning",
            f"{listed}: the first, which is deprecated, overrules the second",
            "unset ROS_LOCALHOST_ONLY",
            facts=given,
        )
    alone = reach == "LOCALHOST" or given.get("ROS_LOCALHOST_ONLY") == "1"
    meaning = "nodes of this machine alone" if alone else "nodes of the whole network"
    return Finding("dds.discovery", "ok", f"{meaning}{listed and f' ({listed})'}", facts=given)
