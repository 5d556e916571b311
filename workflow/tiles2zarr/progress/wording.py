"""Progress in words: one line a person reads in passing."""

from tiles2zarr.progress.estimate import Estimate, Task

_NAMED = 4
"""Wells under way that are named."""


def progress_line(name: str, task: Task, found: Estimate) -> str:
    """Return ``P1: 12 of 96 wells, 312 MB/s, about 4 min left; now B03, B04``."""
    total, done = _wells(task, found)
    noun = "wells" if all(task.wells.values()) else "images"
    parts = [f"{name}: {done:,} of {total:,} {noun}"]
    if found.failed:
        parts.append(f"{len(found.failed):,} failed")
    if found.octets_per_s is not None:
        parts.append(rate(found.octets_per_s))
    if found.left_s:
        parts.append(f"about {duration(found.left_s)} left")
    now = dict.fromkeys(task.wells.get(i) or i for i in found.running)
    more = f" and {len(now) - _NAMED} more" if len(now) > _NAMED else ""
    tail = f"; now {', '.join(list(now)[:_NAMED])}{more}" if now else ""
    return ", ".join(parts) + tail


def _wells(task: Task, found: Estimate) -> tuple[int, int]:
    """Return how many wells there are, and how many have all their images."""
    whole: dict[str, bool] = {}
    for image, well in task.wells.items():
        key = well or image
        whole[key] = whole.get(key, True) and image in found.finished
    return len(whole), sum(whole.values())


def rate(octets_per_s: float) -> str:
    """Return bytes per second for people: ``312 MB/s``, ``0.77 MB/s``."""
    megabytes = octets_per_s / 1e6
    return f"{megabytes:,.0f} MB/s" if megabytes >= 9.5 else f"{megabytes:.2g} MB/s"


def duration(seconds: float) -> str:
    """Return a time for people: ``45 s``, ``12 min``, ``2 h 10 min``, ``3 days``."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days} days" + (f" {hours} h" if hours else "")
