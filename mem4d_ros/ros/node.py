"""The node: wires inputs, pipeline, outputs and services together."""

from collections.abc import Callable
from contextlib import ExitStack

from rcl_interfaces.msg import SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from mem4d_ros.ros import topics
from mem4d_ros.ros.health import Health
from mem4d_ros.ros.inputs import Inputs
from mem4d_ros.ros.loading import LoadedModel, load_model
from mem4d_ros.ros.outputs import Outputs
from mem4d_ros.ros.parameters import ParameterError, declare_parameters, with_values
from mem4d_ros.ros.pipeline import Pipeline
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import Settings

DIAGNOSTICS_PERIOD_S = 1.0


class Mem4DNode(Node):
    """Images in; clouds, depth and poses out.

    Callbacks of the executor only store what arrives. Decoding, the network and publishing run on
    the pipeline's thread, so that services, parameters and TF stay responsive.
    """

    def __init__(self, load: Callable[[Settings], LoadedModel] = load_model) -> None:
        """Declare the parameters, load the model and start listening.

        Raises ParameterError, rclpy's ParameterException, and what `load` raises.
        """
        self._cleanup = ExitStack()  # rclpy destroys half-made nodes, too
        super().__init__("mem4d")
        self._settings = declare_parameters(self)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._model = load(self._settings)
        self._reporter = Reporter(self.get_logger())
        outputs = Outputs(self, self._settings, self._reporter)
        self._pipeline = Pipeline(
            self._model.reconstructor, outputs, self._current_settings, self._reporter
        )
        self._cleanup.callback(self._pipeline.close)
        self._inputs = Inputs(self, self._current_settings, self._pipeline.submit, self._reporter)
        self._status = topics.STATUS.publisher(self)
        self._diagnostics = topics.DIAGNOSTICS.publisher(self)
        self.create_timer(self._settings.status.period_s, self._publish_status)
        self.create_timer(DIAGNOSTICS_PERIOD_S, self._publish_diagnostics)
        self.create_service(topics.RESET.type, topics.RESET.name, self._on_reset)
        self._introduce()

    def destroy_node(self) -> None:
        """Finish the frame in work, then leave ROS."""
        self._cleanup.close()
        super().destroy_node()

    def _current_settings(self) -> Settings:
        return self._settings

    def _on_set_parameters(self, changes: list[Parameter]) -> SetParametersResult:
        """Called when the descriptors have let the changes pass."""
        values = {change.name: change.value for change in changes}
        try:
            self._settings = with_values(self._settings, values)
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._pipeline.request_reset()
        response.success = True
        response.message = "the memory is emptied before the next frame, which starts a new world"
        return response

    def _health(self) -> Health:
        return Health(
            model=self._model,
            progress=self._pipeline.progress(),
            image_topic=self._inputs.image_topic,
            has_heard=self._inputs.has_heard,
            is_stalled=self._inputs.is_stalled,
            last_error=self._reporter.last_error,
        )

    def _publish_status(self) -> None:
        self._status.publish(self._health().to_status(self.get_clock().now().to_msg()))

    def _publish_diagnostics(self) -> None:
        now = self.get_clock().now().to_msg()
        self._diagnostics.publish(
            self._health().to_diagnostics(self.get_fully_qualified_name(), now)
        )

    def _introduce(self) -> None:
        settings, model = self._settings, self._model
        memory = settings.memory
        outputs = ", ".join(
            f"{self.resolve_topic_name(topic.name)} ({topics.describe_qos(topic.qos)})"
            for topic in topics.OUTPUTS
        )
        self.get_logger().info(
            f"Mem4D {model.preset or 'custom'} with {model.checkpoint or 'random weights'}"
            f" on {model.device} in {model.precision}, images at {model.image_size} px;"
            f" memories: TCA {memory.tca_window}, TDM {memory.tdm_size}, PSM {memory.psm_size};"
            f" images from {self._inputs.image_topic}"
            f" ({topics.describe_qos(topics.image_topic(settings.input).qos)});"
            f" TF {settings.tf.mode}; to {outputs}"
        )
        if settings.model.device == "auto" and model.device == "cpu":
            self.get_logger().info("no CUDA device is available: the network runs on the CPU")
        if not model.checkpoint:
            self.get_logger().warning(
                "the weights are random: everything is published, but nothing of it is true;"
                " set model.checkpoint to trained weights"
            )
