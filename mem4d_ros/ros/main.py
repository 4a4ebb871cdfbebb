"""The `mem4d_node` executable: the node's process, from arguments to exit status."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from typing import NoReturn

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.logging import get_logger
from rclpy.signals import SignalHandlerOptions

from mem4d_ros.ros.ending import Ending
from mem4d_ros.ros.interface.parameters import ParameterError
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel, load_model
from mem4d_ros.ros.node import Mem4DNode
from mem4d_ros.ros.transport import profile_settings
from mem4d_ros.runtime.host_memory import keep_freed_memory

END_WITHIN_S = 1.5
"""After a signal; work that takes longer is abandoned."""


def main() -> NoReturn:
    """The program. Python would need a second to take torch apart, and may wait for a thread."""
    status = run(sys.argv)
    sys.stdout.flush()
    os._exit(status)


def run(args: list[str], load: Callable[[Settings], LoadedModel] = load_model) -> int:
    """Run the node until SIGINT or SIGTERM; the exit status is 1 if it cannot start or breaks."""
    keep_freed_memory()
    # Without it TF is lost beside clouds that are larger than Fast DDS' segment of shared memory.
    os.environ.update(profile_settings(os.environ))
    # rclpy's own handlers would end the context under the frame in work.
    ending = Ending()
    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
        node = Mem4DNode(load)
    except (RuntimeError, ParameterError, ParameterException) as error:
        # RuntimeError: malformed arguments or parameter file
        get_logger("mem4d").fatal(f"cannot start: {error}")
        rclpy.try_shutdown()
        return 1
    spinner = _Spinner(node, ending)
    ending.wait()
    deadline = time.monotonic() + END_WITHIN_S
    if spinner.end(deadline) and node.finish(deadline - time.monotonic()):
        node.destroy_node()
        rclpy.try_shutdown()
    else:
        reason = f"it takes longer than {END_WITHIN_S} s"
        node.get_logger().info(f"the work in progress is abandoned, as {reason}")
        node.leave()
    return spinner.status


class _Spinner:
    """Runs the node on another thread: signals only reach Python where the main thread runs it."""

    def __init__(self, node: Mem4DNode, ending: Ending) -> None:
        self.status = 0
        self._node = node
        self._ending = ending
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(node)
        self._thread = threading.Thread(target=self._run, name="mem4d-executor", daemon=True)
        self._thread.start()

    def end(self, deadline: float) -> bool:
        """Stop; False if what runs on the thread, such as loading a model, takes longer."""
        self._executor.shutdown(timeout_sec=max(0.0, deadline - time.monotonic()))
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _run(self) -> None:
        status = 1
        try:
            if self._node.start():
                self._executor.spin()
                status = 0
        finally:
            self.status = status
            self._ending.come()


if __name__ == "__main__":
    main()
