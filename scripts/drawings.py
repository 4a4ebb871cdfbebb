"""Draw the diagrams of docs/ as SVG: boxes on a grid and arrows between them.

python scripts/drawings.py        # writes docs/drawings/*.svg
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "drawings"
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 172, 54, 60, 42, 16  # px
FILLS = {"data": "#eef2f5", "network": "#d7e6f7", "memory": "#fbe3c2", "geometry": "#d9efd8"}
STYLE = """<style>
text { font: 13px system-ui, sans-serif; text-anchor: middle; fill: #1c2733; }
text.label { font-size: 11px; fill: #53616e; }
rect { stroke: #8796a5; rx: 6px; }
path.now, path.later { stroke: #53616e; stroke-width: 1.4; fill: none; marker-end: url(#tip); }
path.later { stroke-dasharray: 5 4; }
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"
orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#53616e"/></marker></defs>"""


@dataclass(frozen=True)
class Box:
    """A box in a cell of the grid; a line break in the text is a new line."""

    column: float
    row: float
    text: str
    kind: str = "data"

    @property
    def left(self) -> float:
        return MARGIN + self.column * (WIDTH + GAP_X)

    @property
    def top(self) -> float:
        return MARGIN + self.row * (HEIGHT + GAP_Y)

    def svg(self) -> str:
        """The box and its lines of text."""
        lines = self.text.split("\n")
        first = self.top + HEIGHT / 2 + 5 - 8 * (len(lines) - 1)
        x = self.left + WIDTH / 2
        words = "".join(
            f'<text x="{x:g}" y="{first + 16 * i:g}">{escape(line)}</text>'
            for i, line in enumerate(lines)
        )
        return (
            f'<rect x="{self.left:g}" y="{self.top:g}" width="{WIDTH}" height="{HEIGHT}"'
            f' fill="{FILLS[self.kind]}"/>{words}'
        )


@dataclass(frozen=True)
class Arrow:
    """From a box to another; dashed where it acts on the next frame only."""

    start: str
    end: str
    label: str = ""
    later: bool = False


@dataclass(frozen=True)
class Drawing:
    """Boxes by name, and arrows between them."""

    title: str
    boxes: dict[str, Box]
    arrows: tuple[Arrow, ...]

    def svg(self) -> str:
        """The whole file."""
        width = max(box.left for box in self.boxes.values()) + WIDTH + MARGIN
        height = max(box.top for box in self.boxes.values()) + HEIGHT + MARGIN
        parts = [self._arrow(arrow) for arrow in self.arrows]
        parts += [box.svg() for box in self.boxes.values()]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
            f' width="{width:g}" role="img">\n<title>{escape(self.title)}</title>\n{STYLE}\n'
            f'<rect x="0" y="0" width="{width:g}" height="{height:g}" fill="#fff"'
            ' style="stroke: none"/>\n' + "\n".join(parts) + "\n</svg>\n"
        )

    def _arrow(self, arrow: Arrow) -> str:
        """A line between the sides of two boxes that face each other, with its label."""
        a, b = self.boxes[arrow.start], self.boxes[arrow.end]
        if abs(a.row - b.row) <= 0.5:
            right = 1 if b.column > a.column else -1
            x0, x1 = (a.left + WIDTH, b.left) if right > 0 else (a.left, b.left + WIDTH)
            y0, y1 = a.top + HEIGHT / 2, b.top + HEIGHT / 2
            bend = (x0 + x1) / 2
            line = f"M{x0:g} {y0:g} C{bend:g} {y0:g} {bend:g} {y1:g} {x1:g} {y1:g}"
        else:
            down = b.row > a.row
            y0, y1 = (a.top + HEIGHT, b.top) if down else (a.top, b.top + HEIGHT)
            x0, x1 = a.left + WIDTH / 2, b.left + WIDTH / 2
            bend = (y0 + y1) / 2
            line = f"M{x0:g} {y0:g} C{x0:g} {bend:g} {x1:g} {bend:g} {x1:g} {y1:g}"
        style = "later" if arrow.later else "now"
        words = ""
        if arrow.label:
            x, y = (x0 + x1) / 2, (y0 + y1) / 2 - 5
            words = f'<text class="label" x="{x:g}" y="{y:g}">{escape(arrow.label)}</text>'
        return f'<path class="{style}" d="{line}"/>{words}'


NETWORK = Drawing(
    "One step of the network",
    {
        "image": Box(0, 1, "image\n(3, H, W)"),
        "encoder": Box(1, 1, "encoder\nencoder.py", "network"),
        "tca": Box(2, 1, "TCA, eq. 1, 2\ntemporal_context.py", "memory"),
        "tdm": Box(2, 0, "TDM, eq. 3, 4\ndynamics_memory.py", "memory"),
        "psm": Box(2, 2, "PSM, eq. 5\nstructure_memory.py", "memory"),
        "readout": Box(3, 1, "readout, alg. 1\ndecoder.py", "network"),
        "heads": Box(4, 1, "heads, eq. 6\nheads.py", "network"),
        "world": Box(4, 2, "global pointmap,\nconfidence"),
        "camera": Box(4, 0, "self-view pointmap,\ncamera"),
    },
    (
        Arrow("image", "encoder"),
        Arrow("encoder", "tca"),
        Arrow("tca", "readout"),
        Arrow("tca", "tdm"),
        Arrow("tdm", "readout"),
        Arrow("psm", "readout"),
        Arrow("readout", "heads"),
        Arrow("heads", "camera"),
        Arrow("heads", "world"),
        Arrow("world", "psm", "written, for later frames", later=True),
    ),
)

EVIDENCE = Drawing(
    "What the network is told, and where it acts",
    {
        "k": Box(0, 0, "intrinsics\n(CameraInfo)"),
        "points": Box(0, 1, "depth of some pixels\n(landmarks, sensors)"),
        "pose": Box(0, 2, "camera's pose\n(back-end)"),
        "rays": Box(1, 0, "rays by cells\nevidence.py", "geometry"),
        "cells": Box(1, 1, "cells: count, mean,\nspread, interpolation", "geometry"),
        "place": Box(1, 2, "ray in the world\nPoseEmbedding", "geometry"),
        "tokens": Box(2, 0.5, "EvidenceEncoder\nadds to tokens and heads", "network"),
        "readout": Box(2, 2, "readout\ndecoder.py", "network"),
        "depth": Box(3, 0.5, "RayDepthHead: depth\nalong the rays", "network"),
        "correct": Box(4, 0.5, "DepthCorrection\ncompletion.py", "geometry"),
        "world": Box(4, 2, "pose applied to the\nself-view pointmap", "geometry"),
    },
    (
        Arrow("k", "rays"),
        Arrow("points", "cells"),
        Arrow("pose", "place"),
        Arrow("rays", "tokens"),
        Arrow("cells", "tokens"),
        Arrow("place", "readout"),
        Arrow("readout", "depth"),
        Arrow("tokens", "depth"),
        Arrow("depth", "correct"),
        Arrow("correct", "world"),
    ),
)

BACK_END = Drawing(
    "The geometric back-end around the network",
    {
        "image": Box(0, 0, "image"),
        "tracker": Box(1, 0, "tracking\ntracker.py, tracks.py", "geometry"),
        "pose": Box(2, 0, "pose from landmarks\ncamera_pose.py", "geometry"),
        "network": Box(3, 0, "network", "network"),
        "depth": Box(4, 0, "dense depth, points"),
        "landmarks": Box(1, 1, "landmarks\nlandmarks.py", "memory"),
        "bundle": Box(2, 1, "bundle adjustment\nwindow.py, bundle.py", "geometry"),
        "keyframes": Box(3, 1, "keyframes\nkeyframes.py, growth.py", "memory"),
        "lost": Box(2, 2, "lost: found again\nrelocalisation.py", "geometry"),
        "loops": Box(4, 1, "loops: places, graph\nloops.py, pose_graph.py", "geometry"),
    },
    (
        Arrow("image", "tracker"),
        Arrow("tracker", "pose"),
        Arrow("pose", "network", "evidence"),
        Arrow("network", "depth"),
        Arrow("depth", "keyframes", "weak prior", later=True),
        Arrow("keyframes", "bundle", later=True),
        Arrow("bundle", "landmarks", later=True),
        Arrow("landmarks", "tracker"),
        Arrow("keyframes", "lost"),
        Arrow("loops", "keyframes", "moves", later=True),
    ),
)

DRAWINGS = {"network": NETWORK, "evidence": EVIDENCE, "back_end": BACK_END}


def main() -> None:
    """Write them all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, drawing in DRAWINGS.items():
        (FOLDER / f"{name}.svg").write_text(drawing.svg(), encoding="utf-8")


if __name__ == "__main__":
    main()
