"""The table of settings as ROS parameters: declared, checked, and written out.

`python -m mem4d_ros.ros.interface.parameters --markdown` prints the documentation's table, `--yaml`
content of config/mem4d.yaml.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.node import Node

from mem4d_ros.geometry.pose_text import parse_pose
from mem4d_ros.ros.interface.constraints import Constraint
from mem4d_ros.ros.interface.settings import Settings


class ParameterError(ValueError):
    """A parameter has a value that it may not have; the message says which, why and what to do."""


@dataclass(frozen=True)
class Parameter:
    """One row of the table."""

    name: str
    default: bool | int | float | str
    constraint: Constraint

    @property
    def type_name(self) -> str:
        """As `ros2 param` calls it."""
        return {bool: "boolean", int: "integer", float: "double", str: "string"}[type(self.default)]

    @property
    def allowed(self) -> str:
        """The values it may have, in words; empty if any."""
        limits = self.constraint
        if limits.choices:
            return ", ".join(limits.choices)
        if limits.minimum is None or limits.maximum is None:
            return ""
        step = f", multiples of {limits.step}" if limits.step else ""
        return f"{limits.minimum:g} to {limits.maximum:.10g}{step}"

    def value_in(self, settings: Settings) -> Any:
        """Its value."""
        group, _, name = self.name.partition(".")
        return getattr(getattr(settings, group), name)

    def check(self, value: Any) -> None:
        """Raises ParameterError for a value that is not allowed."""
        limits = self.constraint
        if value in limits.replaced:
            raise ParameterError(f"{self.name} {value} is no more: use {limits.replaced[value]}")
        if limits.choices and value not in limits.choices:
            raise ParameterError(f"{self.name} is {value!r}: use one of {self.allowed}")
        if limits.minimum is None or limits.maximum is None:
            return
        in_range = math.isfinite(value) and limits.minimum <= value <= limits.maximum
        if not in_range or (limits.step and value % limits.step):
            raise ParameterError(f"{self.name} is {value}: it may be {self.allowed}")


_ALIKE = 0.8
"""Likeness of names, from 0 to 1, from which on one is taken for the other misspelt."""
HOW_YAML_READS_IT = {
    str: (
        " (put it in quotes, in a shell in two kinds, as in \"'off'\": YAML reads yes, no, on and"
        " off as truth values)"
    ),
    float: " (write a decimal point, as in 1.0)",
}
"""What to do about a value of another type than the default's."""


def parameters() -> Iterator[Parameter]:
    """Every row of the table, in order."""
    for group in fields(Settings):
        for entry in fields(group.default):  # type: ignore[arg-type]
            default: Any = entry.default
            yield Parameter(f"{group.name}.{entry.name}", default, entry.metadata["constraint"])


