"""What a place for an image or a plate can do, whatever is behind it."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class Store(Protocol):
    """Objects by key below one root; keys use ``/``."""

    @property
    def url(self) -> str:
        """The root as a path or URL, for messages and readers."""

    @property
    def options(self) -> Mapping[str, object]:
        """Options of the file system behind a URL; empty for folders."""

    @property
    def requests(self) -> int:
        """How many threads pay off: one for a folder, many where answers take time."""

    def get(self, key: str) -> bytes | None:
        """Return the object, or ``None`` if there is none."""

    def put(self, key: str, data: bytes) -> None:
        """Replace the object in one step."""

    def put_chunk(self, key: str, data: bytes) -> None:
        """Write an object nobody reads yet; durable after ``flush``."""

    def flush(self) -> None:
        """Wait until everything written is on the disk or the server."""

    def delete(self, key: str) -> None:
        """Remove the object or everything below the key, if there."""

    def sizes(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Yield key and size in bytes of every object below ``prefix``."""

    def children(self, prefix: str) -> tuple[str, ...]:
        """Return the sorted names directly below ``prefix``."""

    def below(self, prefix: str) -> "Store":
        """Return the store that starts at ``prefix``."""

    def derived(self) -> "Store":
        """Return the same store for what can be made again: it need not be durable."""
