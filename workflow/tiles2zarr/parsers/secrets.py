"""Signed URLs among the files of tiles, which must not reach state and metadata."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tiles2zarr.credentials import credential_in, redact
from tiles2zarr.sheets import row_list


def secret_faults(
    files: Sequence[str | None] | NDArray[np.object_],
    rows: NDArray[np.int64],
    resource: str,
) -> list[str]:
    """Return one fault per kind of secret that files hold, none of it repeated.

    Args:
        files: Paths or URLs, relative ones below ``resource``.
        rows: Their table rows.
        resource: Folder or URL.
    """
    found: dict[str, list[int]] = {}
    for number, file in enumerate(files):
        # a look at two letters: tables have a hundred thousand files
        if file and ("=" in file or "@" in file):
            url = file if "://" in file else f"{resource}/{file}"
            secret = credential_in(url)
            if secret is not None:
                found.setdefault(secret, []).append(number)
    return [
        f"file_path {_plain(str(files[numbers[0]]))!r} holds {secret} in "
        f"{row_list(rows[numbers])}, and names of files are copied into logs, state "
        "and plate. Give the URL without it (s3:// rather than a signed https://), and "
        "credentials through storage_options (profile), the environment or ~/.aws."
        for secret, numbers in found.items()
    ]


def _plain(file: str) -> str:
    return redact(file).partition("?")[0].partition("#")[0]
