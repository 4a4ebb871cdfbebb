"""Parameters of `mem4d_viewer`; none can be changed while it runs.

`python -m mem4d_ros.ros.viewer.settings` prints the table of docs/viewer.md.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from rclpy.node import Node

from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.ros.interface.parameters import Parameter, descriptor, table
from mem4d_ros.viewer.options import LOOPBACK, PORT, ViewerOptions

MEGABYTE = 1e6


@dataclass(frozen=True)
class ViewerSettings:
    """The parameters."""

    node: str = parameter(
        "mem4d", "Name of the node to show, relative to this one's namespace", read_only=True
    )
    host: str = parameter(
        LOOPBACK,
        "Address to listen at; 127.0.0.1: this machine only; 0.0.0.0: anybody who can reach it, who"
        " may then look on and press every button",
        read_only=True,
    )
    port: int = parameter(
        PORT, "Port to listen at; 0: any that is free", minimum=0, maximum=65535, read_only=True
    )
    bandwidth: float = parameter(
        ViewerOptions.bytes_per_second / MEGABYTE,
        "Megabytes a second to each browser, at most, on average",
        minimum=0.01,
        maximum=1000.0,
        read_only=True,
    )
    points: int = parameter(
        ViewerOptions.most_points,
        "Points of the static map that are shown, at most; of a larger one a selection",
        minimum=1000,
        maximum=5_000_000,
        read_only=True,
    )
    image_transport: str = parameter(
        "raw",
        "Image transport: raw subscribes to image, compressed to image/compressed",
        choices=("raw", "compressed"),
        read_only=True,
    )
    follow: bool = parameter(
        True, "Whether browsers follow the camera when they open the address", read_only=True
    )

    def options(self) -> ViewerOptions:
        """Of the viewer."""
        return ViewerOptions(
            title=self.node,
            host=self.host,
            port=self.port,
            bytes_per_second=self.bandwidth * MEGABYTE,
            most_points=self.points,
            follows=self.follow,
        )


def parameters() -> list[Parameter]:
    """Every parameter, in order."""
    return [
        Parameter(entry.name, entry.default, entry.metadata["constraint"])  # type: ignore[arg-type]
        for entry in fields(ViewerSettings)
    ]


def declare_parameters(node: Node) -> ViewerSettings:
    """Declare every parameter and return the values the user gave.

    Raises ParameterError, and rclpy's ParameterException for what the descriptors refuse.
    """
    values: dict[str, Any] = {}
    for row in parameters():
        values[row.name] = node.declare_parameter(row.name, row.default, descriptor(row)).value
        row.check(values[row.name])
    return ViewerSettings(**values)


if __name__ == "__main__":
    print(table(parameters()), end="")
