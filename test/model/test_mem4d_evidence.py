"""The whole network with evidence: two ways to run it, nothing forced, the right properties."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from evidence import INTRINSICS, points_on, whole_evidence
from small_networks import SMALL_CONVOLUTIONAL, SMALL_EVIDENCE

from mem4d_ros.model import FrameOutput, Mem4D
from mem4d_ros.model.evidence import Evidence

NAMES = [field.name for field in fields(FrameOutput)]
LENGTH = 15


def depth_of(model: Mem4D, image: torch.Tensor, evidence: Evidence | None) -> torch.Tensor:
    """Self-view depth (B, H, W) of a first frame."""
    with torch.inference_mode():
        output, _ = model.step(image, model.initial_state(), evidence)
    return output.points_camera[..., 2]


def test_step_equals_forward_sequence_with_all_evidence(evidence_model: Mem4D) -> None:
    torch.manual_seed(1)
    images, evidence = torch.rand(3, LENGTH, 3, 48, 64), whole_evidence(3, LENGTH)
    assert evidence_model.config.memory.psm_size < LENGTH
    with torch.inference_mode():
        sequence = evidence_model.forward_sequence(images, evidence=evidence)
        state, outputs = evidence_model.initial_state(), []
        for t in range(LENGTH):
            output, state = evidence_model.step(images[:, t], state, evidence.at(t))
            outputs.append(output)
    online = FrameOutput.stack(outputs)
    for name in NAMES:
        a, b = getattr(online, name), getattr(sequence, name)
        assert (a - b).abs().max() <= 1e-4 * b.abs().max(), name


def test_every_kind_of_evidence_changes_the_outcome(evidence_model: Mem4D) -> None:
    torch.manual_seed(1)
    images, evidence = torch.rand(2, 4, 3, 48, 64), whole_evidence(2, 4)
    nothing = {"has_intrinsics": None, "has_pose": None}
    kinds = [
        Evidence(intrinsics=evidence.intrinsics),
        Evidence(depth=evidence.depth, deviation=evidence.deviation),
        replace(evidence, intrinsics=None, depth=None, deviation=None, **nothing),
    ]
    with torch.inference_mode():
        without = evidence_model.forward_sequence(images).points_world
        for kind in kinds:
            found = evidence_model.forward_sequence(images, evidence=kind).points_world
            assert (found - without).abs().max() > 1e-3


def test_untrained_evidence_leaves_the_tokens_as_they_are() -> None:
    torch.manual_seed(0)
    model = Mem4D(SMALL_EVIDENCE).eval()
    image, evidence = torch.rand(2, 3, 48, 64), whole_evidence(2, 1).at(0)
    with torch.inference_mode():
        encoded = model.evidence_encoder(evidence, image)
        assert encoded.tokens.abs().max() == 0
        assert all(map_.abs().max() == 0 for map_ in encoded.maps.values())


def test_no_points_equal_zero_points(evidence_model: Mem4D) -> None:
    image, nothing = torch.rand(1, 3, 48, 64), torch.zeros(1, 48, 64)
    empty = depth_of(evidence_model, image, Evidence(depth=nothing, deviation=nothing))
    assert torch.equal(empty, depth_of(evidence_model, image, None))


def test_depth_scales_when_points_scale(evidence_model: Mem4D) -> None:
    image = torch.rand(1, 3, 48, 64)
    depth = torch.linspace(2, 4, 64).expand(1, 48, 64)
    once, thrice = (depth_of(evidence_model, image, points_on(s * depth)) for s in (1.0, 3.0))
    torch.testing.assert_close(3 * once, thrice, rtol=1e-3, atol=0)


def test_a_point_of_tiny_deviation_is_met_within_5_percent(evidence_model: Mem4D) -> None:
    depth = torch.linspace(2, 4, 64).expand(1, 48, 64)
    evidence = points_on(depth, relative=1e-4)
    found = depth_of(evidence_model, torch.rand(1, 3, 48, 64), evidence)
    assert evidence.depth is not None
    known = evidence.depth > 0
    torch.testing.assert_close(found[known], depth[known], rtol=0.05, atol=0)


def test_evidence_for_the_papers_network_is_refused() -> None:
    model = Mem4D(SMALL_CONVOLUTIONAL).eval()
    with pytest.raises(ValueError, match="takes no evidence"):
        model.step(
            torch.rand(1, 3, 48, 64), model.initial_state(), Evidence(intrinsics=INTRINSICS[None])
        )


def test_every_parameter_is_reached_by_the_gradient_of_mixed_evidence() -> None:
    from small_networks import alive

    torch.manual_seed(0)
    network = alive(Mem4D(SMALL_EVIDENCE))
    output = network.forward_sequence(torch.rand(2, 10, 3, 48, 64), evidence=whole_evidence(2, 10))
    sum(getattr(output, name).square().mean() for name in NAMES).backward()
    untouched = [
        name
        for name, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.abs().max() > 0
    ]
    assert untouched == []


@pytest.mark.parametrize("count", [0, 1, 3000])
def test_any_number_of_points_is_legal(evidence_model: Mem4D, count: int) -> None:
    rng = np.random.default_rng(count)
    depth = torch.zeros(1, 48 * 64)
    depth[0, rng.choice(48 * 64, count, replace=False)] = 3.0
    depth = depth.view(1, 48, 64)
    found = depth_of(
        evidence_model, torch.rand(1, 3, 48, 64), Evidence(depth=depth, deviation=0.1 * depth)
    )
    assert found.isfinite().all()
    assert (found > 0).all()
