"""Names of images that hold one field of view (No Tiling)."""

import hashlib
import re

_LONGEST = 40
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_LIKE_NUMBERED = re.compile(r"F[0-9]")


def fov_suffix(fov: str) -> str:
    """Return a field's name as it ends the path of its image.

    Letters and digits only. ``1`` becomes ``F1``; a name that had to be changed
    otherwise, or that such a number could become (``F1``), ends in six hex digits of
    its hash. The result never depends on the other fields.
    """
    kept = "".join(_PLAIN.findall(fov))[:_LONGEST]
    numbered = not kept[:1].isalpha()
    if kept == fov and not _LIKE_NUMBERED.match(fov):
        return f"F{kept}" if numbered else kept
    digest = hashlib.sha256(fov.encode()).hexdigest()[:6]
    return f"{'F' if numbered else ''}{kept}{digest}"
