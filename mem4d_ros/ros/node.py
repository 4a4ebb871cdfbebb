"""The node: a managed one, whose transitions make its parts and release them."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import ExitStack

import torch
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from mem4d_ros.mapping import MapError
from mem4d_ros.model.checkpoint import CheckpointError
from mem4d_ros.ros.engine import Engine, free_memory
from mem4d_ros.ros.health.diagnostics import Diagnostics
from mem4d_ros.ros.health.health import Health
from mem4d_ros.ros.health.introduction import introduce
from mem4d_ros.ros.health.resources import read_resources
from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.parameters import (
    ParameterError,
    check_changeable,
    declare_parameters,
    parameters,
    warn_of_misspelt,
    with_values,
)
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel, load_model
from mem4d_ros.ros.ownership import ownership
from mem4d_ros.ros.pipeline.inputs import Inputs
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.services import Services
from mem4d_ros.runtime import DeviceUnavailable, FrameRejected
from mem4d_ros.runtime.depth_prior import DepthPriorError
from mem4d_ros.runtime.engines import EngineUnavailable

DIAGNOSTICS_PERIOD_S = 1.0

CAUSES_TO_MEND = (
    CheckpointError,
    DepthPriorError,
    DeviceUnavailable,
    EngineUnavailable,
    FrameRejected,
    MapError,
    torch.cuda.OutOfMemoryError,
)
"""Errors that fail a transition for a reason outside of the code: it may be tried again."""


class Mem4DNode(LifecycleNode):
    """Images in; clouds, depth and poses out.

    Configuring loads the model, activating subscribes; deactivating is silent and keeps what was
    remembered, cleaning up releases everything. Status and diagnostics go on throughout.

    Callbacks of the executor only store what arrives. Decoding, the network and publishing run on
    the pipeline's thread, so that services, parameters and TF stay responsive.
    """

    def __init__(self, load: Callable[[Settings], LoadedModel] = load_model) -> None:
        """Declare the parameters; the node is not configured yet.

        Raises ParameterError and rclpy's ParameterException.
        """
        self._load = load
        self._engine: Engine | None = None  # while it is configured
        self._inputs: Inputs | None = None  # while it is active
        self._listening = ExitStack()
        self._failed_transition = ""
        super().__init__("mem4d")
        self._settings = declare_parameters(self)
        warn_of_misspelt(self, parameters())
        self._reporter = Reporter(self.get_logger())
        self.add_on_set_parameters_callback(self._on_set_parameters)
        Services(
            self, self._current_settings, lambda: self._engine, lambda: self._inputs is not None
        )
        self._status_publisher = topics.STATUS.publisher(self)
        self._diagnostics_publisher = topics.DIAGNOSTICS.publisher(self)
        self._diagnostics = Diagnostics(self.get_fully_qualified_name(), self._current_settings)
        # With use_sim_time ROS time may stop, which is worth a report.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        period_s = self._settings.status.period_s
        self._status_timer = self.create_timer(period_s, self._publish_status, clock=steady)
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics, clock=steady)

    def start(self) -> bool:
        """Configure and activate where lifecycle.autostart asks for it; False if that failed."""
        if not self._settings.lifecycle.autostart:
            self.get_logger().info(
                "waiting for a lifecycle manager to configure and activate this node, as"
                " lifecycle.autostart is false"
            )
            return True
        transitions = (self.trigger_configure, self.trigger_activate)
        return all(start() == TransitionCallbackReturn.SUCCESS for start in transitions)

    def finish(self, timeout_s: float) -> bool:
        """Take no more frames and finish the one in work; False if that takes longer."""
        return self._engine is None or self._engine.pipeline.close(timeout_s)

    def destroy_node(self) -> None:
        """Finish the frame in work, then leave ROS."""
        self._release()
        self.leave()

    def leave(self) -> None:
        """Leave ROS under the work in progress, which cannot end well: the process must end now."""
        super().destroy_node()
        # rclpy forgets it, and it keeps the node open: 67 MB of shared memory would be left behind.
        self._state_machine.destroy_when_not_in_use()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        result = self._attempt("configure", self._configure)
        if result != TransitionCallbackReturn.SUCCESS:
            free_memory()  # of a model that was loaded in part
        return result

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("activate", self._activate)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("deactivate", self._deactivate)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("clean up", self._clean_up)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        return self._attempt("shut down", self._clean_up)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """After a fault in a transition, which reports go on to tell: start anew."""
        self._clean_up()
        return TransitionCallbackReturn.SUCCESS

    def _attempt(self, name: str, transition: Callable[[], None]) -> TransitionCallbackReturn:
        try:
            transition()
        except CAUSES_TO_MEND as cause:
            self._failed_transition = f"cannot {name}: {cause}"
            self._reporter.failure(self._failed_transition)
            return TransitionCallbackReturn.FAILURE
        except Exception as fault:  # of which rclpy would not say a word
            self._failed_transition = f"cannot {name}, for a fault of this node: {fault!r}"
            self._reporter.failure(self._failed_transition, traceback.format_exc())
            return TransitionCallbackReturn.ERROR
        self._failed_transition = ""
        return TransitionCallbackReturn.SUCCESS

    def _configure(self) -> None:
        self._engine = Engine(self, self._current_settings, self._load, self._reporter)
        introduce(self, self._settings, self._engine.model)

    def _activate(self) -> None:
        assert self._engine is not None
        pipeline = self._engine.pipeline
        with ownership(self) as self._listening:
            self._inputs = Inputs(
                self,
                self._current_settings,
                pipeline.submit,
                pipeline.note_scan,
                self._reporter,
            )
        pipeline.wake()

    def _deactivate(self) -> None:
        if self._inputs is not None:
            self._inputs.close()
        self._inputs = None
        self._listening.close()
        if self._engine is not None:
            self._engine.pipeline.silence()

    def _clean_up(self) -> None:
        self._release()
        free_memory()

    def _release(self) -> None:
        self._deactivate()
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def _current_settings(self) -> Settings:
        return self._settings

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        """Called when the descriptors have let the changes pass."""
        values = {change.name: change.value for change in changes}
        try:
            settings = with_values(self._settings, values)
            if self._engine is not None:
                check_changeable(self._settings, settings)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self._settings = settings
        period_ns = int(self._settings.status.period_s * 1e9)
        if period_ns != self._status_timer.timer_period_ns:
            self._status_timer.timer_period_ns = period_ns
            self._status_timer.reset()  # or it would wait for the end of the old one
        return SetParametersResult(successful=True)

    def _health(self) -> Health:
        engine, inputs = self._engine, self._inputs
        return Health(
            model=engine.model if engine else None,
            progress=engine.pipeline.progress() if engine else None,
            input=inputs.health() if inputs else None,
            resources=read_resources(engine.model.device if engine else ""),
            last_error=self._reporter.last_error,
            failed_transition=self._failed_transition,
        )

    def _publish_status(self) -> None:
        self._status_publisher.publish(self._health().to_status(self.get_clock().now().to_msg()))

    def _publish_diagnostics(self) -> None:
        report = self._diagnostics.report(self._health(), self.get_clock().now().to_msg())
        self._diagnostics_publisher.publish(report)
