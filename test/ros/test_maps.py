"""A node saves its map, and another one, or the same, finds its camera in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from film import FRAMES, HEIGHT, WIDTH, Film
from made_up_maps import made_up_map
from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.srv import LoadMap, SaveMap
from nav_msgs.msg import Odometry as OdometryMessage
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image, PointCloud2
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from mem4d_ros.geometry import BODY_FROM_OPTICAL, unproject
from mem4d_ros.mapping import MapCamera, MapError, Odometry, StoredMap, load_map, save_map
from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.ros.conversions.pose import pose_to_matrix
from mem4d_ros.ros.interface.settings import MapSettings, ScaleSettings, Settings
from mem4d_ros.ros.known_map import map_at_start, read_map
from mem4d_ros.synthetic.cameras.paths import hand_held

DARK = np.full((HEIGHT, WIDTH, 3), 20, np.uint8)


class FilmModel:
    """Knows the depth of a film's frame `frame`, and nothing of where it was taken."""

    takes_evidence = False

    def __init__(self, film: Film) -> None:
        self.film = film
        self.frame = 0

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        assert memory is not None
        return MemoryState(memory)

    def step(self, image: torch.Tensor, state: MemoryState) -> tuple[FrameOutput, MemoryState]:
        intrinsics = self.film.intrinsics
        points = torch.tensor(unproject(self.film.depth[self.frame], intrinsics)).float()[None]
        confidence = torch.full((1, HEIGHT, WIDTH), 3.0)
        output = FrameOutput(
            points_world=points.clone(),
            confidence_world=confidence.clone(),
            points_camera=points,
            confidence_camera=confidence,
            quaternion=torch.tensor([[1.0, 0, 0, 0]]),
            translation=torch.zeros(1, 3),
            field_of_view=torch.ones(1, 2),
            intrinsics=torch.tensor(intrinsics)[None],
        )
        return output, replace(state, frame_index=state.frame_index + 1)


class Show:
    """A node in front of which a film is played."""

    def __init__(self, start: Start, film: Film, folder: Path, **groups: dict) -> None:
        self.film, self.model = film, FilmModel(film)
        groups = {"pose": {"source": "geometry"}, **groups}
        groups["map"] = {"directory": str(folder), **groups.get("map", {})}
        self.ros: Ros = start(self.model, image_size=WIDTH, **groups)
        self.odometry = self.ros.listen(OdometryMessage, "/mem4d/odometry")
        self.points = self.ros.listen(PointCloud2, "/mem4d/points")
        self.depth = self.ros.listen(Image, "/mem4d/depth/image")
        self.transforms = self.ros.listen(TFMessage, "/tf")
        self.images = self.ros.talker(Image, "/image")
        self.stamp = 10.0

    def play(self, *frames: int | np.ndarray) -> None:
        for frame in frames:
            self.stamp += 0.1
            message = make_image(self.stamp, WIDTH, HEIGHT)
            shown = frame
            if isinstance(frame, int):
                self.model.frame, shown = frame, self.film.colours[frame]
            message.data = np.ascontiguousarray(shown).tobytes()
            before = len(self.depth)
            self.ros.play(self.images, message)
            self.ros.wait_for(lambda n=before: len(self.depth) > n, "its depth")

    def save(self, path: str, overwrite: bool = False) -> SaveMap.Response:
        request = SaveMap.Request(path=path, overwrite=overwrite)
        return self.ros.call(SaveMap, "/mem4d/save_map", request)

    def load(self, path: str, mode: str = "") -> LoadMap.Response:
        return self.ros.call(LoadMap, "/mem4d/load_map", LoadMap.Request(path=path, mode=mode))

    def status(self) -> Mem4DStatus:
        """One that was made after now."""
        reports = self.ros.received["/mem4d/status"]
        count = len(reports)
        return self.ros.wait_for(lambda: len(reports) > count + 1 and reports[-1])

    def off(self, frame: int) -> float:
        """Metres by which the newest odometry is beside the frame's true place in the map."""
        self.ros.wait_for(lambda: self.odometry, "odometry")
        pose = pose_to_matrix(self.odometry[-1].pose.pose)
        return float(np.linalg.norm(pose - BODY_FROM_OPTICAL @ self.film.poses[frame], axis=0)[3])


@pytest.fixture(scope="module")
def film() -> Film:
    return Film(0, hand_held, bodies=0)


@pytest.fixture
def mapped(start: Start, film: Film, tmp_path: Path) -> Show:
    """A node that has mapped a room, and saved that as `room.map`."""
    show = Show(start, film, tmp_path)
    assert "no map yet" in show.save("room.map").message
    show.play(*range(0, FRAMES, 2))
    answer = show.save("room.map")
    assert answer.success, answer.message
    assert answer.path == str(tmp_path / "room.map")
    assert answer.points == len(load_map(tmp_path / "room.map").world.landmarks) > 100
    return show


