"""The panels beside the scene: facts, choices, and the camera's pictures."""

from __future__ import annotations

import numpy as np
from viser import GuiApi

from mem4d_ros.viewer import look as layers
from mem4d_ros.viewer.colours import IMAGE, MODES
from mem4d_ros.viewer.drawing import JPEG_QUALITY, fitted, image_size
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import Facts
from mem4d_ros.viz.colour_maps import depth_picture

WIDTH = 300  # px
NO_PICTURE = np.full((180, 240, 3), 30, np.uint8)
MOST_CONFIDENCE = 20.0


class Panel:
    """The same for all browsers: what one of them chooses, all of them see."""

    def __init__(self, gui: GuiApi, title: str) -> None:
        self._gui = gui
        gui.configure_theme(dark_mode=True, show_share_button=False, show_logo=False)
        gui.set_panel_label(title)
        gui.main_panel.dock_right()
        gui.main_panel.set_width(WIDTH)
        self._facts = gui.add_markdown("Waiting ...", order=0)
        with gui.add_folder("Points", order=20):
            self._colour_by = gui.add_dropdown("Colour by", MODES, initial_value=IMAGE)
            self._point_size = gui.add_slider(
                "Size", 0.2, 4.0, 0.1, 1.0, hint="At 1 the points of a surface just close up"
            )
            self._confidence = gui.add_slider(
                "Confidence", 1.0, MOST_CONFIDENCE, 0.1, 1.0, hint="The least that is shown"
            )
            self._own_colour = gui.add_checkbox(
                "Moving points in pink", True, hint="Or in the colours of the image"
            )
        with gui.add_folder("Show", order=30):
            self._shown = {
                name: gui.add_checkbox(name.capitalize(), name not in layers.HIDDEN_AT_FIRST)
                for name in layers.LAYERS
            }
        pictures = gui.add_panel()
        with pictures.add_tab("Camera"):
            self._image = gui.add_image(NO_PICTURE, label="Image", jpeg_quality=JPEG_QUALITY)
            self._depth = gui.add_image(NO_PICTURE, label="Depth", jpeg_quality=JPEG_QUALITY)
        pictures.dock_left()
        pictures.set_width(WIDTH)

    def look(self) -> Look:
        """What is chosen now."""
        return Look(
            colour_by=self._colour_by.value,
            point_scale=self._point_size.value,
            min_confidence=self._confidence.value,
            shown=frozenset(name for name, box in self._shown.items() if box.value),
            moving_in_own_colour=self._own_colour.value,
        )

    def tell(self, facts: Facts, clients: int) -> None:
        """Show the facts, if they differ from those shown."""
        text = facts_text(facts, clients)
        if text != self._facts.content:
            self._facts.content = text

    def image(self, image: np.ndarray) -> int:
        """Show the camera's image (H, W, 3); bytes that it takes."""
        self._image.image = fitted(image)
        return image_size(image)

    def depth(self, depth: np.ndarray) -> int:
        """Show the depth (H, W) in m; bytes that it takes."""
        picture = fitted(depth_picture(depth))
        self._depth.image = picture
        return image_size(picture)

    def clear(self) -> None:
        """Show no pictures."""
        self._image.image = NO_PICTURE
        self._depth.image = NO_PICTURE


def facts_text(facts: Facts, clients: int) -> str:
    """Markdown of the facts."""
    lines = [f"**{facts.state}**"]
    if facts.rate_hz > 0:
        lines[0] += f" · {facts.rate_hz:.1f} frames/s · {facts.latency_s * 1e3:.0f} ms"
    counts = [f"{facts.processed} frames"]
    counts += [f"{n} {what}" for n, what in
               ((facts.dropped, "dropped"), (facts.rejected, "rejected")) if n]  # fmt: skip
    lines.append(", ".join(counts))
    if facts.model:
        lines.append(facts.model)
    if clients > 1:
        lines.append(f"{clients} browsers look on")
    if facts.remark:
        lines.append(f"*{facts.remark}*")
    return "\n\n".join(lines)
