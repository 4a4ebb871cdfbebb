"""Parts of the network that another engine than torch may compute: functions of tensors alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn


@dataclass(frozen=True)
class Part:
    """A method of a module whose result depends on its arguments and the weights alone.

    Attributes:
        name: for whoever reads of it, and for files.
        module, method: whose method it is; the module holds all weights that it uses.
        growing: arguments whose tensors may have any length along an axis, by that axis.
        stage: name of the stage that the method itself is, if it is one.
    """

    name: str
    module: nn.Module
    method: str = "forward"
    growing: Mapping[str, int] = field(default_factory=dict)
    stage: str | None = None

    def function(self) -> Callable[..., Any]:
        """The method, as it is now."""
        function: Callable[..., Any] = getattr(self.module, self.method)
        return function

    def replace_by(self, function: Callable[..., Any]) -> None:
        """Have the module call `function` in place of its method."""
        setattr(self.module, self.method, function)
