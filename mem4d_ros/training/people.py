"""Trains the head that tells people by a checkpoint's features.

    python -m mem4d_ros.training.people --meshes out/meshes --recordings RECORDING [...]
        --checkpoint mem4d_ros/weights/lite.safetensors

writes lite_people.safetensors beside it. The network itself is not trained. It sees rendered
views with people about, as they are and mirrored in another light, and recordings
(`7scenes` layout) in which there are none; told nothing, its camera, or points as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mem4d_ros.datasets import open_dataset
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.model.people import SUFFIX, PeopleHead, save_people
from mem4d_ros.runtime.people import POSSIBLE
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.synthetic.meshes.catalogue import HELD_OUT, Place, place
from mem4d_ros.training.data.bystanders import Views, mirrored, take_views

SIZE = (192, 256)
HELD_OUT_SHARE = 0.1
FIRST_HELD_OUT = 10**6
RECORDED = 60
"""Frames of each recording."""
POINTS, POINT_DEVIATION = 200, 0.05
EPOCHS, BATCH, RATE, DECAY, DROPPED = 30, 64, 1e-3, 1e-2, 0.2
MOSTLY, HARDLY = 0.5, 0.05
"""Shares of a patch from which it shows people, and up to which it does not."""


def main() -> None:
    """Render, look, train, and say how well held-out places are told."""
    parser = argparse.ArgumentParser(prog="people", description=__doc__.splitlines()[0])
    parser.add_argument("--meshes", type=Path, required=True, help="folder of packed scenes")
    parser.add_argument("--recordings", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--sequences", type=int, default=600, help="rendered, of 3 views each")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    model = load_checkpoint(options.checkpoint)
    rng = np.random.default_rng(options.seed)
    torch.manual_seed(options.seed)
    held_out = tuple(place(name) for name in HELD_OUT)
    seeds = np.arange(options.sequences) + options.seed
    training = _rendered(seeds, options, None)
    unseen = _rendered(
        seeds[: round(HELD_OUT_SHARE * len(seeds))] + FIRST_HELD_OUT, options, held_out
    )
    recorded = [views for folder in options.recordings for views in _recorded(folder)]
    training += recorded
    training += [_relit(mirrored(views), rng) for views in training]
    examples = [_patches(model, views, rng) for views in training]
    features, shares = (torch.cat(parts) for parts in zip(*examples, strict=True))
    print(f"{len(features)} patches, {shares.mean():.3f} of them show people")
    head = train(features, shares)
    path = options.checkpoint.with_name(f"{options.checkpoint.stem}{SUFFIX}.safetensors")
    save_people(path, head)
    for name, group in (("held-out places", unseen), ("recordings", recorded)):
        if group:
            _report(name, head, [_patches(model, views, rng) for views in group])
    print(f"wrote {path}")


def train(features: Tensor, shares: Tensor) -> PeopleHead:
    """A head for features (N, C) of patches and the share of each that shows people, (N,)."""
    mean, deviation = features.mean(0), features.std(0) + 1e-4
    head = PeopleHead(features.shape[1])
    optimizer = torch.optim.AdamW(head.parameters(), RATE, weight_decay=DECAY)
    batch = BATCH * SIZE[0] * SIZE[1] // 16**2
    steps = -(-len(features) // batch)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, EPOCHS * steps)
    for _ in range(EPOCHS):
        for some in torch.randperm(len(features)).split(batch):
            hidden = head.hidden((features[some] - mean) / deviation).relu()
            logit = head.logit(F.dropout(hidden, DROPPED))[:, 0]
            loss = F.binary_cross_entropy_with_logits(logit, shares[some])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return _for_plain_features(head, mean, deviation)


def _for_plain_features(head: PeopleHead, mean: Tensor, deviation: Tensor) -> PeopleHead:
    """The same function of features that are not standardised."""
    with torch.no_grad():
        head.hidden.weight.div_(deviation)
        head.hidden.bias.sub_(head.hidden.weight @ mean)
    return head.eval()


def _rendered(
    seeds: np.ndarray, options: argparse.Namespace, places: tuple[Place, ...] | None
) -> list[Views]:
    of_seed = partial(take_views, scenes=options.meshes, size=SIZE, places=places)
    # Forked ones would wait for ever for torch's threads, which are not forked with them.
    workers = ProcessPoolExecutor(
        options.processes, get_context("spawn"), torch.set_num_threads, (1,)
    )
    with workers as pool:
        return [views for views in pool.map(of_seed, seeds.tolist()) if views is not None]


def _recorded(folder: Path) -> Iterable[Views]:
    """Frames of a recording in which nothing moves."""
    sequence = open_dataset("7scenes", folder)[0]
    chosen = np.unique(np.linspace(0, len(sequence) - 1, RECORDED).round().astype(int))
    for index in chosen.tolist():
        sample = sequence[index]
        if sample.intrinsics is None:
            raise ValueError(f"{folder}: a recording without intrinsics")
        height, width = sample.image.shape[:2]
        transform = ImageTransform.fit(width, height, SIZE[1])
        image = resize_and_crop(sample.image, transform)
        intrinsics = transform.intrinsics_to_model(sample.intrinsics)
        yield Views(image[None], np.zeros((1, *image.shape[:2]), bool), intrinsics)


def _relit(views: Views, rng: np.random.Generator) -> Views:
    """In another light, by another camera."""
    images = views.images / 255 * rng.uniform(0.5, 1.5) * rng.uniform(0.7, 1.3, 3)
    images = images.clip(0, 1) ** rng.uniform(0.7, 1.4)
    images += rng.normal(0, rng.uniform(0, 0.03), images.shape)
    return Views((images.clip(0, 1) * 255).round().astype(np.uint8), views.people, views.intrinsics)


def _patches(model: Mem4D, views: Views, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Features (N, C) of all patches of the views, and which share of each shows people, (N,)."""
    images = torch.from_numpy(views.images).permute(0, 3, 1, 2).float() / 255
    camera = torch.from_numpy(views.intrinsics).float()[None].expand(len(images), 3, 3)
    told = Evidence(intrinsics=camera)
    with torch.inference_mode():
        output, state = model.step(images, model.initial_state(), told)
        kind = rng.integers(3)
        if kind == 1:
            state = model.step(images, model.initial_state(), Evidence())[1]
        if kind == 2:
            points = _with_points(told, views, output.points_camera[..., 2], rng)
            state = model.step(images, model.initial_state(), points)[1]
    features = state.window[0].features.float().permute(0, 2, 3, 1)  # (V, h, w, C)
    people = torch.from_numpy(views.people).float()[:, None]
    share = F.avg_pool2d(people, model.config.patch_size)  # (V, 1, h, w)
    return features.reshape(-1, features.shape[-1]).clone(), share.flatten()


