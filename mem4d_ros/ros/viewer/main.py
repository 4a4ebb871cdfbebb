"""The `mem4d_viewer` executable: the node's process, from arguments to exit status."""

from __future__ import annotations

import os
import sys
import threading

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from mem4d_ros.ros.ending import Ending
from mem4d_ros.ros.interface.parameters import ParameterError
from mem4d_ros.ros.transport import profile_settings
from mem4d_ros.ros.viewer.node import ViewerNode
from mem4d_ros.viewer.opening import ViewerUnavailable


def main() -> None:
    """The program."""
    sys.exit(run(sys.argv))


def run(args: list[str]) -> int:
    """Serve browsers until SIGINT or SIGTERM; the exit status is 1 if that cannot be."""
    os.environ.update(profile_settings(os.environ))
    ending = Ending()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        node = ViewerNode()
    except (RuntimeError, ParameterError, ParameterException, ViewerUnavailable) as error:
        # RuntimeError: malformed arguments or parameter file
        get_logger("mem4d_viewer").fatal(f"cannot start: {error}")
        rclpy.try_shutdown()
        return 1
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    thread = threading.Thread(target=executor.spin, name="mem4d-viewer-executor", daemon=True)
    thread.start()
    node.viewer.run(lambda: ending.is_due or not thread.is_alive())
    failed = not thread.is_alive()
    executor.shutdown()
    thread.join()
    node.destroy_node()
    rclpy.try_shutdown()
    return 1 if failed else 0


if __name__ == "__main__":
    main()
