"""Rate and time left, on a clock that is made by hand."""

import heapq
import os
import socket
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tiles2zarr.progress.estimate import (
    Estimate,
    Task,
    estimate,
    may_live,
    this_run,
)
from tiles2zarr.progress.events import Event
from tiles2zarr.progress.wording import duration, progress_line, rate

BATCH = 8
"""Images of a job in the simulated runs."""


def task(*images: str, before: Sequence[str] = ()) -> Task:
    """Return a task of wells ``B01`` ... of one image each, all the same work."""
    return Task(
        weights=dict.fromkeys(images, 6.0),
        wells={image: image.replace("/", "")[:3] for image in images},
        before=frozenset(before),
    )


def image_events(image: str, begin: float, end: float | None, octets: int = 0) -> list:
    """Return what a job tells of an image that is written from begin to end."""
    events = [Event(at=begin, kind="image", image=image, octets=octets)]
    if end is not None:
        events.append(Event(at=end, kind="done", image=image, octets=octets))
    return events


ALL = ("B/01/0", "B/02/0", "B/03/0", "B/04/0", "B/05/0")


def test_one_after_the_other() -> None:
    """Two of five images took 10 s each: 30 s are left, at 60 MB in 20 s."""
    events = [
        Event(at=100.0, kind="job", batch="b"),
        *image_events("B/01/0", 100.0, 110.0, 30_000_000),
        *image_events("B/02/0", 110.0, 120.0, 30_000_000),
        Event(at=120.0, kind="image", image="B/03/0"),
    ]
    found = estimate(task(*ALL), events, 120.0, lambda _: True)
    assert found == Estimate(
        finished=frozenset({"B/01/0", "B/02/0"}),
        failed=frozenset(),
        running=("B/03/0",),
        octets=60_000_000,
        elapsed_s=20.0,
        octets_per_s=3_000_000.0,
        left_s=30.0,
    )
    later = estimate(task(*ALL), events, 125.0, lambda _: True)
    assert later.left_s == pytest.approx(25.0)
    assert progress_line("P1", task(*ALL), found) == (
        "P1: 2 of 5 wells, 3 MB/s, about 30 s left; now B03"
    )


def test_image_that_takes_long_counts_at_most_most_of_itself() -> None:
    """After 100 s an image of 10 s is still under way: 0.9 of it is counted."""
    events = [
        *image_events("B/01/0", 0.0, 10.0),
        Event(at=10.0, kind="image", image="B/02/0"),
    ]
    found = estimate(task("B/01/0", "B/02/0"), events, 110.0, lambda _: True)
    assert found.left_s == pytest.approx(0.1 / (1.9 / 110.0))


def test_nothing_is_known_before_the_first_image() -> None:
    """Before an image is written there is no rate and no time."""
    events = [Event(at=0.0, kind="job"), Event(at=1.0, kind="image", image="B/01/0")]
    found = estimate(task(*ALL), events, 60.0, lambda _: True)
    assert (found.octets_per_s, found.left_s) == (None, None)
    assert progress_line("P1", task(*ALL), found) == "P1: 0 of 5 wells; now B01"
    assert estimate(task(*ALL), [], 60.0).elapsed_s == 0.0


def test_kept_images_are_no_work() -> None:
    """Images that stood, or stood in their place, say nothing on the rate."""
    events = [
        Event(at=0.0, kind="kept", image="B/02/0"),
        *image_events("B/03/0", 0.0, 10.0),
    ]
    found = estimate(task(*ALL, before=["B/01/0"]), events, 10.0)
    assert found.finished == {"B/01/0", "B/02/0", "B/03/0"}
    assert found.left_s == pytest.approx(20.0)


def test_failed_images_are_not_waited_for() -> None:
    """A failed or blocked image is told, and is no part of the time left."""
    events = [
        *image_events("B/01/0", 0.0, 10.0),
        Event(at=11.0, kind="failed", image="B/02/0"),
        Event(at=12.0, kind="blocked", image="B/03/0"),
    ]
    found = estimate(task(*ALL, before=["B/02/0"]), events, 20.0)
    assert found.failed == {"B/02/0", "B/03/0"}
    assert found.left_s == pytest.approx(40.0)
    assert progress_line("P1", task(*ALL), found).startswith(
        "P1: 1 of 5 wells, 2 failed, "
    )


def test_end_of_a_run() -> None:
    """When all images are in their place nothing is left."""
    found = estimate(task("B/01/0"), image_events("B/01/0", 0.0, 4.0, 8), 4.0)
    assert found.left_s == 0.0
    assert progress_line("P1", task("B/01/0"), found) == "P1: 1 of 1 wells, 2e-06 MB/s"


def test_jobs_that_died_are_not_under_way() -> None:
    """An image whose process is gone waits; other computers cannot be asked."""
    gone = Event(at=0.0, kind="image", image="B/01/0", host="here", pid=1)
    found = estimate(task(*ALL), [gone], 5.0, lambda job: job.host != "here")
    assert (found.running, found.finished) == ((), frozenset())
    assert may_live(Event(at=0.0, kind="image", host="elsewhere.example", pid=1))


