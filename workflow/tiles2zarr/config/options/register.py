"""What register depends on."""

from tiles2zarr.config.base import Section
from tiles2zarr.config.registration import Registration
from tiles2zarr.config.values import Label, StorageOptions
from tiles2zarr.config.writing import MixedDtype, OnMissing


class RegisterOptions(Section):
    """What register depends on."""

    registration: Registration
    """How tiles are placed; ``redecide`` is for parse_tiles alone and always false."""
    on_missing: OnMissing
    """What missing planes are."""
    mixed_dtype: MixedDtype
    """What files of different pixel types are."""
    storage_options: dict[int, StorageOptions]
    """Options of the sources' file systems, by acquisition id; only where given."""
    ask_each_source: bool = False
    """Ask for files one by one whose server does not list them."""
    settle: float = 0
    """Age from which a file counts as finished, second."""
    extensions: tuple[Label, ...]
    """Folders with the user's functions."""
    code: str = ""
    """Digest of the modules in these folders, filled in by ``step_options``."""
