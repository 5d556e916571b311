"""``progress/<batch>.jsonl``: what a write job does, a line for each thing it does.

Lines are only ever appended, each in one write, and never waited for: a crash costs at
most the last one, and a reader skips what is no whole line. Times are allowed here,
because no step of a run reads these files.
"""

import json
import logging
import os
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeGuard, get_args

LOG = logging.getLogger("tiles2zarr")
Kind = Literal["run", "job", "image", "done", "kept", "failed", "blocked", "end"]
"""``run``: Snakemake began. ``job``, ``end``: a batch began and ended. ``image``: its
pixels are being written. ``done``: they are. ``kept``: it stood already."""


@dataclass(frozen=True)
class Event:
    """One line."""

    at: float
    """Seconds since 1970."""
    kind: Kind
    """What happened."""
    batch: str = ""
    """The batch of the job; empty for a run."""
    image: str = ""
    """The image, where it is about one."""
    octets: int = 0
    """Bytes of source pixels of the image."""
    host: str = ""
    """Where the job runs."""
    pid: int = 0
    """Its process."""
    only: tuple[str, ...] = ()
    """The wells or images a run is about; none means all."""


class Recorder:
    """Appends the events of one process to a file.

    A file that cannot be written costs the progress, never the image: it is told once.
    """

    def __init__(self, path: Path, batch: str = "") -> None:
        """Write nothing yet."""
        self._path, self._batch = path, batch
        self._host, self._pid = socket.gethostname(), os.getpid()
        self._works = True

    def tell(
        self, kind: Kind, image: str = "", octets: int = 0, only: Iterable[str] = ()
    ) -> None:
        """Append an event that happens now."""
        if not self._works:
            return
        event = Event(
            at=round(time.time(), 3),
            kind=kind,
            batch=self._batch,
            image=image,
            octets=octets,
            host=self._host,
            pid=self._pid,
            only=tuple(only),
        )
        try:
            _append(self._path, to_line(event))
        except OSError as error:
            self._works = False
            LOG.warning("%s: progress is not kept (%s)", self._path, error.strerror)


class JobRecord:
    """Tells what becomes of the images of one batch."""

    def __init__(self, recorder: Recorder) -> None:
        """Tell nothing yet."""
        self._recorder = recorder
        self._octets: dict[str, int] = {}

    def begin(self, image: str, octets: int) -> None:
        """Tell that the pixels of an image, so many bytes, are being written."""
        self._octets[image] = octets
        self._recorder.tell("image", image, octets)

    def finish(self, image: str, kind: Literal["done", "failed", "blocked"]) -> None:
        """Tell how an image fared; one that is done but never began stood already."""
        stood = kind == "done" and image not in self._octets
        octets = self._octets.get(image, 0)
        self._recorder.tell("kept" if stood else kind, image, octets)


@contextmanager
def recorded_job(path: Path, batch: str) -> Iterator[JobRecord]:
    """Tell that the job of a batch began, and that it ended, in whatever way."""
    recorder = Recorder(path, batch)
    recorder.tell("job")
    try:
        yield JobRecord(recorder)
    finally:
        recorder.tell("end")


def to_line(event: Event) -> bytes:
    """Return the line of an event, what has its usual value left out."""
    plain = {key: value for key, value in asdict(event).items() if value}
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _append(path: Path, line: bytes) -> None:
    """Append a line in one write, on a line of its own if the last one was cut off."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path, flags, 0o666)
    try:
        size = os.fstat(handle).st_size
        if size:
            os.lseek(handle, size - 1, os.SEEK_SET)
            line = line if os.read(handle, 1) == b"\n" else b"\n" + line
        os.write(handle, line)
    finally:
        os.close(handle)


class Follower:
    """Reads the events below a folder, each line once however often it is asked."""

    def __init__(self, folder: Path) -> None:
        """Begin with the first line of every file."""
        self._folder = folder
        self._read: dict[Path, int] = {}
        self._events: list[Event] = []

    def events(self) -> list[Event]:
        """Return all events so far, by time."""
        for path in sorted(self._folder.glob("*.jsonl")):
            self._events.extend(self._further(path))
        return sorted(self._events, key=lambda event: event.at)

    def _further(self, path: Path) -> Iterator[Event]:
        begin = self._read.get(path, 0)
        with path.open("rb") as stream:
            stream.seek(begin)
            text = stream.read()
        whole = text[: text.rfind(b"\n") + 1]
        self._read[path] = begin + len(whole)
        for line in whole.splitlines():
            event = parse_line(line)
            if event is not None:
                yield event


def parse_line(line: bytes) -> Event | None:
    """Return the event of a line, ``None`` if it was cut off or is of another kind."""
    try:
        plain = json.loads(line)
    except ValueError:
        return None
    if not isinstance(plain, dict) or not _is_kind(plain.get("kind")):
        return None
    try:
        return Event(
            at=float(plain["at"]),
            kind=plain["kind"],
            batch=str(plain.get("batch", "")),
            image=str(plain.get("image", "")),
            octets=int(plain.get("octets", 0)),
            host=str(plain.get("host", "")),
            pid=int(plain.get("pid", 0)),
            only=tuple(map(str, plain.get("only", ()))),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _is_kind(value: object) -> TypeGuard[Kind]:
    return value in get_args(Kind)
