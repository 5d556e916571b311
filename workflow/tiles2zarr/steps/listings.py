"""Size and time of files; of those behind URLs, told by listings of their folders.

A request per file would cost a plate of 10,000 files minutes at every start; a listing
tells of a thousand files at a time. Runs in the head process too: nothing heavy here.
"""

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from tiles2zarr.credentials import redact
from tiles2zarr.filesystems import (
    FileSystem,
    explain_remote,
    local_path,
    open_filesystem,
    patiently,
    protocol_of,
    remote_errors,
)

LOG = logging.getLogger("tiles2zarr")
Stat = tuple[int, int]
"""Bytes, and nanoseconds since 1970 (below the second: a digest of the version)."""
MISSING: Stat = (-1, 0)
"""Of a file that is not there."""
UNTOLD: Stat = (-1, -1)
"""Of a file behind a server that tells neither time nor version in listings."""
REFUSED: Stat = (-1, -2)
"""Of a file whose folder could not be listed this time."""
_STAT_THREADS = 8
"""A stat costs nothing locally and a round trip on a file server."""
_THREADS = 32
_SECOND_NS = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMES = ("LastModified", "last_modified", "mtime", "updated", "modify", "created")
"""What the file systems of fsspec call the time of a file, best first."""
_TAGS = ("ETag", "etag", "Content-MD5", "Last-Modified")
Options = Mapping[str, object]
T = TypeVar("T")


class Listings:
    """What is told of files; a folder behind a URL is listed once, when asked for."""

    def __init__(self, *, each: bool = False) -> None:
        """Make no request yet.

        Args:
            each: Ask for files one by one where listings do not tell enough (HTTP).
        """
        self._each = each
        self._known: dict[tuple[str, str], Mapping[str, Stat] | Stat] = {}

    def stats(self, files: Sequence[str], storage: Options) -> list[Stat]:
        """Return the stats of files in order; what cannot be listed is in the log.

        Args:
            files: Local files and URLs; of a local one each call looks anew.
            storage: Options of the URLs' file system.
        """
        far = [file for file in files if local_path(file) is None]
        told = dict(zip(far, self._far(far, storage), strict=True)) if far else {}
        near = [file for file in files if file not in told]
        with ThreadPoolExecutor(_STAT_THREADS) as pool:
            told |= zip(near, pool.map(stat_file, near), strict=True)
        return [told[file] for file in files]

    def _far(self, urls: Sequence[str], storage: Options) -> list[Stat]:
        places = [split_url(url) for url in urls]
        frozen = _frozen(storage)
        folders = dict.fromkeys(folder for folder, _ in places)
        new = [folder for folder in folders if (folder, frozen) not in self._known]
        for folder, found in zip(new, _at_once(list_folder, new, storage), strict=True):
            self._known[folder, frozen] = found
        rows = [_row(self._known[folder, frozen], name) for folder, name in places]
        if not self._each:
            return rows
        untold = [i for i, row in enumerate(rows) if row == UNTOLD]
        asked = _at_once(ask, [urls[i] for i in untold], storage)
        for i, row in zip(untold, asked, strict=True):
            rows[i] = row
        return rows

    def tree(self, url: str, storage: Options) -> dict[str, Stat]:
        """Return all files at or below a URL, by URL; of one that is a file, itself.

        Their folders need not be listed again.
        """
        url = url.rstrip("/")
        listed = _find(url, storage) if _lists(url) else ask(url, storage)
        if isinstance(listed, tuple):
            return {url: listed}
        folders: dict[str, dict[str, Stat]] = {}
        for file, stat in listed.items():
            folder, name = split_url(file)
            folders.setdefault(folder, {})[name] = stat
        self._known |= {(f, _frozen(storage)): rows for f, rows in folders.items()}
        return listed


def stat_file(location: str) -> Stat:
    """Return size and mtime_ns of a local file, ``MISSING`` for all else."""
    try:
        status = os.stat(local_path(location) or location)
    except (OSError, ValueError):
        return MISSING
    return status.st_size, status.st_mtime_ns


def split_url(url: str) -> tuple[str, str]:
    """Return the folder's URL, without a slash at its end, and the file's name."""
    folder, _, name = url.rpartition("/")
    return (f"{folder}/" if folder.endswith(":/") else folder), name


