"""The viewer, where viser is installed: it is loaded only when somebody wants to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mem4d_ros.extras import missing
from mem4d_ros.viewer.controls import Controls, Recording
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Scene

if TYPE_CHECKING:
    from mem4d_ros.viewer.viewer import Viewer


class ViewerUnavailable(Exception):  # noqa: N818
    """The viewer cannot be opened; the message says why and what to do."""


def open_viewer(
    scene: Scene,
    options: ViewerOptions,
    controls: Controls | None = None,
    recording: Recording | None = None,
) -> Viewer:
    """A viewer that serves browsers already. Raises ViewerUnavailable."""
    try:
        import viser  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "viser":
            raise
        raise ViewerUnavailable(missing("viser", "the viewer")) from error
    from mem4d_ros.viewer.door import Unguarded
    from mem4d_ros.viewer.viewer import Viewer
    from mem4d_ros.viewer.window import AddressUnavailable

    try:
        return Viewer(scene, options, controls, recording)
    except (AddressUnavailable, Unguarded) as error:
        raise ViewerUnavailable(str(error)) from error
