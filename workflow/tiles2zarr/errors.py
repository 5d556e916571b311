"""The errors of the package: one family, so a script can catch all of them at once."""

from collections.abc import Iterable


class Tiles2ZarrError(Exception):
    """Base of every error the package raises on purpose.

    The message is written for the person at the microscope: the first sentence says
    what went wrong and where (image, tile, file or row, expected and got), the second
    how to mend it.
    """


class FaultsError(Tiles2ZarrError):
    """Several faults of one input, raised together.

    Args:
        title: What was looked at, e.g. ``"config my.yaml"``.
        faults: One line per fault, each naming its place and the cure.
    """

    def __init__(self, title: str, faults: Iterable[str]) -> None:
        """Keep the faults for callers that show them one by one."""
        self.title = title
        self.faults = tuple(faults)
        count = f"{len(self.faults)} fault{'s' if len(self.faults) != 1 else ''}"
        super().__init__("\n  - ".join([f"{title}: {count}", *self.faults]))


class ConfigError(FaultsError):
    """The configuration cannot be used."""


class TableError(FaultsError):
    """A tile table, condition table or position table cannot be used."""


class ParserError(Tiles2ZarrError):
    """A vendor's metadata cannot be read; names the file and the element."""


class SourceError(Tiles2ZarrError):
    """The pixels of one file cannot be read or are not what was declared."""


class RegistrationError(Tiles2ZarrError):
    """The tiles of an image cannot be placed."""


class StoreError(Tiles2ZarrError):
    """The output cannot be written, or is not ours to write."""


class LockedError(StoreError):
    """Another live process holds the image."""


class ExtensionError(Tiles2ZarrError):
    """A user function named in the config cannot be imported or failed."""


class VersionError(Tiles2ZarrError):
    """State or package of another version than the one that started the run."""
