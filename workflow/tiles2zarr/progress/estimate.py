"""Where a run stands, from its events: done, under way, rate, time left."""

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.progress.events import Event

ENDS = ("done", "kept", "failed", "blocked")
_MOST_OF_AN_IMAGE = 0.9
"""What an image under way counts at most, however long it takes."""
Alive = Callable[[Event], bool]
"""Says whether the process of a job may still run."""


@dataclass(frozen=True)
class Task:
    """What a run is about."""

    weights: Mapping[str, float]
    """Image id to how much work it is, in any unit."""
    wells: Mapping[str, str | None]
    """Image id to its well."""
    before: frozenset[str] = frozenset()
    """Images that stood when the run began."""


@dataclass(frozen=True)
class Estimate:
    """Where a run stands."""

    finished: frozenset[str]
    """Images that are in their place, those of earlier runs too."""
    failed: frozenset[str]
    """Images that this run could not write."""
    running: tuple[str, ...]
    """Images under way, the first begun first."""
    octets: int
    """Bytes of source pixels written by this run."""
    elapsed_s: float
    """Seconds from this run's first job to now, or to the end of its last one."""
    octets_per_s: float | None
    """Bytes of source pixels per second; ``None`` before the first image."""
    left_s: float | None
    """Seconds until the last image; ``None`` if nothing tells."""


def this_run(events: Sequence[Event]) -> Sequence[Event]:
    """Return the events since Snakemake last began; all if it never did."""
    starts = [i for i, event in enumerate(events) if event.kind == "run"]
    return events[starts[-1] :] if starts else events


def may_live(job: Event) -> bool:
    """Say whether the process of a job may still run: of other computers, always."""
    if job.host != socket.gethostname():
        return True
    try:
        os.kill(job.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def estimate(
    task: Task, events: Sequence[Event], now: float, alive: Alive = may_live
) -> Estimate:
    """Return where a run stands at ``now``.

    The rate is that of the whole run so far, waiting and starts of jobs included; an
    image under way counts by the time it has had, or the first estimates of many jobs
    side by side would be too long.

    Args:
        task: The images the run is about.
        events: What this run's jobs told, by time.
        now: Seconds since 1970.
        alive: Asked for jobs that did not end.
    """
    last = _last_words(events)
    begun = [i for i, e in last.items() if e.kind == "image" and alive(e)]
    ended = {k: {i for i, e in last.items() if e.kind == k} for k in ENDS}
    failed = ended["failed"] | ended["blocked"]
    finished = (task.before | ended["done"] | ended["kept"]) - failed
    finished = (finished - set(begun)) & task.weights.keys()
    rest = task.weights.keys() - finished - failed
    times = [event.at for event in events if event.kind != "run"]
    until = now if rest else max(times, default=now)
    elapsed = max(0.0, until - min(times, default=now))
    octets = sum(last[image].octets for image in ended["done"])
    rate = _rate(task, events, ended["done"], begun, now, elapsed)
    left = sum(task.weights[image] for image in rest)
    left -= sum(rate.credit.get(image, 0.0) for image in rest)
    return Estimate(
        finished=frozenset(finished),
        failed=frozenset(failed & task.weights.keys()),
        running=tuple(sorted(begun, key=lambda image: last[image].at)),
        octets=octets,
        elapsed_s=elapsed,
        octets_per_s=octets / elapsed if octets and elapsed else None,
        left_s=0.0 if not rest else left / rate.per_s if rate.per_s else None,
    )


def _last_words(events: Sequence[Event]) -> dict[str, Event]:
    return {event.image: event for event in events if event.image}


@dataclass(frozen=True)
class _Rate:
    per_s: float
    credit: Mapping[str, float]


def _rate(
    task: Task,
    events: Sequence[Event],
    done: set[str],
    begun: Sequence[str],
    now: float,
    elapsed: float,
) -> _Rate:
    """Return weight per second, and what the images under way count so far."""
    weight = {i: task.weights.get(i, 0.0) for i in (*done, *begun)}
    begins = {e.image: e.at for e in events if e.kind == "image"}
    ends = {e.image: e.at for e in events if e.kind == "done"}
    took = sum(max(0.0, ends[i] - begins.get(i, ends[i])) for i in done)
    finished = sum(weight[i] for i in done)
    if not finished or not elapsed:
        return _Rate(0.0, {})
    of_one = finished / took if took else 0.0
    credit = {
        image: min(
            _MOST_OF_AN_IMAGE * weight[image], of_one * max(0.0, now - begins[image])
        )
        for image in begun
    }
    return _Rate((finished + sum(credit.values())) / elapsed, credit)
