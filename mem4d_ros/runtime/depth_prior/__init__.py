"""A depth network of one's own, as ONNX, beside what geometry knows."""

from __future__ import annotations

from mem4d_ros.runtime.depth_prior.description import DepthPriorError, Description
from mem4d_ros.runtime.depth_prior.network import DepthNetwork
from mem4d_ros.runtime.depth_prior.prior import DepthPrior

__all__ = ["DepthNetwork", "DepthPrior", "DepthPriorError", "Description"]