def test_the_camera_is_nowhere_until_it_is_recognised(mapped: Show, tmp_path: Path) -> None:
    answer = mapped.load("room.map")
    assert answer.success, answer.message
    assert answer.keyframes == len(load_map(tmp_path / "room.map").world.keyframes)
    before = [path.read_bytes() for path in sorted((tmp_path / "room.map").iterdir())]
    silent = (mapped.odometry, mapped.points, mapped.transforms)
    counts = [len(messages) for messages in silent]
    mapped.play(DARK, DARK, DARK)
    assert [len(messages) for messages in silent] == counts
    status = mapped.status()
    assert not status.placed
    assert not status.pose_measured
    assert (status.map_mode, status.map_path) == ("localise", str(tmp_path / "room.map"))
    mapped.play(21)
    mapped.ros.wait_for(lambda: all(len(m) == n + 1 for m, n in zip(silent, counts, strict=True)))
    assert mapped.off(21) < 0.05
    covariance = np.reshape(mapped.odometry[-1].pose.covariance, (6, 6))
    assert np.linalg.eigvalsh(covariance).min() > 0
    assert np.sqrt(covariance.diagonal()).max() < 0.1
    status = mapped.status()
    assert status.placed
    assert status.pose_measured
    mapped.play(*range(20, 10, -1))
    assert mapped.off(11) < 0.05
    assert mapped.status().map_keyframes == answer.keyframes
    mapped.ros.call(Trigger, "/mem4d/reset", Trigger.Request())
    mapped.play(5)
    assert mapped.off(5) < 0.05
    assert [p.read_bytes() for p in sorted((tmp_path / "room.map").iterdir())] == before


def test_a_map_is_extended_saved_again_and_left(mapped: Show, tmp_path: Path) -> None:
    answer = mapped.load("room.map", "extend")
    mapped.play(*range(1, FRAMES, 2))
    status = mapped.status()
    assert status.map_mode == "extend"
    assert status.map_keyframes > answer.keyframes
    assert "set overwrite" in mapped.save("room.map").message
    assert mapped.save("room.map", overwrite=True).success
    assert len(load_map(tmp_path / "room.map").world.keyframes) == status.map_keyframes
    assert mapped.load("").success
    mapped.play(15)
    status = mapped.status()
    assert (status.map_mode, status.map_path, status.map_keyframes) == ("build", "", 1)
    assert mapped.off(0) < 1e-6


def test_a_map_that_cannot_be_used_changes_nothing(mapped: Show, tmp_path: Path) -> None:
    before = mapped.status()
    (tmp_path / "away").symlink_to(tmp_path.parent)
    save_map(tmp_path / "other.map", made_up_map(0))
    (next((tmp_path / "room.map").glob("arrays*"))).write_bytes(b"")
    for path, mode, reason in (
        ("room.map", "", "is damaged"),
        ("nothing.map", "", "holds no map"),
        ("../room.map", "", "is not inside"),
        ("away", "", "is not inside"),
        ("room.map", "guess", "no use of a map"),
    ):
        answer = mapped.load(path, mode)
        assert not answer.success
        assert reason in answer.message
        assert "\n" not in answer.message
    mapped.play(FRAMES - 2)
    after = mapped.status()
    assert (after.resets, after.map_mode) == (before.resets, "build")
    assert after.map_keyframes == before.map_keyframes
    assert after.pose_measured
    # Without CameraInfo only images tell that it is another camera's.
    assert mapped.load("other.map").success
    mapped.images.publish(make_image(mapped.stamp + 1, WIDTH, HEIGHT))
    mapped.ros.wait_for(lambda: mapped.ros.status().frames_rejected == 1)
    assert "is of a camera with 64x48" in mapped.status().last_error


@pytest.mark.parametrize("mode", ["extend", "localise"])
def test_a_node_starts_in_a_map_that_another_has_made(
    start: Start, film: Film, tmp_path: Path, mode: str
) -> None:
    odometry = Odometry()
    film.run(odometry, range(0, FRAMES, 2))
    camera = MapCamera(film.intrinsics, WIDTH, HEIGHT)
    save_map(tmp_path / "room", StoredMap(odometry.map, camera, BODY_FROM_OPTICAL))
    show = Show(start, film, tmp_path, map={"load": "room", "mode": mode})
    show.play(19)
    assert show.off(19) < 0.05
    assert show.status().map_mode == mode


def test_only_geometry_has_maps(start: Start, film: Film, tmp_path: Path) -> None:
    show = Show(start, film, tmp_path, pose={"source": "head"})
    save_map(tmp_path / "a.map", made_up_map(0))
    show.play(0)
    for answer in (show.save("b.map"), show.load("a.map")):
        assert not answer.success
        assert "pose.source" in answer.message


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (Settings(map=MapSettings(mode="localise")), "map.load is ''"),
        (Settings(map=MapSettings(load="a.map")), "map.mode is 'build'"),
        (Settings(map=MapSettings(load="a.map", mode="extend")), "no folder|holds no map"),
    ],
)
def test_settings_that_do_not_go_together(settings: Settings, reason: str) -> None:
    with pytest.raises(MapError, match=reason):
        map_at_start(settings)


def test_the_odometry_of_others_does_not_scale_a_map() -> None:
    with pytest.raises(MapError, match=r"scale\.source"):
        read_map(Settings(scale=ScaleSettings(source="odometry")), "a.map")


def test_a_map_in_pieces_keeps_what_was_mapped_before(mapped: Show, tmp_path: Path) -> None:
    """The camera is carried into another room, and back."""
    film, before = mapped.film, mapped.status()
    assert before.map_pieces == 1
    mapped.film = mapped.model.film = Film(7, hand_held, bodies=0)
    mapped.play(*range(FRAMES))
    away = mapped.status()
    assert away.map_pieces == 2
    assert away.map_keyframes > before.map_keyframes
    mapped.film = mapped.model.film = film
    mapped.play(6, 8)
    assert mapped.off(8) < 0.05
    answer = mapped.save("both.map")
    assert answer.success
    assert "one of 2 pieces that were not seen together" in answer.message
    assert len(load_map(tmp_path / "both.map").world.keyframes) >= before.map_keyframes
