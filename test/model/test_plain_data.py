"""What fits becomes a dataclass; what does not is named by its path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mem4d_ros.model.plain_data import build


@dataclass(frozen=True)
class Wheel:
    radius: float
    spokes: int = 8

    def __post_init__(self) -> None:
        if self.radius <= 0:
            raise ValueError(f"radius must be more than 0, got {self.radius}")


@dataclass(frozen=True)
class Cart:
    name: str = "cart"
    braked: bool = False
    owner: str | None = None
    size: tuple[int, int] = (1, 2)
    wheels: tuple[Wheel, ...] = ()
    spare: Wheel | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def test_every_kind_of_value() -> None:
    data = {
        "name": "red",
        "braked": True,
        "owner": None,
        "size": [3, 4],
        "wheels": [{"radius": 1}, {"radius": 2.5, "spokes": 3}],
        "spare": {"radius": 1.5},
        "notes": {"any": [1, "thing"]},
    }
    assert build(Cart, data) == Cart(
        name="red",
        braked=True,
        size=(3, 4),
        wheels=(Wheel(1.0), Wheel(2.5, 3)),
        spare=Wheel(1.5),
        notes={"any": [1, "thing"]},
    )


@pytest.mark.parametrize("text", ["5e-4", "1e3", ".5"])
def test_numbers_that_yaml_reads_as_text(text: str) -> None:
    assert build(float, text, "key") == float(text)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"nmae": "x"}, "unknown key nmae; known: braked, name,"),
        ({"wheels": [{"radius": 1}, {"radius": 1, "spoke": 2}]}, "unknown key wheels.1.spoke"),
        ({"wheels": [{}]}, "wheels.0.radius is missing"),
        ({"wheels": [{"radius": -1}]}, "wheels.0: radius must be more than 0"),
        ({"spare": {"radius": "wide"}}, "spare.radius must be a number, got 'wide'"),
        ({"spare": {"radius": ".nan"}}, "spare.radius must be a number"),
        ({"spare": {"radius": True}}, "spare.radius must be a number"),
        ({"spare": 3}, "spare must be a table"),
        ({"name": 3}, "name must be a text"),
        ({"braked": "yes"}, "braked must be true or false"),
        ({"size": [1, 2.5]}, "size.1 must be a whole number"),
        ({"size": [1, True]}, "size.1 must be a whole number"),
        ({"size": [1, 2, 3]}, "size must be a list of 2"),
        ({"size": "12"}, "size must be a list"),
        ({"notes": []}, "notes must be a table"),
        ([], "must be a table"),
        (None, "must be a table"),
    ],
)
def test_what_does_not_fit_is_named(data: object, message: str) -> None:
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.") + "|the whole"):
        build(Cart, data)
