"""The network, frame by frame, on a rendered scene: where it believes the camera to be.

python examples/step_by_step.py --frames 8
"""

from __future__ import annotations

import argparse

import torch

from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.synthetic import render_sequence


def main() -> None:
    """Render a scene and step through it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=8)
    options = parser.parse_args()

    model = load_checkpoint(packaged_weights("lite"))
    scene = render_sequence(seed=0, frames=options.frames, height=192, width=256)
    state = model.initial_state()  # all three memories, empty
    for number, image in enumerate(scene.images):
        with torch.inference_mode():
            output, state = model.step(image[None], state)  # (1, 3, H, W), RGB in [0, 1]
        position = output.camera_to_world()[0, :3, 3]
        depth_m = output.points_camera[0, ..., 2].median().item()
        true_m = scene.depth[number].nanmedian().item()
        print(
            f"frame {number}: camera at ({', '.join(f'{x:.2f}' for x in position.tolist())}) m,"
            f" median depth {depth_m:.2f} m (true: {true_m:.2f} m),"
            f" remembers {state.occupancy().psm_size} frames"
        )


if __name__ == "__main__":
    main()
