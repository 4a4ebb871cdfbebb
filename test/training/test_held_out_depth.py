"""AbsRel of depth whose errors are known, and that points reach the network."""

from __future__ import annotations

import pytest
import torch
from made_up_clips import plane_clips
from torch import Tensor

from mem4d_ros.model.evidence import Evidence
from mem4d_ros.training import held_out_depth
from mem4d_ros.training.held_out_depth import HeldOutDepth, absolute_relative


def test_under_one_scale_only_the_shape_counts() -> None:
    true = 1 + torch.rand(3, 2, 6, 8)
    scaled, metric = absolute_relative(1.25 * true, true)
    torch.testing.assert_close(scaled, torch.zeros(3), rtol=0, atol=1e-6)
    torch.testing.assert_close(metric, torch.full((3,), 0.25))


def test_a_few_wrong_pixels_do_not_move_the_scale() -> None:
    true = torch.full((1, 1, 10, 10), 2.0)
    predicted = true.clone()
    predicted[..., 0, :] = 3.0
    scaled, metric = absolute_relative(predicted, true)
    assert scaled.item() == metric.item() == pytest.approx(0.1 * 0.5)


def test_unknown_pixels_do_not_count() -> None:
    true = torch.full((1, 1, 4, 4), 2.0)
    true[..., 0] = 0
    predicted = true + torch.where(true > 0, 0.5, 99.0)
    assert absolute_relative(predicted, true)[1].item() == pytest.approx(0.25)


def test_points_reach_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that says 1 m everywhere but at its points."""

    def at_points(model: object, images: Tensor, evidence: Evidence) -> Tensor:
        assert evidence.depth is not None
        assert evidence.intrinsics is not None
        assert evidence.intrinsics.shape == (*images.shape[:2], 3, 3)
        counts.append((evidence.depth > 0).sum((-1, -2)).flatten().tolist())
        return torch.where(evidence.depth > 0, evidence.depth, 1.5)

    counts: list[list[int]] = []
    monkeypatch.setattr(held_out_depth, "predicted_depth", at_points)
    measure = HeldOutDepth(lambda: {"mesh": [plane_clips(2, 1, 48, 64)]}, torch.float32)
    found = measure(torch.nn.Linear(1, 1))  # type: ignore[arg-type]
    assert set(found) == {f"mesh_{n}{m}" for n in (0, 100, 300) for m in ("", "_metric")}
    assert found["mesh_0_metric"] == pytest.approx(0.5)
    assert found["mesh_0"] == pytest.approx(0)
    assert 0.4 < found["mesh_300_metric"] < found["mesh_100_metric"] < 0.5
    assert counts[0][:2] == [0, 0]
    assert 50 < counts[0][2] <= 100
