"""Heads at half resolution: enlarging, depth along rays, and what the pose leaves to do."""

from __future__ import annotations

import torch
from evidence import whole_evidence

from mem4d_ros.geometry import project, transform_points
from mem4d_ros.model import Mem4D
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.guided_heads import NEIGHBOURS, enlarge


def shares_of(neighbour: int, height: int, width: int) -> torch.Tensor:
    """All weight on one of the nine."""
    shares = torch.zeros(1, 1, NEIGHBOURS, 4, height, width)
    shares[:, :, neighbour] = 1
    return shares


def test_all_weight_on_the_middle_repeats_each_cell() -> None:
    maps = torch.rand(1, 2, 5, 7)
    enlarged = enlarge(maps, shares_of(4, 5, 7))
    assert torch.equal(enlarged, maps.repeat_interleave(2, -1).repeat_interleave(2, -2))


def test_all_weight_on_the_right_neighbour_shifts_by_a_cell() -> None:
    maps = torch.rand(1, 1, 5, 7)
    enlarged = enlarge(maps, shares_of(5, 5, 7))
    assert torch.equal(enlarged[..., ::2, :-2:2], maps[..., 1:])


def test_enlarging_stays_within_the_neighbours() -> None:
    maps = torch.rand(2, 1, 6, 6)
    shares = torch.randn(2, 1, NEIGHBOURS, 4, 6, 6).softmax(dim=2)
    enlarged = enlarge(maps, shares)
    highest = torch.nn.functional.max_pool2d(maps, 3, 1, 1).repeat_interleave(2, -1)
    assert (enlarged <= highest.repeat_interleave(2, -2) + 1e-6).all()


@torch.inference_mode()
def test_every_point_lies_on_its_pixels_ray(evidence_model: Mem4D) -> None:
    images, evidence = torch.rand(2, 3, 3, 48, 64), whole_evidence(2, 3)
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(64.0), indexing="ij")
    for given in (evidence, None):
        output = evidence_model.forward_sequence(images, evidence=given)
        pixels, depth = project(output.points_camera, output.intrinsics)
        assert (depth > 0).all()
        torch.testing.assert_close(
            pixels, torch.stack((x, y), -1).expand_as(pixels), atol=1e-2, rtol=0
        )


@torch.inference_mode()
def test_a_given_camera_is_the_one_of_the_rays(evidence_model: Mem4D) -> None:
    evidence = whole_evidence(2, 3)
    output = evidence_model.forward_sequence(torch.rand(2, 3, 3, 48, 64), evidence=evidence)
    assert evidence.intrinsics is not None
    assert torch.equal(output.intrinsics[1], evidence.intrinsics[1])
    assert not torch.allclose(output.intrinsics[0], evidence.intrinsics[0])


@torch.inference_mode()
def test_a_given_pose_places_the_self_view(evidence_model: Mem4D) -> None:
    evidence = whole_evidence(2, 3)
    output = evidence_model.forward_sequence(torch.rand(2, 3, 3, 48, 64), evidence=evidence)
    assert evidence.camera_to_world is not None
    placed = transform_points(evidence.camera_to_world, output.points_camera)
    torch.testing.assert_close(output.points_world[0], placed[0])
    assert torch.equal(output.confidence_world[0], output.confidence_camera[0])
    assert not torch.allclose(output.points_world[1], placed[1])


@torch.inference_mode()
def test_with_a_pose_for_all_the_second_dense_head_does_not_run(evidence_model: Mem4D) -> None:
    calls: list[object] = []
    handle = evidence_model.heads.world.register_forward_hook(lambda *call: calls.append(call))
    image, state = torch.rand(1, 3, 48, 64), evidence_model.initial_state()
    evidence_model.step(image, state, Evidence(camera_to_world=torch.eye(4)[None]))
    assert calls == []
    evidence_model.step(image, state)
    assert len(calls) == 1
    handle.remove()
