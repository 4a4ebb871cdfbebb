"""`mem4d convert`: CUT3R's checkpoint in, an encoder that training starts from out."""

from __future__ import annotations

import argparse
from pathlib import Path

import cut3r_encoder
import pytest
import torch
from cut3r_encoder import Weights, random_encoder
from safetensors import safe_open
from safetensors.torch import load_file

from mem4d_ros.cli.main import main
from mem4d_ros.model.config import ViTConfig
from mem4d_ros.model.encoder import ViT
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.initial_model import initial_model

ROOT = Path(__file__).parents[2]
NETWORK = (
    "network={encoder: {kind: vit, width: 128, depth: 2, heads: 2, mlp_ratio: 2},"
    " width: 48, heads: 2, rope_dims: [8, 8, 8],"
    " head: {layer_widths: [8, 8, 8, 8], fusion_width: 8, output_width: 8}}"
)


def write_checkpoint(path: Path, width: int = 128, depth: int = 2, hidden: int = 256) -> Weights:
    """A file like CUT3R's, with a random encoder, which is returned."""
    torch.manual_seed(0)
    encoder = random_encoder(width, depth, hidden)
    model = {**encoder, "dec_blocks.0.norm1.bias": torch.zeros(2)}
    torch.save({"model": model, "args": argparse.Namespace(model="exit()"), "epoch": 3}, path)
    return encoder


def test_the_papers_recipe_starts_from_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, encoder = tmp_path / "cut3r.pth", tmp_path / "cut3r_encoder.safetensors"
    published = write_checkpoint(source)
    assert main(["convert", str(source), str(encoder), "--any-size", "--names"]) == 0
    said = capsys.readouterr().out
    assert "ViT: width 128, 2 blocks, 2 heads" in said
    assert "took 28 tensors: enc_blocks 24, enc_norm 2, patch_embed 2" in said
    assert "left 1 tensors: dec_blocks 1" in said
    assert "missed nothing" in said
    assert "  took enc_blocks.1.attn.qkv.weight\n" in said
    assert "CC BY-NC-SA 4.0" in said
    with safe_open(encoder, "pt") as file:
        assert file.metadata()["licence"] == "CC BY-NC-SA 4.0"

    recipe = TrainingConfig.load(ROOT / "training/large_paper.yaml", [NETWORK])
    assert recipe.encoder == encoder.name
    config = TrainingConfig.load(
        ROOT / "training/large_paper.yaml", [NETWORK, f"encoder={encoder}"]
    )
    model = initial_model(config)
    image = torch.rand(3, 48, 64)
    with torch.inference_mode():
        tokens = model.encoder(image[None]).tokens[0]
    assert torch.allclose(tokens, cut3r_encoder.features(published, image), atol=2e-4)
    assert not any(weight.requires_grad for weight in model.encoder.parameters())


def test_an_encoder_of_another_size_than_large_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_checkpoint(tmp_path / "cut3r.pth")
    assert main(["convert", str(tmp_path / "cut3r.pth"), str(tmp_path / "out")]) == 1
    assert "depth=24" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_another_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "other.pth"
    torch.save({"model": {"weight": torch.zeros(1)}}, path)
    assert main(["convert", str(path), str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert f"{path}: it holds no patch_embed.proj.weight" in said
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_the_size_of_the_public_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, encoder = tmp_path / "cut3r.pth", tmp_path / "encoder.safetensors"
    published = write_checkpoint(source, width=1024, depth=24, hidden=4096)
    assert main(["convert", str(source), str(encoder)]) == 0
    assert "24 blocks, 16 heads, patches of 16 px, 303.10 M" in capsys.readouterr().out
    with torch.device("meta"):
        vit = ViT(ViTConfig(), patch_size=16)
    vit.load_state_dict(load_file(encoder), assign=True)
    image = torch.rand(3, 64, 96)
    with torch.inference_mode():
        tokens = vit(image[None]).tokens[0]
    assert torch.allclose(tokens, cut3r_encoder.features(published, image), atol=2e-3)