def test_own_process_lives() -> None:
    """A process of this computer lives if it is there, and no longer."""
    host = socket.gethostname()
    assert may_live(Event(at=0.0, kind="image", host=host, pid=os.getpid()))
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    assert not may_live(Event(at=0.0, kind="image", host=host, pid=process.pid))


def test_only_the_last_run_counts() -> None:
    """What happened before Snakemake last began says nothing on its rate."""
    old = image_events("B/01/0", 0.0, 10.0)
    run = Event(at=500.0, kind="run")
    new = image_events("B/02/0", 600.0, 700.0)
    assert this_run([*old, run, *new]) == [run, *new]
    assert this_run(old) == old
    found = estimate(task(*ALL, before=["B/01/0"]), [run, *new], 700.0)
    assert found.elapsed_s == 100.0
    assert found.left_s == pytest.approx(300.0)


def test_images_of_a_well_are_done_together() -> None:
    """A well is done with the last of its images; single images are told as such."""
    images = Task(
        weights={"B/03/0": 1.0, "B/03/1": 1.0, "C/04/0": 1.0},
        wells={"B/03/0": "B03", "B/03/1": "B03", "C/04/0": "C04"},
    )
    events = image_events("B/03/0", 0.0, 1.0)
    assert progress_line("P1", images, estimate(images, events, 1.0)).startswith(
        "P1: 0 of 2 wells, about 2 s left"
    )
    single = Task(weights={"a": 1.0, "b": 1.0}, wells={"a": None, "b": None})
    events = image_events("a", 0.0, 1.0)
    assert progress_line("S", single, estimate(single, events, 1.0)) == (
        "S: 1 of 2 images, about 1 s left"
    )


def test_few_wells_are_named() -> None:
    """Of many wells under way the first four are named."""
    images = [f"B/{n:02d}/0" for n in range(1, 7)]
    events = [Event(at=float(n), kind="image", image=i) for n, i in enumerate(images)]
    line = progress_line(
        "P1", task(*images), estimate(task(*images), events, 9.0, lambda _: True)
    )
    assert line == "P1: 0 of 6 wells; now B01, B02, B03, B04 and 2 more"


def simulate(
    durations: Sequence[float], workers: int, start_s: float
) -> tuple[list[Event], float]:
    """Return the events of a run of batches on some workers, and when it ends."""
    free = [0.0] * workers
    events: list[Event] = []
    for first in range(0, len(durations), BATCH):
        at = heapq.heappop(free) + start_s
        events.append(Event(at=at, kind="job", batch=str(first)))
        for number in range(first, min(first + BATCH, len(durations))):
            events += image_events(str(number), at, at + durations[number], 100)
            at += durations[number]
        heapq.heappush(free, at)
    return sorted(events, key=lambda event: event.at), max(free)


def left_after(
    share: float, durations: Sequence[float], workers: int, start_s: float
) -> tuple[float, float]:
    """Return the estimate after a share of the images, and the truth."""
    events, end = simulate(durations, workers, start_s)
    done = [event.at for event in events if event.kind == "done"]
    now = done[round(share * len(durations)) - 1]
    seen = [event for event in events if event.at <= now]
    names = [str(number) for number in range(len(durations))]
    run = Task(weights=dict.fromkeys(names, 4.0), wells=dict.fromkeys(names))
    found = estimate(run, seen, now, lambda _: True)
    assert found.left_s is not None
    return found.left_s, end - now


@pytest.mark.parametrize("workers", [1, 2, 8])
@pytest.mark.parametrize("start_s", [0.0, 2.0])
@pytest.mark.parametrize("seed", range(3))
def test_time_left_after_a_tenth(workers: int, start_s: float, seed: int) -> None:
    """After 10 % of 384 wells of unequal duration it is right within a factor of 2."""
    random = np.random.default_rng(seed)
    durations = (5.0 * random.lognormal(0.0, 0.5, 384)).tolist()
    told, truth = left_after(0.1, durations, workers, start_s)
    assert truth / 2 < told < truth * 2


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7])
def test_time_left_of_a_small_plate(share: float) -> None:
    """Of 96 wells on four workers too, from a tenth of them on."""
    told, truth = left_after(share, [7.0] * 96, 4, 1.0)
    assert truth / 2 < told < truth * 2


@settings(max_examples=25)
@given(
    duration_s=st.floats(0.5, 100.0),
    workers=st.integers(1, 8),
    images=st.integers(96, 400),
)
def test_equal_wells(duration_s: float, workers: int, images: int) -> None:
    """Whatever wells take and however many run at once, a tenth of them tells."""
    told, truth = left_after(0.1, [duration_s] * images, workers, 0.3)
    assert truth / 2 < told < truth * 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (3569.0, "59 min"),
        (3600.0, "1 h"),
        (7800.0, "2 h 10 min"),
        (172_740.0, "47 h 59 min"),
        (172_800.0, "2 days"),
        (180_000.0, "2 days 2 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """Times are told in the two largest units that matter."""
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (3.1249e8, "312 MB/s"),
        (1.2e9, "1,200 MB/s"),
        (9.4e6, "9.4 MB/s"),
        (7.7e3, "0.0077 MB/s"),
    ],
)
def test_rates(octets: float, text: str) -> None:
    """Rates are told in megabytes, small ones with two digits."""
    assert rate(octets) == text
