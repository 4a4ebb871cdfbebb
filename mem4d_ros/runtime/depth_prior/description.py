"""What somebody's depth network takes and says, as a YAML file beside it tells."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

METRIC, RELATIVE, INVERSE = "metric", "relative", "inverse"
KINDS = (METRIC, RELATIVE, INVERSE)


class DepthPriorError(RuntimeError):
    """A depth network, or its description, that cannot be used; the message says what to mend."""


@dataclass(frozen=True)
class Description:
    """A depth network from the outside.

    Attributes:
        width, height: of its image in pixels.
        output: what it says of a pixel: `metric` depth, `relative` depth (up to a scale), or
            `inverse` depth up to a scale and an offset, as Depth Anything and MiDaS have it.
        mean, std: of RGB in [0, 1], taken off and divided by.
        deviation: standard deviation of log depth, once it is scaled.
        scale_deviation: the same of a metric network's scale, where nothing else tells it.
    """

    width: int
    height: int
    output: str
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    deviation: float = 0.15
    scale_deviation: float = 0.3

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 16 <= value <= 4096:
                raise ValueError(f"{name} must be a whole number of pixels, 16 to 4096: {value!r}")
        if self.output not in KINDS:
            raise ValueError(f"output must be one of {', '.join(KINDS)}: {self.output!r}")
        for name in ("deviation", "scale_deviation"):
            if not _is_positive(getattr(self, name)):
                raise ValueError(f"{name} must be a positive number: {getattr(self, name)!r}")
        if not _are_three(self.mean) or not _are_three(self.std) or not all(self.std):
            raise ValueError(
                f"mean and std must be three numbers each, std not 0: {self.mean!r}, {self.std!r}"
            )


def read_description(network: Path) -> Description:
    """Read the YAML file beside a network, NAME.yaml for NAME.onnx.

    Raises:
        DepthPriorError: it is not there, is no YAML, or lacks or misnames something.
    """
    import yaml

    path = network.with_suffix(".yaml")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DepthPriorError(
            f"{path} is missing: it says what {network.name} takes (docs/depth_prior.md)"
        ) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DepthPriorError(f"{path} cannot be read: {' '.join(str(error).split())}") from error
    try:
        return _described(data)
    except ValueError as error:
        raise DepthPriorError(f"{path}: {error}") from error


def _described(data: Any) -> Description:
    if not isinstance(data, dict):
        raise ValueError("it is no table of names and values")
    known = {field.name for field in fields(Description)}
    unknown = sorted(str(name) for name in data if name not in known)
    if unknown:
        raise ValueError(f"{', '.join(unknown)} means nothing here: {', '.join(sorted(known))} do")
    missing = sorted({"width", "height", "output"} - set(data))
    if missing:
        raise ValueError(f"{', '.join(missing)} must be told")
    listed: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
    }
    return Description(**listed)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _are_three(values: object) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) == 3
        and all(isinstance(v, int | float) and abs(v) < 1e6 for v in values)
    )
