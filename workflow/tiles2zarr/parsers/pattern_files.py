"""The files of a folder tree, and which of them a pattern matches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiles2zarr.errors import ParserError
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.parsers.directory import Directory, join, list_directory
from tiles2zarr.parsers.pattern_text import Pattern

IMAGES = (
    *(".tif", ".tiff", ".tf2", ".tf8", ".btf", ".stk"),
    *(".png", ".jpg", ".jpeg", ".bmp", ".npy"),
)
"""Endings of image files, in lower case."""
DEPTH = 10
"""Folders below each other that are looked into; stops circles of links."""
_SHOWN_NAMES = 3


@dataclass(frozen=True)
class Matched:
    """Files that the pattern matches.

    Args:
        files: Paths relative to the folder, sorted.
        texts: Text of each part by its name, one per file; ``""`` where an optional
            group took nothing.
        findings: What was left out.
    """

    files: tuple[str, ...]
    texts: Mapping[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def list_tree(path: str, storage: Mapping[str, object] | None = None) -> list[str]:
    """Return the files in and below a folder, relative to it, sorted.

    Hidden files and folders and OME-Zarr stores are left out.

    Raises:
        ParserError: There is no such folder, or it cannot be read.
    """
    top = list_directory(path, storage)
    if top is None:
        raise ParserError(
            f"{path} is a file; format pattern needs a folder. Give the folder the "
            "pattern counts from as path."
        )
    return sorted(_walk(top, "", storage, DEPTH))


def _walk(
    folder: Directory, prefix: str, storage: Mapping[str, object] | None, depth: int
) -> Iterator[str]:
    yield from (prefix + name for name in folder.files if not name.startswith("."))
    for name in folder.folders if depth > 1 else ():
        if name.startswith(".") or name.lower().endswith(".zarr"):
            continue
        below = list_directory(join(folder.path, name), storage)
        if below is not None:
            yield from _walk(below, f"{prefix}{name}/", storage, depth - 1)


def match_files(pattern: Pattern, files: Sequence[str], folder: str) -> Matched:
    """Return the files whose path, counted from the folder, the pattern matches.

    Where it matches none so, it is held against the ends of the paths: the images may
    lie in folders that the pattern does not name.

    Args:
        pattern: The pattern.
        files: Paths relative to ``folder``.
        folder: The folder, for messages.

    Raises:
        ParserError: No file matches.
    """
    hits = _hits(pattern, {file: file for file in files})
    findings: list[Finding] = []
    if not hits:
        hits = _hits(pattern, {file: _end(file, pattern.depth) for file in files})
        findings += _in_folders(list(hits), pattern)
    if not hits:
        images = [file for file in files if is_image(file)] or list(files)
        names = ", ".join(images[:_SHOWN_NAMES]) or "no files at all"
        raise ParserError(
            f"No file in {folder} matches the pattern {pattern.text!r}; it holds "
            f"{names}. Write the pattern for such names, from the folder on, ending "
            "included (`tiles2zarr init FOLDER` proposes one)."
        )
    findings += _left_out([file for file in files if file not in hits], hits, pattern)
    texts = {
        name: tuple(groups[number] or "" for groups in hits.values())
        for number, name in enumerate(pattern.names)
    }
    return Matched(tuple(hits), texts, tuple(findings))


def is_image(file: str) -> bool:
    """Say whether a file has the ending of an image."""
    return file.lower().endswith(IMAGES)


def _hits(
    pattern: Pattern, texts: Mapping[str, str]
) -> dict[str, tuple[str | None, ...]]:
    """Return the texts of the parts by file, of the files that match."""
    numbers = [pattern.regex.groupindex[name] for name in pattern.names]
    found = {}
    for file, text in texts.items():
        match = pattern.regex.fullmatch(text)
        if match is not None:
            found[file] = tuple(match[number] for number in numbers)
    return found


def _end(file: str, depth: int) -> str:
    """Return the file's name with the ``depth`` folders before it."""
    return "/".join(file.split("/")[-depth - 1 :])


def _in_folders(files: list[str], pattern: Pattern) -> list[Finding]:
    """Return a finding on files that lie in folders the pattern does not name."""
    if not files:
        return []
    folders = {file.rpartition("/")[0] for file in files}
    message = (
        f"All {len(files)} files of the pattern lie in {len(folders)} folders that it "
        f"does not name, e.g. {files[0]}; it was held against the ends of the paths."
    )
    return [
        Finding(
            code="pattern_in_folders",
            severity="info",
            message=message,
            count=len(files),
            files=tuple(files[:SHOWN]),
        )
    ]


def _left_out(
    others: list[str], hits: Mapping[str, object], pattern: Pattern
) -> list[Finding]:
    """Return a finding on files that do not match."""
    if not others:
        return []
    images = [file for file in others if is_image(file)]
    shown = images or others
    message = (
        f"{len(others)} of {len(others) + len(hits)} files do not match the pattern "
        f"{pattern.text!r} and are left out, {len(images)} images among them, e.g. "
        f"{shown[0]}."
    )
    return [
        Finding(
            code="unmatched_files",
            severity="warning" if images else "info",
            message=message,
            count=len(others),
            files=tuple(shown[:SHOWN]),
        )
    ]
