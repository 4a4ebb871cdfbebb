"""Names that options offer.

They are written out, since the tables that they come from take torch to read, and torch takes
seconds; `test/cli/test_choices.py` compares them.
"""

from __future__ import annotations

PRESETS = ("large", "lite")
PRECISIONS = ("auto", "fp32", "bf16", "fp16")
ENGINES = ("auto", "torch", "cuda_graph", "onnxruntime", "fastest")
POSE_SOURCES = ("auto", "head", "procrustes", "geometry")
DATASETS = (
    *("7scenes", "tum", "bonn", "sintel", "kitti", "nrgbd", "scannet", "stereo4d", "spring"),
    *("pointodyssey", "arkitscenes"),
)
PROCEDURAL = "procedural"
"""Rendered scenes, in place of a data set."""
ALIGNMENTS = ("scale", "scale-shift", "metric")
CLOCKS = ("cpu", "wall")
