"""Parts of a configured node: the model on its device, the pipeline and the outputs."""

from __future__ import annotations

import gc
from collections.abc import Callable

import torch
from rclpy.node import Node

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.known_map import map_at_start
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.output.outputs import Outputs
from mem4d_ros.ros.ownership import ownership
from mem4d_ros.ros.pipeline.pipeline import Pipeline
from mem4d_ros.ros.pipeline.scaler import make_scaler
from mem4d_ros.ros.pipeline.scans import Scans
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.robot import Robot


class Engine:
    """Everything that configuring makes and cleaning up releases."""

    def __init__(
        self,
        node: Node,
        settings: Callable[[], Settings],
        load: Callable[[Settings], LoadedModel],
        reporter: Reporter,
    ) -> None:
        """Load the model and make the publishers; nothing is left behind where that fails.

        Raises what `load` raises, and MapError.
        """
        self.model = load(settings())
        known_map = map_at_start(settings())
        if known_map is not None:
            self.model.reconstructor.poses.check_map(known_map.stored)
        with ownership(node) as self._owner:
            robot = Robot(node, settings(), reporter)
            self.outputs = Outputs(node, robot, settings(), reporter)
            scans = make_scans(node, robot, settings(), reporter)
            scaler = make_scaler(robot, scans, settings(), reporter)
            self.pipeline = Pipeline(
                self.model,
                robot.camera_in_odometry,
                scans,
                scaler,
                self.outputs,
                settings,
                reporter,
            )
        if known_map is not None:
            self.pipeline.request_map(known_map)

    def close(self) -> None:
        """Finish the frame in work, then release the publishers and the model."""
        self.pipeline.close()
        self.outputs.close()
        self._owner.close()
        del self.model, self.pipeline, self.outputs


def make_scans(node: Node, robot: Robot, settings: Settings, reporter: Reporter) -> Scans | None:
    """What reads evidence/points; None where nobody asks for them."""
    if not settings.evidence.enabled:
        return None
    topic = node.resolve_topic_name(topics.EVIDENCE_POINTS.name)
    return Scans(robot.camera_from_sensor, settings.evidence, topic, reporter)


def free_memory() -> None:
    """Give memory that nothing uses any more back to the machine and the device."""
    gc.collect()  # parts of a model may refer to each other
    torch.cuda.empty_cache()
