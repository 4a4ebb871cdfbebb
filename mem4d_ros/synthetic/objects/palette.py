"""Materials for things, drawn at random from a texture library."""

from __future__ import annotations

import numpy as np

from mem4d_ros.synthetic.scene.scene import Colour, Material
from mem4d_ros.synthetic.textures.library import TextureLibrary
from mem4d_ros.synthetic.textures.noise import natural_colour


class Palette:
    """Draws materials. Textures hang upright on vertical faces, seen from the outside."""

    def __init__(self, rng: np.random.Generator, library: TextureLibrary) -> None:
        self.rng = rng
        self.library = library

    def textured(
        self, *kinds: str, tile: float, tint: Colour = (1.0, 1.0, 1.0), gloss: float = 0.0
    ) -> Material:
        """A repeating texture of one of the kinds, one tile about `tile` m wide, placed anyhow."""
        density = -1 / (tile * self.rng.uniform(0.7, 1.4))
        offset = (float(self.rng.random()), float(self.rng.random()))
        return Material(self._texture(kinds), tint, (density, density), offset, gloss)

    def fitted(
        self,
        *kinds: str,
        width: float,
        height: float,
        gloss: float = 0.02,
        emission: float = 0.0,
    ) -> Material:
        """A texture that covers a face of the given size in m exactly once: a picture, a print."""
        density = (-1 / width, -1 / height)
        return Material(self._texture(kinds), (1.0, 1.0, 1.0), density, (0.5, 0.5), gloss, emission)

    def plain(self, tint: Colour, gloss: float = 0.02) -> Material:
        """Paint of a given colour."""
        return self.textured("plaster", tile=0.8, tint=tint, gloss=gloss)

    def painted(
        self,
        brightness: tuple[float, float] = (0.15, 0.95),
        vivid: float = 0.3,
        gloss: float = 0.02,
    ) -> Material:
        """One colour, not quite even."""
        kind = "plaster" if self.rng.random() < 0.7 else "mottled"
        return self.textured(kind, tile=0.8, tint=self.colour(brightness, vivid), gloss=gloss)

    def wood(self) -> Material:
        """Bare or painted wood."""
        if self.rng.random() < 0.3:
            return self.painted((0.7, 1.0), vivid=0.12)
        tint = float(self.rng.uniform(0.7, 1.1))
        return self.textured("wood", tile=0.6, tint=(tint, tint, tint), gloss=0.04)

    def metal(self) -> Material:
        """Steel, brass or black iron."""
        return self.painted((0.1, 0.8), vivid=0.1, gloss=0.3)

    def cloth(self) -> Material:
        """Upholstery, clothes and covers."""
        draw = self.rng.random()
        if draw < 0.65:
            return self.textured("fabric", tile=0.35, tint=self.colour((0.15, 0.95), vivid=0.28))
        if draw < 0.8:
            return self.textured("tartan", "stripes", tile=0.5)
        return self.textured("mottled", tile=0.5, tint=self.colour((0.1, 0.7), vivid=0.4))

    def glazed(self) -> Material:
        """Crockery and plastic."""
        return self.painted((0.3, 1.0), vivid=0.3, gloss=0.15)

    def worktop(self) -> Material:
        """The top of a kitchen counter."""
        if self.rng.random() < 0.5:
            return self.textured("speckle", tile=0.4, tint=self.colour((0.3, 1.0), 0.1), gloss=0.1)
        return self.wood()

    def facade(self) -> Material:
        """A house's outside: plaster, bricks, concrete."""
        draw = self.rng.random()
        if draw < 0.45:
            return self.textured("plaster", tile=4.0, tint=self.colour((0.45, 1.0), vivid=0.25))
        if draw < 0.8:
            return self.textured("bricks", tile=1.1)
        return self.textured("mottled", "paving", tile=3.0, tint=self.colour((0.5, 0.95), 0.12))

    def stone(self) -> Material:
        """Steps, kerbs, walls of a garden."""
        return self.textured("mottled", "speckle", tile=1.0, tint=self.colour((0.5, 0.8), 0.08))

    def signboard(self, width: float) -> Material:
        """Letters over a shop."""
        return self.fitted("page", "poster", width=width / 2, height=1.2)

    def car_paint(self) -> Material:
        """Mostly black, grey or white; else a colour."""
        if self.rng.random() < 0.65:
            return self.painted((0.03, 1.0), vivid=0.06, gloss=0.35)
        return self.painted((0.1, 0.8), vivid=0.7, gloss=0.35)

    def wall(self) -> Material:
        """Mostly white or pale paint; sometimes paper, bricks or tiles."""
        draw = self.rng.random()
        if draw < 0.72:
            return self.textured("plaster", tile=3.0, tint=self.colour((0.75, 1.0), vivid=0.12))
        if draw < 0.84:
            return self.textured("wallpaper", tile=0.9)
        return self.textured("bricks", "tiles", "tiles", tile=1.0)

    def floor(self) -> Material:
        """Boards, tiles or carpet."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.textured("planks", tile=1.1, gloss=0.06)
        if draw < 0.75:
            return self.textured("tiles", "checks", tile=1.2, tint=(0.8, 0.8, 0.8), gloss=0.08)
        return self.textured("pile", "mottled", tile=0.8, tint=self.colour((0.3, 0.9), vivid=0.25))

    def colour(self, brightness: tuple[float, float], vivid: float) -> Colour:
        red, green, blue = natural_colour(self.rng, brightness, vivid)
        return float(red), float(green), float(blue)

    def _texture(self, kinds: tuple[str, ...]) -> int:
        variants = [texture for kind in kinds for texture in self.library.members[kind]]
        return int(self.rng.choice(variants))
