"""The messages of a ROS bag, whichever ROS wrote it, into whichever files.

Nothing of ROS is needed, but the package rosbags (https://ternaris.gitlab.io/rosbags/).
"""

from __future__ import annotations

import heapq
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from mem4d_ros.datasets.damaged_db3 import DamagedDb3
from mem4d_ros.datasets.damaged_mcap import DamagedMcap
from mem4d_ros.datasets.files import natural_order, visible_files
from mem4d_ros.datasets.optional import optional_import, zstd
from mem4d_ros.datasets.sample import FrameError
from mem4d_ros.datasets.unindexed_ros1 import UnindexedRos1
from mem4d_ros.sensor_messages.remarks import Say

PURPOSE = "a ROS bag"
ROS1_SUFFIX, MCAP_SUFFIX, COMPRESSED_SUFFIX = ".bag", ".mcap", ".zstd"
UNFINISHED_SUFFIX = ".active"
STORAGE_SUFFIXES = (".db3", MCAP_SUFFIX, ROS1_SUFFIX)
ZSTD_START = b"\x28\xb5\x2f\xfd"
METADATA = "metadata.yaml"
WAL_SUFFIX = "-wal"
OF_ADDRESSES = frozenset("%?#")


def is_storage(path: Path) -> bool:
    """Whether this is a file of a bag, by its name."""
    name = path.name.lower().removesuffix(COMPRESSED_SUFFIX).removesuffix(UNFINISHED_SUFFIX)
    return name.endswith(STORAGE_SUFFIXES)


def storage_files(path: Path) -> list[Path]:
    """The files of a bag: the path itself, or those in the folder, in the order of recording."""
    if not path.is_dir():
        return [path] if is_storage(path) else []
    return sorted(filter(is_storage, visible_files(path)), key=natural_order)


@dataclass(frozen=True)
class Message:
    """A message as it lies in a bag."""

    topic: str
    type: str  # package/msg/Name
    recorded_ns: int
    data: bytes


class Storage:
    """An open bag. Its topics, and messages in the order of recording."""

    def __init__(
        self,
        path: Path,
        readers: Sequence[Any],
        salvage: Callable[[], Sequence[Any]],
        say: Say,
    ) -> None:
        """`salvage` makes readers that find what others do not, behind damage."""
        self._path = path
        self._readers = readers
        self._salvage = salvage
        self._say = say
        typesys = optional_import("rosbags.typesys", PURPOSE)
        self._is_ros1 = _reads_ros1(readers[0])
        store = typesys.Stores.ROS1_NOETIC if self._is_ros1 else typesys.Stores.LATEST
        # Those that are read here are the same in every ROS 2.
        self._types = typesys.get_typestore(store)

    @property
    def types(self) -> dict[str, str]:
        """Each topic's type, package/msg/Name."""
        found = (each for reader in self._readers for each in reader.connections)
        return {each.topic: _modern(each.msgtype) for each in found}

    def count(self, topic: str) -> int | None:
        """The number of a topic's messages; None where only reading tells."""
        counts = [
            reader.topics[topic].msgcount for reader in self._readers if topic in reader.topics
        ]
        return None if None in counts else sum(counts)

    def messages(self, topic: str) -> Iterator[Message]:
        """Those of a topic that are whole. Raises FrameError where not even one can be read.

        Of a damaged bag, `say` takes a remark on how many that are.
        """
        problem: Exception | None = None
        found, newest_ns = 0, -1
        try:
            for message in _merged(self._readers, topic):
                found, newest_ns = found + 1, message.recorded_ns
                yield message
        except Exception as error:  # the library raises many kinds at a broken bag
            problem = error
        expected = self.count(topic)
        if problem is None and found >= (expected or 0):
            return
        for message in _merged(self._salvage(), topic):
            if message.recorded_ns > newest_ns:
                found += 1
                yield message
        if problem is not None and not found:
            raise unreadable(self._path, problem) from problem
        of_all = "" if expected is None else f" of {expected}"
        self._say(f"{self._path} is damaged: {found}{of_all} messages of {topic} can be read")

    def decoded(self, message: Message) -> Any:
        """The message's fields, named as in ROS 2. Raises FrameError for damaged data."""
        data = message.data
        try:
            if self._is_ros1:
                return _ros2_names(self._types.deserialize_ros1(data, message.type))
            if data[:4] == ZSTD_START:  # of a bag without the metadata that says so
                data = zstd().decompress(data)
            return self._types.deserialize_cdr(data, message.type)
        except Exception as error:  # likewise
            raise FrameError(f"the message is damaged: {error!r}") from error


def _merged(readers: Sequence[Any], topic: str) -> Iterator[Message]:
    """The messages of all readers, in the order of recording."""
    return heapq.merge(
        *(_of_reader(reader, topic) for reader in readers),
        key=lambda message: message.recorded_ns,
    )


def _of_reader(reader: Any, topic: str) -> Iterator[Message]:
    connections = [each for each in reader.connections if each.topic == topic]
    if connections:  # the library takes an empty list for all
        for connection, recorded_ns, data in reader.messages(connections):
            yield Message(topic, _modern(connection.msgtype), recorded_ns, bytes(data))


