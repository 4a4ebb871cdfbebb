"""Names that options offer are those of the tables that they come from."""

from __future__ import annotations

from mem4d_ros.cli import choices
from mem4d_ros.datasets import DATASETS
from mem4d_ros.evaluation.depth import ALIGNMENTS
from mem4d_ros.evaluation.speed.step import CLOCKS
from mem4d_ros.model import PRESETS
from mem4d_ros.runtime.device import PRECISIONS
from mem4d_ros.runtime.engines import ENGINES
from mem4d_ros.runtime.pose_sources import CHOICES


def test_every_name_is_offered_and_no_other() -> None:
    assert tuple(sorted(PRESETS)) == choices.PRESETS
    assert tuple(DATASETS) == choices.DATASETS
    assert set(choices.ALIGNMENTS) == set(ALIGNMENTS)
    assert set(choices.CLOCKS) == set(CLOCKS)
    assert choices.PRECISIONS == PRECISIONS
    assert choices.ENGINES == ENGINES
    assert choices.POSE_SOURCES == CHOICES
