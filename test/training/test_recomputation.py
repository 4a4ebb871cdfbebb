"""Less is kept for the backward pass, and nothing else changes."""

from __future__ import annotations

import gc

import torch
from small_networks import SMALL_CONVOLUTIONAL, small_model
from torch import Tensor

from mem4d_ros.model import Mem4D
from mem4d_ros.training.recomputation import recompute_activations


def kept_bytes_and_gradients(model: Mem4D, images: Tensor) -> tuple[int, dict[str, Tensor]]:
    """What lives between the passes, each storage counted once, and the gradients.

    Some of it autograd keeps where Python does not see it, some is kept by Python alone.
    """
    storages: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    before = {id(thing) for thing in gc.get_objects()}

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        output = model.forward_sequence(images)
        loss = sum(value.square().mean() for value in vars(output).values())
    for thing in gc.get_objects():
        if type(thing) is Tensor and id(thing) not in before:
            keep(thing)
    loss.backward()
    gradients = {n: w.grad for n, w in model.named_parameters() if w.grad is not None}
    return sum(storages.values()), gradients


def test_same_gradients_from_less_memory() -> None:
    images = torch.rand(2, 7, 3, 32, 48, generator=torch.Generator().manual_seed(0))
    plain, recomputing = small_model(SMALL_CONVOLUTIONAL), small_model(SMALL_CONVOLUTIONAL)
    recompute_activations(recomputing)
    plain_bytes, expected = kept_bytes_and_gradients(plain, images)
    fewer_bytes, found = kept_bytes_and_gradients(recomputing, images)
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, msg=name)
    assert fewer_bytes < plain_bytes / 2


def test_names_of_weights_and_predictions_stay() -> None:
    images = torch.rand(1, 3, 3, 32, 32)
    model = small_model(SMALL_CONVOLUTIONAL)
    names = list(model.state_dict())
    with torch.inference_mode():
        before = model.forward_sequence(images)
        recompute_activations(model)
        after = model.forward_sequence(images)
    assert list(model.state_dict()) == names
    assert all(torch.equal(vars(after)[name], value) for name, value in vars(before).items())
