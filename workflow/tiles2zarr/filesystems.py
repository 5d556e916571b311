"""File systems behind URLs: opened once per process, asked again when they fail.

A server that is busy, slow or cut off is the normal case: every request is repeated
with growing pauses, here and nowhere else, so that a dead server is told after two
minutes and not after the product of three libraries' patience. fsspec is imported only
when a URL is met.
"""

import errno
import json
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import BinaryIO, Protocol, TypeVar, cast

from tiles2zarr.credentials import redact

PATIENCE_S = 120.0
"""Seconds a request is repeated for before its error is told."""
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 15.0
_LEAST_TRIES = 4
"""Tries before patience ends, however slow each of them is."""
CONNECTIONS = 64
"""Requests one file system keeps open at a time."""
S3 = ("s3", "s3a")
T = TypeVar("T")

_FINAL = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
)
_FINAL_NUMBERS = {
    errno.EINVAL,
    errno.ENOSYS,
    errno.EPERM,
    errno.EACCES,
    errno.ENAMETOOLONG,
    errno.EMSGSIZE,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.ENOTEMPTY,
}
_BUSY_CODES = {
    "BadDigest",
    "IncompleteBody",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "XAmzContentSHA256Mismatch",
}
"""Words of a server that call for another try whatever its status."""
_BUSY_STATUS = {408, 409, 425, 429}
_TRANSIENT = {
    "aiohttp": ("ClientConnectionError", "ClientPayloadError"),
    "botocore.exceptions": ("HTTPClientError",),
    "botocore.parsers": ("ResponseParserError",),
    "http.client": ("HTTPException",),
}
_FOREIGN = {
    "aiohttp": ("ClientError",),
    "botocore.exceptions": ("BotoCoreError", "ClientError"),
    "botocore.parsers": ("ResponseParserError",),
    "http.client": ("HTTPException",),
}
"""Errors behind fsspec that are no OSError, by module."""


class FileSystem(Protocol):
    """What is used of an fsspec file system."""

    def cat_file(
        self, path: str, *, start: int | None = ..., end: int | None = ...
    ) -> bytes:
        """Return an object or a part of it."""

    def pipe_file(self, path: str, value: bytes, **options: str) -> object:
        """Write an object in one step."""

    def info(self, path: str) -> dict[str, object]:
        """Return size, time and more of an object."""

    def ls(self, path: str, detail: bool = ...) -> list[dict[str, object]]:
        """Return what is directly below a path."""

    def find(self, path: str, *, detail: bool) -> dict[str, dict[str, object]]:
        """Return all objects below a path."""

    def rm(self, path: list[str]) -> None:
        """Remove objects."""

    def rm_file(self, path: str) -> None:
        """Remove an object."""

    def open(self, path: str, mode: str, *, block_size: int) -> BinaryIO:
        """Return an open file."""

    def invalidate_cache(self) -> None:
        """Forget listings."""


def is_url(location: str) -> bool:
    """Say whether a location is a URL (``s3://``, ``memory://`` ...)."""
    return "://" in location


def local_path(location: str) -> str | None:
    """Return the path of a local file or ``file://`` URL, else ``None``."""
    if location.startswith("file://"):
        return location.removeprefix("file://")
    return None if is_url(location) else location


def protocol_of(url: str) -> str:
    """Return the protocol of a URL, ``s3``; the first one of a chain."""
    return url.partition("://")[0].partition("::")[0].lower()


def open_filesystem(
    url: str, options: Mapping[str, object] | None = None
) -> tuple[FileSystem, str]:
    """Return the file system of a URL, shared by all threads, and the path in it.

    Args:
        url: Any URL fsspec knows.
        options: Options of the file system, as in the config.

    Raises:
        ValueError: The protocol is not known.
        ImportError: What serves the protocol is not installed.
    """
    import fsspec.core

    given = dict(options or {})
    try:
        frozen = json.dumps(given, sort_keys=True)
    except TypeError:  # objects, given by Python users
        return cast("tuple[FileSystem, str]", fsspec.core.url_to_fs(url, **given))
    if "::" in url:
        return cast("tuple[FileSystem, str]", fsspec.core.url_to_fs(url, **given))
    system, strip = _open_once(_host(url), frozen, os.getpid())
    return system, strip(url)


def _host(url: str) -> str:
    """Return what of a URL decides the file system: not the path of object stores."""
    protocol = protocol_of(url)
    if protocol in (*S3, "gs", "gcs", "memory"):
        return f"{protocol}://"
    return "/".join(url.split("/")[:3])


@cache
def _open_once(
    host: str, options: str, process: int
) -> tuple[FileSystem, Callable[[str], str]]:
    """Return a file system and what takes its protocol off a URL.

    Not by fsspec's own cache: that one has an entry, and connections, per thread.
    """
    del process  # a forked process needs connections of its own
    import fsspec.core

    protocol = protocol_of(host)
    given = _tuned(protocol, json.loads(options))
    system = fsspec.core.url_to_fs(host, skip_instance_cache=True, **given)[0]
    if protocol in S3:
        system.retries = 1
    return system, type(system)._strip_protocol


