"""The whole network: one function run in two ways, streams apart, memory bounded."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, alive
from torch.utils.flop_counter import FlopCounterMode

from mem4d_ros.model import FrameOutput, Mem4D, MemorySizes, MemoryState

NAMES = [field.name for field in fields(FrameOutput)]


def run(
    model: Mem4D, images: torch.Tensor, memory: MemorySizes | None = None
) -> tuple[FrameOutput, MemoryState]:
    """Step through images (B, T, 3, H, W)."""
    state = model.initial_state(memory)
    outputs = []
    with torch.inference_mode():
        for image in images.unbind(dim=1):
            output, state = model.step(image, state)
            outputs.append(output)
    return FrameOutput.stack(outputs), state


def difference(a: FrameOutput, b: FrameOutput) -> float:
    """Largest relative difference over all outputs, relative to each output's largest value."""
    return max(
        float((getattr(a, n) - getattr(b, n)).abs().max() / getattr(b, n).abs().max())
        for n in NAMES
    )


def numbers_held(value: object) -> int:
    """How many tensor elements a state holds, wherever they are."""
    if isinstance(value, torch.Tensor):
        return value.numel()
    if isinstance(value, dict):
        return sum(numbers_held(v) for v in value.values())
    if isinstance(value, (tuple, list)):
        return sum(numbers_held(v) for v in value)
    if hasattr(value, "__dataclass_fields__"):
        return sum(numbers_held(getattr(value, f.name)) for f in fields(value))
    return 0


def test_step_equals_forward_sequence_beyond_every_memory(model: Mem4D) -> None:
    torch.manual_seed(1)
    images = torch.rand(2, 20, 3, 48, 64)
    assert images.shape[1] > max(model.config.memory.psm_size, model.config.memory.tca_window)
    with torch.inference_mode():
        sequence = model.forward_sequence(images)
    online, _ = run(model, images)
    assert difference(online, sequence) <= 1e-4


def test_every_memory_changes_the_outcome(vit_model: Mem4D) -> None:
    """Guards the test above: were a memory ignored, the two ways would agree in vain."""
    torch.manual_seed(1)
    images = torch.rand(1, 8, 3, 48, 64)
    full, _ = run(vit_model, images)
    for without in (MemorySizes(0, 2, 12), MemorySizes(5, 0, 12), MemorySizes(5, 2, 1)):
        reduced, _ = run(vit_model, images, without)
        assert difference(reduced, full) > 1e-3, without


@pytest.mark.parametrize(
    "memory",
    [MemorySizes(0, 2, 12), MemorySizes(5, 0, 12), MemorySizes(5, 2, 1), MemorySizes(0, 0, 1)],
    ids=["no TCA", "no TDM", "PSM of 1", "none"],
)
def test_ablated_memories_are_legal(vit_model: Mem4D, memory: MemorySizes) -> None:
    images = torch.rand(1, 9, 3, 48, 64)
    online, _ = run(vit_model, images, memory)
    with torch.inference_mode():
        assert difference(online, vit_model.forward_sequence(images, memory)) <= 1e-4


def test_two_streams_in_a_batch_do_not_mix(model: Mem4D) -> None:
    torch.manual_seed(2)
    images = torch.rand(2, 8, 3, 48, 64)
    together, _ = run(model, images)
    for stream in range(2):
        alone, _ = run(model, images[stream : stream + 1])
        share = FrameOutput(*(getattr(together, n)[stream : stream + 1] for n in NAMES))
        assert difference(share, alone) <= 1e-4


@pytest.mark.parametrize(
    ("height", "width"), [(96, 512), (512, 96), (112, 176), (208, 144), (96, 96), (16, 32)]
)
def test_any_size_in_multiples_of_16(model: Mem4D, height: int, width: int) -> None:
    images = torch.rand(1, 8, 3, height, width)
    output, _ = run(model, images)
    assert output.points_world.shape == output.points_camera.shape == (1, 8, height, width, 3)
    assert output.confidence_world.shape == (1, 8, height, width)
    for name in NAMES:
        assert getattr(output, name).isfinite().all(), name


