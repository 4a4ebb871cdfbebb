"""Pause, reset and save."""

from __future__ import annotations

from collections.abc import Callable

from viser import GuiApi, GuiEvent, Icon
from viser import GuiButtonHandle as Button

from mem4d_ros.viewer.controls import ControlFailed, Controls

NOTICE_S = 8.0


class Buttons:
    """Buttons of a running reconstruction; who presses one is told what came of it."""

    def __init__(self, gui: GuiApi, controls: Controls) -> None:
        self._is_paused = False
        with gui.add_folder("Reconstruction", order=10):
            self._pause = gui.add_button("Pause", icon=Icon.PLAYER_PAUSE)
            reset = gui.add_button("Reset", icon=Icon.REFRESH, hint="Begin a new world")
            save = gui.add_button("Save map", icon=Icon.DEVICE_FLOPPY)
        self._pause.on_click(_answered(lambda: controls.pause(not self._is_paused)))
        reset.on_click(_answered(controls.reset))
        save.on_click(_answered(controls.save))

    def show_paused(self, is_paused: bool) -> None:
        """Offer to go on, or to pause."""
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self._pause.label = "Go on" if is_paused else "Pause"
            self._pause.icon = Icon.PLAYER_PLAY if is_paused else Icon.PLAYER_PAUSE


def _answered(act: Callable[[], str]) -> Callable[[GuiEvent[Button]], None]:
    def on_click(event: GuiEvent[Button]) -> None:
        try:
            message, is_done = act(), True
        except ControlFailed as failure:
            message, is_done = str(failure), False
        if event.client is not None:
            event.client.add_notification(
                "Done" if is_done else "Not done",
                message,
                auto_close_seconds=NOTICE_S,
                color="green" if is_done else "red",
            )

    return on_click