def with_values(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with the named parameters changed. Raises ParameterError."""
    for row in parameters():
        if row.name in values:
            row.check(values[row.name])
            group_name, _, field_name = row.name.partition(".")
            group = replace(getattr(settings, group_name), **{field_name: values[row.name]})
            settings = replace(settings, **{group_name: group})
    _check_frames(settings)
    _check_poses(settings)
    _check_heights(settings)
    _check_occupancy(settings)
    _check_scale(settings)
    _check_memory(settings)
    return settings


def declare_parameters(node: Node) -> Settings:
    """Declare every parameter and return the values the user gave.

    Raises ParameterError, and rclpy's ParameterException for what the descriptors refuse.
    """
    return with_values(Settings(), {row.name: _declared(node, row) for row in parameters()})


def _declared(node: Node, row: Parameter) -> Any:
    """The value that the user gave. Raises ParameterError for one that YAML takes for another."""
    try:
        return node.declare_parameter(row.name, row.default, descriptor(row)).value
    except InvalidParameterTypeException as error:
        remedy = HOW_YAML_READS_IT.get(type(row.default), "")
        raise ParameterError(f"{error}{remedy}") from error


def misspelt(node: Node, rows: Iterable[Parameter]) -> dict[str, str]:
    """Names that the user gave a value, which the node lacks, and the names that they look like.

    Others may be of other nodes: a file for `/**` is read by all.
    """
    names = [row.name for row in rows]
    given = node._parameter_overrides  # rclpy shows it nowhere else
    unknown = sorted(name for name in given if not node.has_parameter(name))
    alike = {name: difflib.get_close_matches(name, names, 1, _ALIKE) for name in unknown}
    return {name: found[0] for name, found in alike.items() if found}


def warn_of_misspelt(node: Node, rows: Iterable[Parameter]) -> None:
    """Say in the log which parameters were given in vain, and what may have been meant."""
    for name, meant in misspelt(node, rows).items():
        node.get_logger().warning(
            f"there is no parameter {name}, so its value has no effect: is {meant} meant?"
        )


def check_changeable(before: Settings, after: Settings) -> None:
    """Raises ParameterError where they differ in what a configured node cannot change."""
    for row in parameters():
        if not row.constraint.changeable and row.value_in(before) != row.value_in(after):
            raise ParameterError(
                f"{row.name} cannot change while the node is configured: clean it up first"
                " (ros2 lifecycle set <node> cleanup), or start it with another value"
            )


def _check_frames(settings: Settings) -> None:
    frames = settings.frames
    for name in ("map", "base", "odom", "camera"):
        frame = getattr(frames, name)
        if frame.startswith("/") or (not frame and name != "camera"):
            raise ParameterError(
                f"frames.{name} is {frame!r}: it must be a name without a leading slash"
            )
    if frames.map in (frames.base, frames.camera):
        raise ParameterError(f"frames.map is {frames.map!r}, but so is another frame")
    others = (frames.map, frames.base, frames.camera)
    if settings.tf.mode == "map_to_odom" and frames.odom in others:
        raise ParameterError(f"frames.odom is {frames.odom!r}, but so is another frame")


def _check_poses(settings: Settings) -> None:
    for name in ("initial_pose", "base_to_camera"):
        try:
            parse_pose(getattr(settings.tf, name))
        except ValueError as error:
            raise ParameterError(f"tf.{name}: {error}") from error


def _check_heights(settings: Settings) -> None:
    points = settings.points
    if points.min_height > points.max_height:
        raise ParameterError(
            f"points.min_height is {points.min_height}, above points.max_height,"
            f" {points.max_height}: no point would be left"
        )


def _check_occupancy(settings: Settings) -> None:
    occupancy = settings.occupancy
    if occupancy.min_height >= occupancy.max_height:
        raise ParameterError(
            f"occupancy.min_height is {occupancy.min_height}, not below occupancy.max_height,"
            f" {occupancy.max_height}: nothing would be an obstacle"
        )


def _check_scale(settings: Settings) -> None:
    if settings.scale.source == "points" and not settings.evidence.enabled:
        raise ParameterError(
            "scale.source is 'points', but evidence.enabled is false: set it, so that there are any"
        )


def _check_memory(settings: Settings) -> None:
    if settings.memory.psm_size == 0:
        raise ParameterError(
            "memory.psm_size is 0, but the first frame is always remembered: set 1 or more, or -1"
            " for what the network was made for"
        )


def descriptor(row: Parameter) -> ParameterDescriptor:
    """What ROS is told of a row."""
    limits = row.constraint
    descriptor = ParameterDescriptor(
        description=limits.description,
        additional_constraints=f"one of {row.allowed}" if limits.choices else "",
        read_only=limits.read_only,
    )
    if limits.minimum is None or limits.maximum is None:
        return descriptor
    if isinstance(row.default, int):
        descriptor.integer_range = [
            IntegerRange(
                from_value=int(limits.minimum), to_value=int(limits.maximum), step=limits.step
            )
        ]
    else:
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=limits.minimum, to_value=limits.maximum)
        ]
    return descriptor


def markdown() -> str:
    """The table for the documentation."""
    return table(parameters())


def table(rows: Iterable[Parameter]) -> str:
    """The rows in Markdown."""
    lines = ["| parameter | type | default | allowed | while running | meaning |", "|" + "---|" * 6]
    for row in rows:
        changeable = "yes" if row.constraint.changeable else "no"
        cells = [f"`{row.name}`", row.type_name, f"`{_literal(row.default)}`", row.allowed]
        lines.append("| " + " | ".join([*cells, changeable, row.constraint.description]) + " |")
    return "\n".join(lines) + "\n"


def yaml() -> str:
    """A parameter file with every default."""
    lines = [
        "# Every parameter of mem4d_node with its default. Those marked * can be changed while the",
        "# node runs: ros2 param set /mem4d points.stride 2",
        "/**:",
        "  ros__parameters:",
    ]
    group = ""
    for row in parameters():
        row_group, _, name = row.name.partition(".")
        if row_group != group:
            group = row_group
            lines.append(f"    {group}:")
        mark = "* " if row.constraint.changeable else ""
        allowed = f" [{row.allowed}]" if row.allowed else ""
        lines.append(f"      # {mark}{row.constraint.description}{allowed}")
        lines.append(f"      {name}: {_literal(row.default)}")
    return "\n".join(lines) + "\n"


def _literal(value: bool | int | float | str) -> str:
    """As YAML writes it; JSON is YAML."""
    return json.dumps(value)


def main() -> None:
    """Print the table in the format that the arguments ask for."""
    parser = argparse.ArgumentParser(description="Print the node's parameters.")
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument("--markdown", action="store_true", help="as the documentation's table")
    form.add_argument("--yaml", action="store_true", help="as a parameter file with the defaults")
    print(markdown() if parser.parse_args().markdown else yaml(), end="")


if __name__ == "__main__":
    main()
