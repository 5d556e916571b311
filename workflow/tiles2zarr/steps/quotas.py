"""What quotas leave of the output's file system, asked of the system without rights.

ext4, XFS and the like answer quotactl(2) for the user and the groups of who asks. The
quota of a project (a folder) is part of what statvfs says, so that nobody need ask for
it. NFS is asked by the `quota` command where that is installed. Where nobody can tell
(Lustre, GPFS, macOS) there is no quota here: a look ahead must not end a run.
"""

import ctypes
import grp
import os
import pwd
import re
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["user", "group"]
BLOCK = 1024
"""Bytes of a block in which limits are counted, whatever the file system's are."""
PATIENCE_S = 2
"""How long an NFS server is waited for."""
GET_QUOTA = 0x800007 << 8
"""Command of quotactl(2), for users; one more for groups."""
RECORD = struct.Struct("=8QI4x")
"""``struct if_dqblk`` of linux/quota.h."""
_HEAD = re.compile(r"Disk quotas for (user|group) .* \([ug]id (\d+)\):")
_ROW = re.compile(r"\s" + r"\s+".join([r"(\d+)\*?"] * 8) + r"\s*$")


@dataclass(frozen=True)
class Limit:
    """Bounds of bytes or of files; 0 is no bound."""

    used: int
    soft: int
    """May be passed until ``grace_end``."""
    hard: int
    """May not be passed."""
    grace_end: int
    """When ``soft`` becomes hard, second since 1970; 0 while it is not passed."""

    def left(self, now_s: float) -> int | None:
        """Return how much may still be written; ``None`` if there is no bound."""
        ended = self.soft and self.grace_end and self.grace_end <= now_s
        bounds = [self.hard] if self.hard else []
        bounds += [self.soft] if ended else []
        return max(0, min(bounds) - self.used) if bounds else None

    @property
    def left_to_soft(self) -> int | None:
        """How much is left before the time of grace begins; ``None``: no such bound."""
        return max(0, self.soft - self.used) if self.soft else None


@dataclass(frozen=True)
class Quota:
    """What a user or a group may have in a file system."""

    owner: str
    """``user anna``, ``group lab``."""
    space: Limit
    """Bytes."""
    files: Limit
    """Files and folders."""


@dataclass(frozen=True)
class Mount:
    """A mounted file system."""

    place: str
    """Where it is mounted."""
    kind: str
    """``ext4``, ``xfs``, ``nfs4``."""
    source: str
    """Its device, or server and path."""
    options: frozenset[str]
    """Options of the file system."""


def quotas_of(folder: Path) -> tuple[Quota, ...]:
    """Return the quotas that new files below a folder count in, as far as known.

    Takes milliseconds, where an NFS server does not answer ``PATIENCE_S``.
    """
    if sys.platform != "linux":
        return ()
    with suppress(OSError):
        status = folder.stat()
        mounts = Path("/proc/self/mountinfo").read_text(errors="surrogateescape")
        mount = find_mount(mounts, status.st_dev)
        if mount is not None:
            return tuple(_quotas(mount, status))
    return ()


def find_mount(mountinfo: str, device: int) -> Mount | None:
    """Return the mounted file system of a device number.

    Args:
        mountinfo: Text of ``/proc/self/mountinfo``, see proc(5).
        device: ``st_dev`` of a folder.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    found = None
    for line in mountinfo.splitlines():
        mounted, _, system = line.partition(" - ")
        fields, tail = mounted.split(" "), system.split(" ")
        if len(fields) > 5 and fields[2] == number and len(tail) == 3:
            found = Mount(
                place=_unescaped(fields[4]),
                kind=tail[0],
                source=_unescaped(tail[1]),
                options=frozenset(tail[2].split(",")),
            )
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), text)


def _quotas(mount: Mount, status: os.stat_result) -> Iterator[Quota]:
    owners: dict[Kind, int] = {"user": os.geteuid(), "group": group_of(status, mount)}
    if mount.kind.startswith("nfs"):
        yield from parse_quota(_quota_command(mount.place), owners)
        return
    for kind, number in owners.items():
        if is_enforced(mount.options, kind):
            record = _record(mount.source, kind, number)
            if record is not None:
                yield parse_record(record, _name(kind, number))


def group_of(status: os.stat_result, mount: Mount) -> int:
    """Return the group of files that are made in a folder."""
    inherited = status.st_mode & stat.S_ISGID or {"grpid", "bsdgroups"} & mount.options
    return status.st_gid if inherited else os.getegid()


def is_enforced(options: frozenset[str], kind: Kind) -> bool:
    """Say whether a file system refuses more than its quotas; others only count."""
    short = {"user": "usr", "group": "grp"}[kind]
    names = {option.partition("=")[0] for option in options}
    return bool(names & {f"{short}quota", f"{short}jquota"})


def _record(source: str, kind: Kind, number: int) -> bytes | None:
    """Return what quotactl(2) says; ``None`` if it says nothing."""
    call = getattr(ctypes.CDLL(None), "quotactl", None)
    if call is None:
        return None
    buffer = ctypes.create_string_buffer(RECORD.size)
    command = ctypes.c_int(GET_QUOTA + (kind == "group"))
    failed = call(command, os.fsencode(source), ctypes.c_int(number), buffer)
    return None if failed else buffer.raw


def parse_record(record: bytes, owner: str) -> Quota:
    """Return a quota from the bytes of ``struct if_dqblk``."""
    hard, soft, used, most, soft_files, files, space_end, files_end, _ = RECORD.unpack(
        record
    )
    return Quota(
        owner=owner,
        space=Limit(used, soft * BLOCK, hard * BLOCK, space_end),
        files=Limit(files, soft_files, most, files_end),
    )


def _name(kind: Kind, number: int) -> str:
    names: dict[Kind, Callable[[int], str]] = {
        "user": lambda n: pwd.getpwuid(n).pw_name,
        "group": lambda n: grp.getgrgid(n).gr_name,
    }
    with suppress(KeyError):
        return f"{kind} {names[kind](number)}"
    return f"{kind} {number}"


def _quota_command(place: str) -> str:
    command = ["quota", "-u", "-g", "-w", "-p", "-Q", "-f", place]
    try:
        # 1 is its exit code where a quota is passed
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def parse_quota(text: str, owners: dict[Kind, int]) -> Iterator[Quota]:
    """Yield the quotas of owners from what ``quota -wp`` prints.

    After ``Disk quotas for user anna (uid 1000):`` and names of columns come one line
    per file system: its name, then used, soft, hard and grace of blocks and of files.
    """
    owner: str | None = None
    for line in text.splitlines():
        head, row = _HEAD.match(line), _ROW.search(line)
        if head is not None:
            kind: Kind = "user" if head[1] == "user" else "group"
            number = int(head[2])
            owner = _name(kind, number) if owners[kind] == number else None
        elif row is not None and owner is not None:
            used, soft, hard, end, files, most, last, files_end = map(int, row.groups())
            space = Limit(used * BLOCK, soft * BLOCK, hard * BLOCK, end)
            yield Quota(owner, space, Limit(files, most, last, files_end))
