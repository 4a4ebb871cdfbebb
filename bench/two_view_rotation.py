"""How much a recording's images say that the camera turned, by how much its truth says.

    python bench/two_view_rotation.py --dataset 7scenes --root FOLDER [--focal 525 …]

Pairs of frames, matched by SIFT; the essential matrix is OpenCV's, so nothing of this package's
odometry has a part in it. Where the ratio is far from 1, truth and images do not belong together
(another camera's intrinsics or poses, a distortion that nobody told).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from mem4d_ros.datasets import Recording, open_dataset

SPAN, EVERY = 20, 6
"""Frames between the two of a pair, and from one pair to the next."""
LEAST_MATCHES, DISTINCT = 60, 0.75
RANSAC_PX, SURE = 1.0, 0.9999


@dataclass(frozen=True)
class Pair:
    """Two frames: matched pixels (n, 2) each, the turn from one to the other, intrinsics (3, 3)."""

    first: np.ndarray
    second: np.ndarray
    turn: Rotation
    intrinsics: np.ndarray


def matched_pairs(recording: Recording) -> list[Pair]:
    """All that have enough matches."""
    sift, matcher = cv2.SIFT.create(1500), cv2.BFMatcher()
    pairs = []
    for index in range(0, len(recording) - SPAN, EVERY):
        samples = recording[index], recording[index + SPAN]
        grey = (cv2.cvtColor(sample.image, cv2.COLOR_RGB2GRAY) for sample in samples)
        (points, words), (others, other_words) = (sift.detectAndCompute(g, None) for g in grey)
        both = matcher.knnMatch(words, other_words, k=2)
        matches = [best for best, next_ in both if best.distance < DISTINCT * next_.distance]
        if len(matches) < LEAST_MATCHES:
            continue
        first, second = (sample.camera_to_world for sample in samples)
        intrinsics = samples[0].intrinsics
        if first is None or second is None or intrinsics is None:
            raise SystemExit(f"{recording.name}: true poses and intrinsics are needed, and missing")
        pairs.append(
            Pair(
                np.array([points[m.queryIdx].pt for m in matches]),
                np.array([others[m.trainIdx].pt for m in matches]),
                Rotation.from_matrix(second[:3, :3].T @ first[:3, :3]),
                intrinsics,
            )
        )
    return pairs


def seen_turn(pair: Pair, focal: float | None) -> Rotation | None:
    """The turn that the matches show; None where they show none."""
    intrinsics = pair.intrinsics.astype(float)
    if focal is not None:
        intrinsics[0, 0] = intrinsics[1, 1] = focal
    essential, inliers = cv2.findEssentialMat(
        pair.first, pair.second, intrinsics, cv2.USAC_MAGSAC, SURE, RANSAC_PX
    )
    if essential is None or essential.shape != (3, 3):
        return None
    turn = cv2.recoverPose(essential, pair.first, pair.second, intrinsics, mask=inliers)[1]
    return Rotation.from_matrix(turn)


def ratio_and_error(pairs: list[Pair], focal: float | None) -> tuple[float, float]:
    """Median over pairs of the turn seen about the true axis by the true one, and error in deg."""
    ratios, errors = [], []
    for pair in pairs:
        seen = seen_turn(pair, focal)
        if seen is not None:
            true = pair.turn.as_rotvec()
            ratios.append(seen.as_rotvec() @ true / (true @ true))
            errors.append(np.degrees((seen.inv() * pair.turn).magnitude()))
    return float(np.median(ratios)), float(np.median(errors))


def main() -> None:
    """Print a line for each focal length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="7scenes")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--focal", type=float, nargs="*", default=[], help="other ones, px")
    options = parser.parse_args()
    recording = open_dataset(options.dataset, options.root)[0]
    pairs = matched_pairs(recording)
    turns = np.degrees([pair.turn.magnitude() for pair in pairs])
    print(f"{len(pairs)} pairs {SPAN} frames apart, {np.median(turns):.1f} deg in the median")
    for focal in (None, *options.focal):
        name = "the recording's focal length" if focal is None else f"{focal:g} px"
        ratio, error = ratio_and_error(pairs, focal)
        print(f"{name}: turned by {ratio:.3f} of the truth, {error:.2f} deg wrong")


if __name__ == "__main__":
    main()
