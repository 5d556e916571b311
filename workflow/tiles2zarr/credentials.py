"""Credentials in URLs and messages: found, so that they are refused or cut out.

Places of files go into logs, checkpoints, receipts and the plate's own metadata, where
a signed URL would be a key that lies open.
"""

import os
import re

_NAMES = re.compile(
    r"(signature|credential|token|sig|secret|password|passwd"
    r"|api[_-]?key|access[_-]?key|authorization)=",
    re.IGNORECASE,
)
"""How names of URL parameters end that hold a secret, of S3, Google, Azure, others."""
_PASSWORD = re.compile(r"://[^/?#@]*:[^/?#]*@")
_VARIABLES = re.compile(r"SECRET|TOKEN|PASSWORD|ACCESS_KEY|SAS|ACCOUNT_KEY|CONNECTION")
_QUERY = re.compile(r"(\w+://[^\s?'\"<>]+)\?[^\s'\"<>]*")
_USER = re.compile(r"(\w+://)[^\s/@'\"]+@")


def credential_in(location: str) -> str | None:
    """Return what secret a path or URL holds, in words; ``None`` if none is seen.

    Every part of a chain (``zip://...::https://...``) is looked at; what is no URL
    holds none, whatever its name.
    """
    for part in location.split("::"):
        if "://" not in part:
            continue
        query = re.split(r"[?#]", part, maxsplit=1)[1:]
        if query and _NAMES.search(query[0]):
            return "a signature or token"
        if _PASSWORD.search(part):
            return "a password"
    return None


def redact(text: str) -> str:
    """Return text without queries and users of URLs and values of the environment.

    Queries hold signatures; some libraries print whole requests.
    """
    text = _USER.sub(r"\1", _QUERY.sub(r"\1", text))
    for name, value in os.environ.items():
        if len(value) >= 8 and _VARIABLES.search(name):
            text = text.replace(value, "***")
    return text
