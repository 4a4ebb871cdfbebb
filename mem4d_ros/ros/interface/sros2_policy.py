"""Permissions that the node needs in a secured ROS graph, as an SROS 2 policy.

`python -m mem4d_ros.ros.interface.sros2_policy` prints config/sros2_policy.xml; with `--namespace`
and `--remap image:=/camera/image_raw`, the policy of a node that was started with the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from xml.etree import ElementTree

from rclpy.expand_topic_name import expand_topic_name
from rclpy.validate_full_topic_name import validate_full_topic_name

from mem4d_ros.ros.interface import topics

NODE_NAME = "mem4d"
VERSION = "0.2.0"

PUBLISHED = ("/rosout", "/parameter_events", "~/transition_event")
"""By every managed node of rclpy."""
HEARD = ("/clock", "/tf", "/tf_static")
"""Topics subscribed where use_sim_time or tf.mode require them."""
ANSWERED = (
    *(f"~/{name}_parameters" for name in ("describe", "get", "list", "set")),
    "~/get_parameter_types",
    "~/set_parameters_atomically",
    "~/change_state",
    "~/get_state",
    "~/get_available_states",
    "~/get_available_transitions",
    "~/get_transition_graph",
    "~/get_type_description",
)
"""By every managed node of rclpy."""


def published() -> tuple[str, ...]:
    """Names of all topics that the node publishes."""
    return (*(topic.name for topic in (*topics.OUTPUTS, topics.TF)), *PUBLISHED)


def heard() -> tuple[str, ...]:
    """Names of all topics that the node listens to."""
    return (*(topic.name for topic in topics.inputs()), *HEARD)


def answered() -> tuple[str, ...]:
    """Names of all services of the node."""
    return (*(service.name for service in topics.SERVICES), *ANSWERED)


def policy(namespace: str = "/", remappings: Mapping[str, str] | None = None) -> str:
    """The policy, with one context for the one node, as XML.

    `remappings` are from names as the table has them. Raises ValueError for what is no name in ROS.
    """
    root = ElementTree.Element("policy", version=VERSION)
    context = ElementTree.SubElement(
        ElementTree.SubElement(root, "contexts"),
        "context",
        path=_full_name("~", namespace),
    )
    profile = ElementTree.SubElement(
        ElementTree.SubElement(context, "profiles"), "profile", ns=namespace, node=NODE_NAME
    )
    for kind, verb, names in (
        ("topic", "publish", published()),
        ("topic", "subscribe", heard()),
        ("service", "reply", answered()),
    ):
        allowed = ElementTree.SubElement(profile, f"{kind}s", {verb: "ALLOW"})
        for name in sorted(_resolved(names, namespace, remappings or {})):
            ElementTree.SubElement(allowed, kind).text = name
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"


def _resolved(names: Iterable[str], namespace: str, remappings: Mapping[str, str]) -> set[str]:
    return {_full_name(_remapped(name, remappings), namespace) for name in names}


def _remapped(name: str, remappings: Mapping[str, str]) -> str:
    """A transport follows the image topic it belongs to."""
    base = name.removesuffix(topics.COMPRESSED_SUFFIX)
    return remappings.get(base, base) + name[len(base) :]


def _full_name(name: str, namespace: str) -> str:
    full_name = expand_topic_name(name, NODE_NAME, namespace)
    validate_full_topic_name(full_name)
    return full_name


def main() -> None:
    """Print the policy."""
    parser = argparse.ArgumentParser(description="Print the node's policy for SROS 2.")
    parser.add_argument("--namespace", default="/", help="as in __ns:=")
    parser.add_argument("--remap", action="append", default=[], metavar="NAME:=TOPIC")
    options = parser.parse_args()
    try:
        remappings = dict(rule.split(":=") for rule in options.remap)
        print(policy(options.namespace, remappings), end="")
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