@pytest.mark.parametrize("size", [(100, 96), (96, 8), (0, 96)])
def test_other_sizes_are_refused_with_the_reason(vit_model: Mem4D, size: tuple) -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        vit_model.step(torch.rand(1, 3, *size), vit_model.initial_state())


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.zeros(3, 48, 64), r"must be \(B, 3, H, W\), got \(3, 48, 64\)"),
        (torch.zeros(1, 48, 64, 3), r"must be \(B, 3, H, W\), got \(1, 48, 64, 3\)"),
        (torch.zeros(1, 3, 48, 64, dtype=torch.uint8), "got torch.uint8: divide uint8 by 255"),
    ],
    ids=["no batch", "channels last", "uint8"],
)
def test_what_is_no_image_is_refused_with_the_reason(
    vit_model: Mem4D, image: torch.Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        vit_model.step(image, vit_model.initial_state())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (torch.zeros(1, 3, 48, 64), r"must be \(B, T, 3, H, W\), got \(1, 3, 48, 64\)"),
        (torch.zeros(1, 2, 3, 48, 64, dtype=torch.uint8), "got torch.uint8"),
    ],
    ids=["no time", "uint8"],
)
def test_what_is_no_sequence_is_refused_with_the_reason(
    vit_model: Mem4D, images: torch.Tensor, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        vit_model.forward_sequence(images)


def test_a_stream_keeps_its_size(vit_model: Mem4D) -> None:
    _, state = run(vit_model, torch.rand(1, 2, 3, 48, 64))
    with pytest.raises(ValueError, match="needs a new state"):
        vit_model.step(torch.rand(1, 3, 64, 48), state)


def test_outputs_keep_their_promises(model: Mem4D) -> None:
    output, _ = run(model, torch.rand(2, 4, 3, 48, 64))
    assert (output.confidence_world >= 1).all()
    assert (output.confidence_camera >= 1).all()
    torch.testing.assert_close(output.quaternion.norm(dim=-1), torch.ones(2, 4))
    assert ((output.field_of_view > 0) & (output.field_of_view < torch.pi)).all()
    pose = output.camera_to_world()
    assert pose.shape == (2, 4, 4, 4)
    torch.testing.assert_close(
        pose[..., :3, :3] @ pose[..., :3, :3].mT, torch.eye(3).expand(2, 4, 3, 3), atol=1e-5, rtol=0
    )
    k = output.intrinsics
    half_width = torch.atan(64 / 2 / k[..., 0, 0])
    torch.testing.assert_close(2 * half_width, output.field_of_view[..., 0])


def test_the_state_stops_growing_and_keeps_the_first_frame(vit_model: Mem4D) -> None:
    # Beyond capacity the plan repeats with the period of the widest temporal kernel.
    period = vit_model.config.structure_memory.tiers[-1].kernel[0]
    sizes, state = [], vit_model.initial_state()
    with torch.inference_mode():
        for _ in range(40):
            _, state = vit_model.step(torch.rand(1, 3, 32, 32), state)
            sizes.append(numbers_held(state))
            assert state.structure.frames[0] == 0
            assert len(state.structure.frames) <= state.memory.psm_size
    steady = sizes[20:]
    assert sizes[0] < sizes[8] < steady[0] * 1.5
    assert all(a == b for a, b in zip(steady, steady[period:], strict=False))


def test_a_step_leaves_the_old_state_usable(vit_model: Mem4D) -> None:
    images = torch.rand(1, 6, 3, 32, 32)
    _, state = run(vit_model, images)
    with torch.inference_mode():
        first, _ = vit_model.step(images[:, 0], state)
        vit_model.step(images[:, 1], state)
        again, _ = vit_model.step(images[:, 0], state)
    assert difference(first, again) == 0


def test_memories_can_be_resized_while_running(vit_model: Mem4D) -> None:
    images = torch.rand(1, 14, 3, 32, 32)
    _, state = run(vit_model, images)
    small = state.resized(MemorySizes(2, 1, 5))
    assert small.occupancy().tca_window == 2
    assert small.occupancy().tdm_size == 1
    assert small.structure.frames[0] == 0
    assert 4 <= len(small.structure.frames) <= 5
    with torch.inference_mode():
        for _ in range(20):
            output, small = vit_model.step(torch.rand(1, 3, 32, 32), small)
            assert len(small.structure.frames) <= 5
        grown = small.resized(MemorySizes(7, 3, 9))
        for _ in range(12):
            output, grown = vit_model.step(torch.rand(1, 3, 32, 32), grown)
    assert output.points_world.isfinite().all()
    assert (len(grown.window), len(grown.motion)) == (7, 3)
    assert 8 <= len(grown.structure.frames) <= 9


@pytest.mark.parametrize("config", [SMALL_VIT, SMALL_CONVOLUTIONAL], ids=["vit", "lite"])
def test_every_parameter_is_reached_by_the_gradient(config: object) -> None:
    torch.manual_seed(0)
    network = alive(Mem4D(replace(config, memory=MemorySizes(5, 2, 12))))
    output = network.forward_sequence(torch.rand(1, 10, 3, 48, 64))
    sum(getattr(output, name)[:, -1].square().mean() for name in NAMES).backward()
    untouched = [
        name
        for name, weight in network.named_parameters()
        if weight.grad is None or not weight.grad.abs().max() > 0
    ]
    assert untouched == []


def test_bfloat16_stays_close_to_float32(vit_model: Mem4D) -> None:
    images = torch.rand(1, 6, 3, 48, 64)
    exact, _ = run(vit_model, images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough, _ = run(vit_model, images)
    assert rough.points_world.dtype == torch.float32
    assert difference(rough, exact) < 0.1


@pytest.mark.long
def test_work_per_step_stops_growing_once_the_memories_are_full(vit_model: Mem4D) -> None:
    """Counted operations stand for time: they do not depend on what else the machine does."""
    work, state = [], vit_model.initial_state()
    with torch.inference_mode():
        for _ in range(40):
            with FlopCounterMode(display=False) as counter:
                _, state = vit_model.step(torch.rand(1, 3, 32, 32), state)
            work.append(counter.get_total_flops())
    period = vit_model.config.structure_memory.tiers[-1].kernel[0]
    steady = work[20:]
    assert 0 < work[0] < work[8]
    assert all(a == b for a, b in zip(steady, steady[period:], strict=False))
