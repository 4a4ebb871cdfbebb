"""The timeline of a finished reconstruction: a slider, play, speed, and how the map grew."""

from __future__ import annotations

import threading
from collections.abc import Callable

from viser import GuiApi, GuiEvent, Icon
from viser import GuiSliderHandle as Slider

from mem4d_ros.viewer.controls import Recording
from mem4d_ros.viewer.timeline import Playback

SPEEDS = {"0.25 x": 0.25, "0.5 x": 0.5, "1 x": 1.0, "2 x": 2.0, "4 x": 4.0}


class Player:
    """Says which frame is to be shown. Browsers ask from threads of their own."""

    def __init__(
        self, gui: GuiApi, recording: Recording, clock: Callable[[], float], plays: bool
    ) -> None:
        self._clock = clock
        self._rate_hz = recording.rate_hz
        self._lock = threading.Lock()
        last = recording.length - 1
        self._playback = Playback(recording.length, recording.rate_hz, start=0 if plays else last)
        with gui.add_folder("Timeline", order=10):
            self._slider = gui.add_slider("Frame", 0, max(last, 1), 1, self._playback.start)
            self._button = gui.add_button("Play", icon=Icon.PLAYER_PLAY)
            self._speed = gui.add_dropdown("Speed", tuple(SPEEDS), initial_value="1 x")
            self._grows = gui.add_checkbox(
                "Map as it grew", True, hint="Show only what had been seen by then"
            )
        self._slider.on_update(self._on_slide)
        self._button.on_click(lambda event: self._toggle())
        self._speed.on_update(lambda event: self._change_speed())
        if plays:
            self._toggle()

    @property
    def grows(self) -> bool:
        """Whether only that part of the map is shown which had been seen."""
        return self._grows.value

    def position(self) -> int:
        """The frame to show now."""
        now = self._clock()
        with self._lock:
            if self._playback.has_ended(now):
                self._playback = self._playback.paused(now)
            playback = self._playback
        self._button.label = "Stop" if playback.is_playing else "Play"
        self._button.icon = Icon.PLAYER_PAUSE if playback.is_playing else Icon.PLAYER_PLAY
        position = playback.position(now)
        if self._slider.value != position:
            self._slider.value = position  # type: ignore[misc]  # viser has a setter
        return position

    def _toggle(self) -> None:
        now = self._clock()
        with self._lock:
            move = self._playback.paused if self._playback.is_playing else self._playback.played
            self._playback = move(now)

    def _on_slide(self, event: GuiEvent[Slider[int]]) -> None:
        if event.client is None:  # our own doing
            return
        with self._lock:
            self._playback = self._playback.sought(event.target.value, self._clock())

    def _change_speed(self) -> None:
        with self._lock:
            rate_hz = self._rate_hz * SPEEDS[self._speed.value]
            self._playback = self._playback.at_rate(rate_hz, self._clock())
