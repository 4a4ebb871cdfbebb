"""The `mem4d_node` executable: the node's process, from arguments to exit status."""

import signal
import sys
import threading

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from mem4d_ros.model.checkpoint import CheckpointError
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.ros.parameters import ParameterError
from mem4d_ros.runtime import DeviceUnavailable


def main(args: list[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM; the exit status is 1 if it cannot start or breaks."""
    # rclpy's own handlers would end the context under the frame in work.
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, frame: stop.set())
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # malformed arguments or parameter file
        return _give_up(error)
    try:
        node = Mem4DNode()
    except (ParameterError, ParameterException, DeviceUnavailable, CheckpointError) as error:
        return _give_up(error)
    status = _spin_until(stop, node)
    node.destroy_node()
    rclpy.try_shutdown()
    return status


def _give_up(reason: Exception) -> int:
    get_logger("mem4d").fatal(f"cannot start: {reason}")
    rclpy.try_shutdown()
    return 1


def _spin_until(stop: threading.Event, node: Node) -> int:
    """Spin on another thread: signals only reach Python where the main thread runs Python."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    broken = threading.Event()

    def spin() -> None:
        try:
            executor.spin()
        except BaseException:
            broken.set()
            raise
        finally:
            stop.set()

    spinner = threading.Thread(target=spin, name="mem4d-executor")
    spinner.start()
    stop.wait()
    executor.shutdown()
    spinner.join()
    return 1 if broken.is_set() else 0


if __name__ == "__main__":
    sys.exit(main())