def _tuned(protocol: str, options: dict[str, object]) -> dict[str, object]:
    """Return the options with many connections and no patience of the library's own."""
    if protocol not in S3:
        return options
    given = options.get("config_kwargs")
    config: dict[str, object] = {
        "max_pool_connections": CONNECTIONS,
        "connect_timeout": 10,
        "read_timeout": 60,
        "retries": {"total_max_attempts": 1},
    }
    config |= given if isinstance(given, dict) else {}
    # above 1 s3fs asks for the size before it asks for an object
    plain: dict[str, object] = {"use_listings_cache": False, "max_concurrency": 1}
    return plain | options | {"config_kwargs": config}


def patiently(call: Callable[[], T], patience_s: float = PATIENCE_S) -> T:
    """Return what a request returns, repeating it while the server is at fault.

    Pauses grow from a tenth of a second to 15 s and are of random length, so that many
    clients of a server that comes back do not all come at once.

    Raises:
        OSError: Or what ``remote_errors`` holds: no answer in ``patience_s`` seconds,
            or one that will not change.
    """
    start = time.monotonic()
    pause_s = _FIRST_PAUSE_S
    tries = 0
    while True:
        tries += 1
        try:
            return call()
        except remote_errors() as error:
            waited_s = time.monotonic() - start
            over = waited_s > patience_s and tries >= _LEAST_TRIES
            if over or not is_transient(error):
                raise
        time.sleep(pause_s * random.uniform(0.5, 1.0))
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def is_transient(error: BaseException) -> bool:
    """Say whether another try may go better."""
    answer = _answer(error)
    if answer is not None:
        status, code = answer
        return status >= 500 or status in _BUSY_STATUS or code in _BUSY_CODES
    plain: object = getattr(error, "status", None)
    if isinstance(plain, int):  # aiohttp: the answer to a plain HTTP request
        return plain >= 500 or plain in _BUSY_STATUS
    if isinstance(error, OSError):
        return not isinstance(error, _FINAL) and error.errno not in _FINAL_NUMBERS
    return isinstance(error, _imported(_TRANSIENT))


def _answer(error: BaseException) -> tuple[int, str] | None:
    """Return status and code of an S3 server's answer, if the error is one."""
    for one in (error, error.__cause__):
        response = getattr(one, "response", None)
        if isinstance(response, Mapping) and "ResponseMetadata" in response:
            status = response["ResponseMetadata"].get("HTTPStatusCode", 0)
            return int(status), str(response.get("Error", {}).get("Code", ""))
    return None


def remote_errors(
    *others: type[BaseException],
) -> tuple[type[BaseException], ...]:
    """Return all that a request may raise; of libraries only if they are imported.

    Args:
        others: Errors to be caught with them.
    """
    return (OSError, *_imported(_FOREIGN), *others)


def _imported(names: Mapping[str, tuple[str, ...]]) -> tuple[type[BaseException], ...]:
    return tuple(
        getattr(sys.modules[module], name)
        for module, found in names.items()
        if module in sys.modules
        for name in found
    )


def explain_remote(error: BaseException) -> str:
    """Return an error of a request as text that holds no credentials."""
    text = redact(str(error).strip() or "no reason given").rstrip(".")
    if isinstance(error, ValueError | ImportError):  # fsspec's own, a whole sentence
        return text
    return f"{type(error).__name__}: {text}"


def read_object(url: str, options: Mapping[str, object] | None = None) -> bytes:
    """Return the whole object at a URL, in one request.

    Raises:
        FileNotFoundError: There is none.
        OSError: Or what ``remote_errors`` holds.
    """
    system, path = open_filesystem(url, options)
    return bytes(patiently(lambda: system.cat_file(path)))


def output_fault(url: str) -> str | None:
    """Return why nothing can be written to a URL, if that is known without asking it.

    Nothing that takes time is imported: every job's start asks this.
    """
    from importlib.util import find_spec

    from fsspec.registry import known_implementations, registry

    if "::" in url:
        return "is a chain of URLs, which cannot be written to. Give a plain URL"
    protocol = protocol_of(url)
    if protocol in ("http", "https"):
        return "cannot be written to by HTTP. Give a folder or an object store"
    known = known_implementations.get(protocol)
    if known is None and protocol not in registry:
        return f"has the protocol {protocol}, which fsspec does not know. Correct it"
    module = str(known["class"]).partition(".")[0] if known else "fsspec"
    if find_spec(module) is None:
        extra = "tiles2zarr[s3]" if protocol in S3 else module
        return f"needs {module}, which is not installed. Run: pip install '{extra}'"
    return None