@contextmanager
def open_storage(path: Path, say: Say) -> Iterator[Storage]:
    """The bag of a file, or of a folder with or without metadata.yaml. Raises FrameError."""
    optional_import("rosbags", PURPOSE)  # or its absence would be taken for damage
    with ExitStack() as stack:
        readers: list[Any] = []
        if (path / METADATA).exists() and not any(map(_is_read_alone, storage_files(path))):
            try:
                readers = [_opened(path, stack)]
            except FrameError as error:
                if not storage_files(path):
                    raise
                say(f"{error}: its files are read without {METADATA}")
        if not readers:
            readers = [_opened_file(file, stack, say) for file in storage_files(path)]
        if not readers:
            raise FrameError(f"{path} is not a readable bag: it has no file of {STORAGE_SUFFIXES}")

        def salvage() -> Sequence[Any]:
            files = (_whole_file(file, stack, say) for file in storage_files(path))
            found = (_salvaged(file, stack) for file in files)
            return [reader for reader in found if reader is not None]

        yield Storage(path, readers, salvage, say)


def _is_read_alone(path: Path) -> bool:
    """Whether a reader of the whole folder could not open the file, or not all of it."""
    return _wal(path) is not None or _means_another(path.name)


def _opened_file(path: Path, stack: ExitStack, say: Say) -> Any:
    path = _whole_file(path, stack, say)
    try:
        return _opened(path, stack)
    except FrameError:
        reader = _salvaged(path, stack)
        if reader is None:
            raise
        say(f"{path} is damaged or cut off: what is whole of it is read")
        return reader


def _salvaged(path: Path, stack: ExitStack) -> Any | None:
    """A reader that does without the index; None where even that finds nothing."""
    is_mcap = path.suffix.lower() == MCAP_SUFFIX
    kind: Any = DamagedMcap if is_mcap else UnindexedRos1 if _is_ros1(path) else DamagedDb3
    try:
        reader = kind(path)
    except ValueError:
        return None
    stack.callback(reader.close)
    return reader


def _whole_file(path: Path, stack: ExitStack, say: Say) -> Path:
    """The file, or a copy that is not compressed and has all of its messages."""
    if path.suffix.lower() == COMPRESSED_SUFFIX:
        return _decompressed(path, Path(stack.enter_context(TemporaryDirectory())), say)
    if _wal(path):
        say(f"{path} was not closed by its recorder: messages that wait in {_wal(path)} are read")
        return _with_wal(path, Path(stack.enter_context(TemporaryDirectory())))
    return path


def _wal(path: Path) -> Path | None:
    """SQLite's log beside a .db3, as in ROS 2 Foxy, with messages that are not yet in it."""
    wal = path.with_name(path.name + WAL_SUFFIX)
    return wal if wal.exists() and wal.stat().st_size else None


def _with_wal(path: Path, folder: Path) -> Path:
    """A copy of the file, into which the log is written. A damaged one is left as it is."""
    whole = folder / path.name
    for suffix in ("", WAL_SUFFIX):
        shutil.copyfile(f"{path}{suffix}", f"{whole}{suffix}")
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(whole)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return whole


def _opened(path: Path, stack: ExitStack) -> Any:
    """The library's reader."""
    module = optional_import("rosbags.rosbag1" if _is_ros1(path) else "rosbags.rosbag2", PURPOSE)
    try:
        reader = module.Reader(_plain(path, stack))
        reader.open()
    except Exception as error:  # likewise
        raise unreadable(path, error) from error
    stack.callback(reader.close)
    return reader


def _plain(path: Path, stack: ExitStack) -> Path:
    """The path, by a name that means the same in an address, by which SQLite opens it."""
    if not _means_another(str(path)):
        return path
    link = Path(stack.enter_context(TemporaryDirectory())) / f"bag{path.suffix}"
    link.symlink_to(path.resolve())
    return link


def _means_another(name: str) -> bool:
    """Whether it means something else in an address."""
    return not OF_ADDRESSES.isdisjoint(name)


def _decompressed(path: Path, folder: Path, say: Say) -> Path:
    whole = folder / path.stem
    try:
        with path.open("rb") as file, zstd().open(file) as source, whole.open("wb") as target:
            shutil.copyfileobj(source, target)
    except Exception as error:  # likewise
        if not whole.stat().st_size:
            raise unreadable(path, error) from error
        say(f"{path} is cut off: {error}")
    return whole


def unreadable(path: Path, error: Exception) -> FrameError:
    """The error of a bag that cannot be read, for the caller to raise."""
    return FrameError(
        f"{path} is not a readable ROS bag: {error} (is the recording cut off? ros2 bag reindex,"
        " rosbag reindex, mcap recover and sqlite3's .recover mend some)"
    )


def _reads_ros1(reader: Any) -> bool:
    return isinstance(reader, UnindexedRos1) or "rosbag1" in type(reader).__module__


def _is_ros1(path: Path) -> bool:
    return path.name.lower().removesuffix(UNFINISHED_SUFFIX).endswith(ROS1_SUFFIX)


def _modern(message_type: str) -> str:
    """The type's name as it is since ROS 2 Dashing: package/msg/Name."""
    package, _, name = message_type.rpartition("/")
    return f"{package.removesuffix('/msg')}/msg/{name}"


def _ros2_names(message: Any) -> Any:
    """ROS 1's CameraInfo has D, K, R and P where ROS 2's has d, k, r and p."""
    if not hasattr(message, "K"):
        return message
    return SimpleNamespace(**{name.lower(): value for name, value in vars(message).items()})
