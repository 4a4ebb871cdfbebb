"""Textured meshes as a source of sequences: furnished rooms, shops, a court, a town.

Pack the meshes once (`python -m mem4d_ros.synthetic.meshes.pack`), then render sequences of any
seed from the packed folder. Needs embreex, which training alone needs.
"""

from __future__ import annotations

from mem4d_ros.synthetic.meshes.catalogue import HELD_OUT, held_out_places, training_places
from mem4d_ros.synthetic.meshes.packed import CorruptMesh
from mem4d_ros.synthetic.meshes.sequence import MeshSequence, render_mesh_sequence

__all__ = [
    "HELD_OUT",
    "CorruptMesh",
    "MeshSequence",
    "held_out_places",
    "render_mesh_sequence",
    "training_places",
]
