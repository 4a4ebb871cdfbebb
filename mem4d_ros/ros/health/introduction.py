"""The lines by which a node that was configured says what it is."""

from __future__ import annotations

from rclpy.node import Node

from mem4d_ros.ros.interface import topics
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.pipeline.inputs import resolved_name


def introduce(node: Node, settings: Settings, model: LoadedModel) -> None:
    """Say model, device, precision, sizes, topics and their QoS in one line; then what to know."""
    image = topics.image_topic(settings.input)
    outputs = ", ".join(
        f"{node.resolve_topic_name(topic.name)} ({topics.describe_qos(topic)})"
        for topic in topics.OUTPUTS
    )
    node.get_logger().info(
        f"Mem4D {model.preset or 'custom'} with {model.checkpoint or 'random weights'}"
        f" on {model.device} in {model.precision}, images at {model.image_size} px;"
        f" memories: {model.reconstructor.memory};"
        f" images from {resolved_name(node, image)} ({topics.describe_qos(image)});"
        f"{_odometry(node, settings)} TF {settings.tf.mode}; to {outputs}"
    )
    if settings.model.device == "auto" and model.device == "cpu":
        node.get_logger().info("no CUDA device is available: the network runs on the CPU")
    if not model.checkpoint:
        node.get_logger().warning(
            "the weights are random: everything is published, but nothing of it is true;"
            " set model.checkpoint to trained weights"
        )


def _odometry(node: Node, settings: Settings) -> str:
    """Topic of the external odometry; empty if it is not used."""
    if not settings.asks_for_odometry:
        return ""
    if settings.external_odometry.source == "tf":
        return " odometry from TF;"
    topic = topics.EXTERNAL_ODOMETRY
    return f" odometry from {resolved_name(node, topic)} ({topics.describe_qos(topic)});"
