"""What a training run learns from, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mem4d_ros.training.config_errors import TrainingConfigError, require_at_least
from mem4d_ros.training.variation import AugmentationConfig


@dataclass(frozen=True)
class RecordingConfig:
    """Recorded sequences with depth and poses; metres.

    Attributes:
        folder: of one sequence, or one above several.
        reader: a data set's name in `mem4d_ros.datasets.DATASETS`.
        stride: take every n-th frame.
    """

    folder: str
    reader: str = "7scenes"
    stride: int = 1

    def __post_init__(self) -> None:
        require_at_least(self, 1, "stride")


@dataclass(frozen=True)
class LiveConfig:
    """Sequences that stay on the device while others may arrive.

    Attributes:
        recordings: folder of packed recordings (`mem4d_ros.training.data.packed`), and of packed
            rendered sequences, whose files' names begin with their kind and a dash.
        rendered: folder in which rendered sequences arrive (`mem4d_ros.training.data.rendering`);
            with one a run is not reproducible.
        shares: ratio of clips by kind: 'recorded', 'mesh', 'procedural'. Those of kinds without any
            sequence go to the others.
        capacity: frames of each rendered kind that are kept; the oldest leave.
        height, width: size that is kept, in px, from which crops are taken.
        enough: minimum frames of a kind for its full ratio.
        fastest: the largest pace; every n-th frame is taken.
        held_out: the last part of each recording, which is never trained on.
        held_out_frames: frames of a sequence for evaluation.
    """

    recordings: str | None = None
    rendered: str | None = None
    shares: Mapping[str, float] = field(
        default_factory=lambda: {"recorded": 0.3, "mesh": 0.5, "procedural": 0.2}
    )
    capacity: int = 20000
    height: int = 216
    width: int = 288
    enough: int = 1000
    fastest: int = 4
    held_out: float = 0.15
    held_out_frames: int = 10

    def __post_init__(self) -> None:
        require_at_least(
            self, 1, "capacity", "height", "width", "enough", "fastest", "held_out_frames"
        )
        if self.recordings is None and self.rendered is None:
            raise TrainingConfigError("live needs recordings or rendered, or both")


@dataclass(frozen=True)
class DataConfig:
    """Procedural sequences and recordings, cut into sequences; training draws from all alike.

    The sequence number `index` of `pool` is rendered from the seed `seed` + index.

    Attributes:
        pool: procedural sequences in all; a finite pool can be kept on disk.
        frames: frames rendered of each, from which shorter runs are cut.
        height, width: size in px.
        frame_rate: slowest and fastest rate in Hz; a slow one sees the camera move further.
        photographs: folder of images whose crops serve as further textures.
        cache: folder in which rendered sequences are kept; None renders anew each time.
        seed: first seed; held-out scenes use seeds from 1,000,000 up.
        live: sequences that arrive while training runs, in the place of all these.
        augmentation: how clips are varied.
    """

    pool: int = 1000
    frames: int = 11
    height: int = 144
    width: int = 192
    frame_rate: tuple[float, float] = (5.0, 30.0)
    photographs: str | None = None
    cache: str | None = None
    seed: int = 0
    recordings: tuple[RecordingConfig, ...] = ()
    live: LiveConfig | None = None
    augmentation: AugmentationConfig = field(default_factory=AugmentationConfig)

    def __post_init__(self) -> None:
        require_at_least(self, 0 if self.recordings or self.live else 1, "pool")
        require_at_least(self, 1, "frames", "height", "width")
        require_at_least(self, 0, "seed")
        if self.recordings and self.cache is None:
            raise TrainingConfigError("recordings need a cache, where they are kept as sequences")
        slowest, fastest = self.frame_rate
        if not 0 < slowest <= fastest:
            raise TrainingConfigError(
                f"frame_rate must be the slowest and the fastest rate in Hz, got {self.frame_rate}"
            )