def list_folder(folder: str, storage: Options) -> Mapping[str, Stat] | Stat:
    """Return the files directly in a folder by name; or what holds for all of them.

    There is no error: a folder that is absent is empty, and what cannot be listed is
    told in the log and ``REFUSED``.
    """
    if not _lists(folder):
        return UNTOLD
    try:
        system, path = open_filesystem(folder, storage)
        return {
            str(entry["name"]).rstrip("/").rpartition("/")[2]: _stat(entry)
            for entry in patiently(lambda: _fresh(system).ls(path, detail=True))
            if entry.get("type") != "directory"
        }
    except FileNotFoundError:
        return {}
    except remote_errors(ValueError, ImportError, NotImplementedError) as error:
        return _refused(folder, error)


def ask(url: str, storage: Options) -> Stat:
    """Return the stat of one file by a request of its own, as ``list_folder``."""
    if "::" in url:
        return UNTOLD
    try:
        system, path = open_filesystem(url, storage)
        return _stat(patiently(lambda: _fresh(system).info(path)))
    except FileNotFoundError:
        return MISSING
    except remote_errors(ValueError, ImportError, NotImplementedError) as error:
        return _refused(url, error)


def untold_servers(urls: Iterable[str], stats: Iterable[Stat]) -> tuple[str, ...]:
    """Return protocol and host of the URLs whose changes nobody would notice."""
    rows = zip(urls, stats, strict=True)
    hosts = {_host(url) for url, stat in rows if stat in (UNTOLD, REFUSED)}
    return tuple(sorted(hosts))


def _host(url: str) -> str:
    return redact("/".join(url.split("/")[:3]).partition("?")[0])


def _lists(url: str) -> bool:
    """Say whether listings of a protocol tell sizes: pages of web servers do not."""
    return "::" not in url and protocol_of(url) not in ("http", "https")


def _find(url: str, storage: Options) -> dict[str, Stat] | Stat:
    """Return all files below a folder, or what is told of a URL that is none."""
    try:
        system, path = open_filesystem(url, storage)
        path = path.rstrip("/")
        entry = patiently(lambda: _fresh(system).info(path))
        if entry.get("type") != "directory":
            return _stat(entry)
        found = patiently(lambda: system.find(path, detail=True))
    except FileNotFoundError:
        return MISSING
    except remote_errors(ValueError, ImportError, NotImplementedError) as error:
        return _refused(url, error)
    return {f"{url}{file[len(path) :]}": _stat(entry) for file, entry in found.items()}


def _fresh(system: FileSystem) -> FileSystem:
    system.invalidate_cache()
    return system


def _refused(url: str, error: BaseException) -> Stat:
    LOG.warning(
        "%s cannot be listed (%s); its files are taken as they were. Check network, "
        "credentials and the right to list.",
        redact(url),
        explain_remote(error),
    )
    return REFUSED


def _at_once(
    call: Callable[[str, Options], T], urls: Sequence[str], storage: Options
) -> list[T]:
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda url: call(url, storage), urls))


def _row(listed: Mapping[str, Stat] | Stat, name: str) -> Stat:
    return listed if isinstance(listed, tuple) else listed.get(name, MISSING)


def _frozen(storage: Options) -> str:
    return json.dumps(storage, sort_keys=True, default=repr)


def _stat(entry: Mapping[str, object]) -> Stat:
    """Return size and time of an entry of a listing.

    S3 tells whole seconds: the version below the second tells two writes of one second
    apart.
    """
    size = entry.get("size")
    times = (entry.get(name) for name in _TIMES)
    time = next((value for value in times if value is not None), None)
    tag = "".join(str(entry[name]) for name in _TAGS if entry.get(name))
    if isinstance(time, str):
        tag += time
        time = None
    if not isinstance(size, int) or (time is None and not tag):
        return UNTOLD
    elapsed_ns = _nanoseconds(time)
    if tag:
        version = int(hashlib.sha256(tag.encode()).hexdigest()[:8], 16) % _SECOND_NS
        elapsed_ns += version - elapsed_ns % _SECOND_NS
    return size, elapsed_ns


def _nanoseconds(time: object) -> int:
    if isinstance(time, datetime):
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        return (aware - _EPOCH) // timedelta(microseconds=1) * 1000
    return round(time * _SECOND_NS) if isinstance(time, int | float) else 0
