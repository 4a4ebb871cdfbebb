"""EfficientNet-Lite (Tan & Le 2019; the Lite variant: no squeeze-and-excitation, ReLU6).

The encoder is frozen, so batch normalisation is folded into the convolutions: each is a plain
convolution with a bias.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mem4d_ros.model.config import EfficientNetLiteConfig


class SameConv2d(nn.Conv2d):
    """Convolution padded like TensorFlow's SAME: ⌈size / stride⌉ outputs, odd pixel at the end."""

    def _padding(self, size: int, kernel: int, stride: int) -> tuple[int, int]:
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2

    def forward(self, x: Tensor) -> Tensor:
        """x (B, c, H, W) to (B, c', ceil(H / stride), ceil(W / stride))."""
        top, bottom = self._padding(x.shape[-2], self.kernel_size[0], self.stride[0])
        left, right = self._padding(x.shape[-1], self.kernel_size[1], self.stride[1])
        if top == bottom and left == right:
            return F.conv2d(x, self.weight, self.bias, self.stride, (top, left), 1, self.groups)
        # A kernel that begins with zeros takes equal padding: the map need not be copied for it.
        weight = _led_by_zeros(self.weight, bottom - top, right - left)
        return F.conv2d(x, weight, self.bias, self.stride, (bottom, right), 1, self.groups)


def _led_by_zeros(kernel: Tensor, rows: int, columns: int) -> Tensor:
    """The kernel (c', c, k, k) with rows above and columns left of it; `F.pad` fails in ONNX."""
    kernel = torch.cat((torch.zeros_like(kernel[..., :rows, :]), kernel), dim=-2)
    return torch.cat((torch.zeros_like(kernel[..., :columns]), kernel), dim=-1)


class InvertedResidual(nn.Module):
    """Expand (1×1), depthwise (k×k), project (1×1); a residual where shapes allow."""

    def __init__(
        self, channels_in: int, channels_out: int, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        hidden = channels_in * expansion
        self.expand = SameConv2d(channels_in, hidden, 1) if expansion != 1 else None
        self.depthwise = SameConv2d(hidden, hidden, kernel, stride=stride, groups=hidden)
        self.project = SameConv2d(hidden, channels_out, 1)
        self.residual = stride == 1 and channels_in == channels_out

    def forward(self, x: Tensor) -> Tensor:
        """x (B, c, H, W) to (B, c', H / stride, W / stride)."""
        y = x if self.expand is None else F.relu6(self.expand(x), inplace=True)
        y = self.project(F.relu6(self.depthwise(y), inplace=True))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """The convolutional trunk; gives the deepest map of each stride."""

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.stem = SameConv2d(3, config.stem_channels, 3, stride=2)
        self.blocks = nn.ModuleList()
        self.strides: list[int] = []
        channels, stride = config.stem_channels, 2
        self.channels_by_stride: dict[int, int] = {}
        for kernel, first_stride, expansion, width, repeats in config.stages:
            stride *= first_stride
            for repeat in range(repeats):
                step = first_stride if repeat == 0 else 1
                self.blocks.append(InvertedResidual(channels, width, kernel, step, expansion))
                self.strides.append(stride)
                channels = width
            self.channels_by_stride[stride] = width
        self._keep_variance()

    def _keep_variance(self) -> None:
        """Without normalisation an untrained trunk must keep the scale of its input by itself."""
        for module in self.modules():
            if isinstance(module, SameConv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.constant_(module.get_parameter("bias"), 0)

    def forward(self, x: Tensor) -> dict[int, Tensor]:
        """Maps (B, c, ceil(H / s), ceil(W / s)) by stride s for x (B, 3, H, W) in [-1, 1]."""
        maps: dict[int, Tensor] = {}
        x = F.relu6(self.stem(x), inplace=True)
        for stride, block in zip(self.strides, self.blocks, strict=True):
            x = block(x)
            maps[stride] = x
        return maps
