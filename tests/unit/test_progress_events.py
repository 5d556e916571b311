"""Progress files: appended lines that survive crashes and cost no image."""

import json
import logging
import os
import socket
from pathlib import Path

import pytest

from tiles2zarr.progress.events import (
    Event,
    Follower,
    Recorder,
    parse_line,
    recorded_job,
    to_line,
)


def kinds(folder: Path) -> list[tuple[str, str]]:
    """Return kind and image of all events below a folder."""
    return [(event.kind, event.image) for event in Follower(folder).events()]


def test_job_tells_what_becomes_of_its_images(tmp_path: Path) -> None:
    """Written, kept, failed and blocked images have lines, between begin and end."""
    with recorded_job(tmp_path / "b.jsonl", "b") as record:
        record.begin("B/03/0", 800)
        record.finish("B/03/0", "done")
        record.finish("B/04/0", "done")
        record.begin("B/05/0", 800)
        record.finish("B/05/0", "failed")
        record.finish("B/06/0", "blocked")
    assert kinds(tmp_path) == [
        ("job", ""),
        ("image", "B/03/0"),
        ("done", "B/03/0"),
        ("kept", "B/04/0"),
        ("image", "B/05/0"),
        ("failed", "B/05/0"),
        ("blocked", "B/06/0"),
        ("end", ""),
    ]
    events = Follower(tmp_path).events()
    assert [event.octets for event in events] == [0, 800, 800, 0, 800, 800, 0, 0]
    assert {(event.batch, event.host, event.pid) for event in events} == {
        ("b", socket.gethostname(), os.getpid())
    }


def test_job_that_fails_ends_too(tmp_path: Path) -> None:
    """An exception ends the job in the file before it goes on."""
    with pytest.raises(KeyError), recorded_job(tmp_path / "b.jsonl", "b"):
        raise KeyError
    assert kinds(tmp_path) == [("job", ""), ("end", "")]


def test_line_cut_off_by_a_crash(tmp_path: Path) -> None:
    """Half a line is skipped, and the next one does not stick to it."""
    path = tmp_path / "b.jsonl"
    Recorder(path, "b").tell("job")
    with path.open("ab") as stream:
        stream.write(b'{"at":17.5,"kind":"ima')
    assert kinds(tmp_path) == [("job", "")]
    Recorder(path, "b").tell("end")
    assert kinds(tmp_path) == [("job", ""), ("end", "")]


def test_follower_reads_each_line_once(tmp_path: Path) -> None:
    """What was appended since, and the rest of a line half there, comes by time."""
    late = to_line(Event(at=30.0, kind="done", image="x"))
    early = to_line(Event(at=20.0, kind="image", image="x"))
    follower = Follower(tmp_path)
    assert follower.events() == []
    (tmp_path / "a.jsonl").write_bytes(late[:9])
    assert follower.events() == []
    (tmp_path / "a.jsonl").write_bytes(late)
    (tmp_path / "b.jsonl").write_bytes(early)
    assert [event.at for event in follower.events()] == [20.0, 30.0]
    assert [event.at for event in follower.events()] == [20.0, 30.0]


def test_line_and_event_are_the_same() -> None:
    """An event comes back from its line; what is usual is not written."""
    event = Event(at=1.5, kind="run", host="h", pid=7, only=("B03", "C04"))
    assert parse_line(to_line(event)) == event
    assert json.loads(to_line(Event(at=1.5, kind="end"))) == {"at": 1.5, "kind": "end"}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"\xff",
        b'{"at":1}',
        b'{"kind":"end"}',
        b'{"at":1,"kind":"fly"}',
        b'{"at":"x","kind":"end"}',
        b'{"at":1,"kind":["end"]}',
    ],
)
def test_other_lines_are_no_events(line: bytes) -> None:
    """What is no event of this version is skipped."""
    assert parse_line(line) is None


def test_progress_that_cannot_be_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file in the way of the folder is one warning, and no error."""
    monkeypatch.setattr(logging.getLogger("tiles2zarr"), "propagate", True)
    (tmp_path / "progress").write_text("in the way")
    with recorded_job(tmp_path / "progress/b.jsonl", "b") as record:
        record.finish("x", "done")
    (said,) = caplog.messages
    assert said.startswith(f"{tmp_path}/progress/b.jsonl: progress is not kept (")