def _with_points(told: Evidence, views: Views, depth: Tensor, rng: np.random.Generator) -> Evidence:
    """Points at corners, about as far away as the network takes them to be, (V, H, W)."""
    measured = torch.zeros_like(depth)
    for view, image in enumerate(views.images):
        grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        corners = cv2.goodFeaturesToTrack(grey, int(rng.integers(20, POINTS)), 0.003, 4)
        if corners is not None:
            x, y = torch.from_numpy(corners[:, 0]).long().T
            error = torch.from_numpy(np.exp(rng.normal(0, POINT_DEVIATION, len(x)))).float()
            measured[view, y, x] = depth[view, y, x].clamp_min(0.1) * error
    return Evidence(told.intrinsics, measured, POINT_DEVIATION * measured)


def _report(name: str, head: PeopleHead, examples: Sequence[tuple[Tensor, Tensor]]) -> None:
    features, shares = (torch.cat(parts) for parts in zip(*examples, strict=True))
    with torch.inference_mode():
        found = head(features.T[None, :, None])[0, 0].sigmoid() > POSSIBLE  # (N,)
    people, still = shares > MOSTLY, shares < HARDLY
    told = f"{found[people].float().mean():.3f}" if people.any() else "-"
    print(
        f"{name}: {told} of patches with people found, {found[still].float().mean():.4f} of others"
    )


if __name__ == "__main__":
    main()
