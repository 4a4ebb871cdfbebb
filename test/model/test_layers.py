"""Attention against a softmax written out, and a memory against plain self-attention."""

from __future__ import annotations

import math

import pytest
import torch

from mem4d_ros.model import layers
from mem4d_ros.model.layers import Attention, Block, BlockStack, KeyValue, attend
from mem4d_ros.model.rope import Rotation, grid_positions, rotation

WIDTH, HEADS = 32, 2


def rotate(count: int, start: int = 0) -> Rotation:
    tokens = torch.zeros(1)
    return rotation(grid_positions([start], 1, count), (4, 6, 6), 100.0).to(tokens)


@torch.no_grad()
def test_attention_is_softmax_of_scaled_products() -> None:
    torch.manual_seed(0)
    attention = Attention(WIDTH, HEADS)
    x = torch.randn(1, 5, WIDTH)
    turn = rotate(5)
    head = WIDTH // HEADS
    key, value = attention.key_value_projection(x)[0].split(WIDTH, dim=-1)
    query = attention.query(x)[0]
    rows = []
    for i in range(HEADS):
        share = slice(i * head, (i + 1) * head)
        q, k = (turn.apply(t[:, share][None, None])[0, 0] for t in (query, key))
        weights = torch.zeros(5, 5)
        for a in range(5):
            exponents = [math.exp(float(q[a] @ k[b]) / math.sqrt(head)) for b in range(5)]
            weights[a] = torch.tensor(exponents) / sum(exponents)
        rows.append(weights @ value[:, share])
    expected = attention.output(torch.cat(rows, dim=-1))
    torch.testing.assert_close(attention(x, turn)[0], expected, rtol=1e-4, atol=1e-5)


def test_attention_in_bf16_is_that_in_float32_to_its_precision() -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, count, 16) for count in (5, 7, 7))
    exact = attend(query, KeyValue(key, value))
    reduced = attend(query.bfloat16(), KeyValue(key.bfloat16(), value.bfloat16()))
    assert reduced.dtype == torch.bfloat16
    torch.testing.assert_close(reduced.float(), exact, rtol=0, atol=0.03)


def test_queries_taken_in_parts_attend_as_they_do_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(2, 3, count, 16).bfloat16() for count in (11, 7, 7))
    together = attend(query, KeyValue(key, value))
    monkeypatch.setattr(layers, "WEIGHTS_BYTES", 1)
    monkeypatch.setattr(layers, "MIN_QUERIES", 4)
    torch.testing.assert_close(attend(query, KeyValue(key, value)), together)


def test_reading_a_memory_is_self_attention_restricted_to_the_current_queries() -> None:
    torch.manual_seed(0)
    block = Block(WIDTH, HEADS, 2.0)
    current, memory = torch.randn(2, 4, WIDTH), torch.randn(2, 7, WIDTH)
    here, there = rotate(4), rotate(7, start=-3)
    together = block(torch.cat((current, memory), dim=1), Rotation.cat((here, there)))
    read = block(current, here, block.key_value(memory, there))
    torch.testing.assert_close(read, together[:, :4], rtol=1e-5, atol=1e-5)


def test_attending_to_others_gives_what_full_self_attention_gives_the_current_tokens() -> None:
    torch.manual_seed(0)
    stack = BlockStack(3, WIDTH, HEADS, 2.0)
    current, others = torch.randn(2, 4, WIDTH), torch.randn(2, 7, WIDTH)
    here, there = rotate(4), rotate(7, start=-3)
    full = stack(torch.cat((current, others), dim=1), Rotation.cat((here, there)))
    attended = stack.attend(current, here, others, there)
    torch.testing.assert_close(attended, full[:, :4], rtol=1e-5, atol=1e-5)


def test_an_empty_memory_changes_nothing() -> None:
    torch.manual_seed(0)
    block = Block(WIDTH, HEADS, 2.0)
    x, turn = torch.randn(1, 4, WIDTH), rotate(4)
    nothing = block.key_value(x[:, :0], Rotation(turn.cos[:0], turn.sin[:0]))
    torch.testing.assert_close(block(x, turn, nothing), block(x, turn))


def test_layers_of_stacked_keys_can_be_picked() -> None:
    stacked = KeyValue(torch.arange(24.0).reshape(3, 1, 1, 2, 4), torch.zeros(3, 1, 1, 2, 4))
    both = KeyValue.cat((stacked, stacked))
    assert both.key.shape == (3, 1, 1, 4, 4)
    torch.testing.assert_close(both.layer(1).key[:, :, 2:], stacked.layer(1).key)
