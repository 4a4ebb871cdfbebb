"""Small networks, built once."""

from __future__ import annotations

import pytest
from small_networks import SMALL_CONVOLUTIONAL, SMALL_EVIDENCE, SMALL_VIT, small_model

from mem4d_ros.model import Mem4D


@pytest.fixture(scope="session", params=["vit", "efficientnet_lite", "evidence"])
def model(request: pytest.FixtureRequest) -> Mem4D:
    """A small network with each kind of encoder, and one that takes evidence."""
    configs = {
        "vit": SMALL_VIT,
        "efficientnet_lite": SMALL_CONVOLUTIONAL,
        "evidence": SMALL_EVIDENCE,
    }
    return small_model(configs[request.param])


@pytest.fixture(scope="session")
def vit_model() -> Mem4D:
    return small_model(SMALL_VIT)


@pytest.fixture(scope="session")
def evidence_model() -> Mem4D:
    return small_model(SMALL_EVIDENCE)
