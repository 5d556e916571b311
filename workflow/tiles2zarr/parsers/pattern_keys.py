"""From the texts in file names to wells, fields, channels, planes and time points."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tiles2zarr.errors import ParserError
from tiles2zarr.models.acquisition import ChannelInfo
from tiles2zarr.models.collection import check_name
from tiles2zarr.models.finding import Finding
from tiles2zarr.models.well import column_index, parse_well, row_index
from tiles2zarr.parsers.pattern_files import Matched
from tiles2zarr.parsers.pattern_text import Pattern

T = TypeVar("T")
Ints = NDArray[np.int64]
_NUMBER = re.compile(r"[^0-9.,+-]*([0-9]{1,15})[^0-9.,+-]*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_KEY = ["image", "t", "field", "c", "z"]
_WORDS = {"z": "planes", "t": "time points"}


@dataclass(frozen=True)
class Keys:
    """Which image, field, channel, plane and time point every file is.

    Args:
        tiles: One row per file, by image, time point, field, channel and plane, with
            ``file``, ``row`` and ``column`` (0-based) or ``image_path``, ``fov``,
            ``c``, ``z``, ``t``, the attributes, and the ranks ``image`` and ``field``.
        channel_ids: Text of every channel, in order; empty without a part ``channel``.
        findings: Numbers that do not count one by one.
    """

    tiles: pd.DataFrame
    channel_ids: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def channels(self) -> tuple[ChannelInfo, ...] | None:
        """Return the channels by their text, numbers as ``channel_<number>``."""
        if not self.channel_ids:
            return None
        labels = (f"channel_{t}" if t.isdigit() else t for t in self.channel_ids)
        return tuple(ChannelInfo(channel_label=label) for label in labels)


def natural(text: str) -> tuple[tuple[int, str, str], ...]:
    """Return a key by which ``s2`` comes before ``s10``."""
    parts = re.findall(r"[0-9]+|[^0-9]+", text, re.ASCII)
    return tuple(
        (int(part), "", part) if part.isdigit() else (-1, part.casefold(), part)
        for part in parts
    )


def plain(text: str) -> str:
    """Return a number without leading zeros, other text stripped."""
    text = text.strip()
    return str(int(text)) if text.isascii() and text.isdigit() else text


def read_keys(pattern: Pattern, matched: Matched) -> Keys:
    """Return what the parts of the file names mean.

    Raises:
        ParserError: A text cannot be read, or two files have all parts alike.
    """
    texts = matched.texts
    columns: dict[str, object] = {"file": list(matched.files)}
    columns |= _images(matched)
    fields = _each(matched, "field", _field, "1")
    columns["fov"] = fields
    columns["field"] = _ranks(fields)
    ids, columns["c"] = _channels(matched)
    findings: list[Finding] = []
    for axis in ("z", "t"):
        columns[axis], found = _counts(matched, axis)
        findings += found
    for part in pattern.parts:
        if part.name in pattern.attributes:
            read = int if part.digits else str
            values = [read(text) if text else None for text in texts[part.name]]
            columns[part.name] = pd.Series(values, dtype="object")
    tiles = pd.DataFrame(columns)
    _check_unique(tiles, texts, pattern)
    tiles = tiles.sort_values(_KEY, kind="stable", ignore_index=True)
    return Keys(tiles, ids, tuple(findings))


def plate_of(pattern: Pattern, matched: Matched) -> str | None:
    """Return the plate that the names tell, or nothing.

    Raises:
        ParserError: They tell several.
    """
    plates = sorted({text for text in matched.texts.get("plate", ()) if text})
    if len(plates) > 1:
        files = [matched.files[matched.texts["plate"].index(p)] for p in plates[:2]]
        raise ParserError(
            f"pattern {pattern.text!r}: {{plate}} is {plates[0]!r} in {files[0]} and "
            f"{plates[1]!r} in {files[1]}, expected one plate. Write the plate's name "
            "into the pattern in place of {plate}, one config per plate."
        )
    return plates[0] if plates else None


def _each(
    matched: Matched, name: str, read: Callable[[str], T], default: T
) -> NDArray[np.object_]:
    """Return what ``read`` makes of a part of every file, read once per text.

    Raises:
        ParserError: ``read`` raised a ValueError; names the first such file.
    """
    array = np.empty(len(matched.files), dtype=object)
    if name not in matched.texts:
        array[:] = [default] * len(array)
        return array
    codes, unique = pd.factorize(np.array(matched.texts[name], dtype=object))
    values = np.empty(len(unique), dtype=object)
    for number, text in enumerate(unique):
        try:
            values[number] = read(str(text))
        except ValueError as error:
            file = matched.files[int((codes == number).argmax())]
            raise ParserError(
                f"{file}: part {{{name}}} of the pattern: {error}. Mend the pattern so "
                f"that {{{name}}} takes the right text, or so that this file does not "
                "match."
            ) from error
    array[:] = values[codes]
    return array


def _images(matched: Matched) -> dict[str, object]:
    """Return the columns that say the image, and its rank ``image``."""
    if "image_path" in matched.texts:
        paths = _each(matched, "image_path", _image_path, "")
        _check_case(paths)
        return {"image_path": paths, "image": _ranks(paths)}
    if "well" in matched.texts:
        wells = _each(matched, "well", _well, (0, 0))
        rows = np.array([well[0] for well in wells], dtype=np.int64)
        columns = np.array([well[1] for well in wells], dtype=np.int64)
    else:
        rows = _each(matched, "row", row_index, 0).astype(np.int64)
        columns = _each(matched, "column", column_index, 0).astype(np.int64)
    return {"row": rows, "column": columns, "image": rows * 1000 + columns}


def _well(text: str) -> tuple[int, int]:
    return parse_well(re.sub(r"[\s_-]+", "", text))


def _field(text: str) -> str:
    name = plain(text)
    if not name or "/" in name or name == ".." or _CONTROL.search(name):
        raise ValueError(f"{text!r} is no name of a field")
    return name


def _image_path(text: str) -> str:
    for part in text.split("/"):
        check_name(part)
        if part.lower().endswith(".zarr"):
            raise ValueError(f"{text!r} holds '.zarr', which is added by itself")
    return text


def _check_case(paths: NDArray[np.object_]) -> None:
    seen: dict[str, str] = {}
    for path in pd.unique(paths):
        other = seen.setdefault(str(path).casefold(), str(path))
        if other != path:
            raise ParserError(
                f"The images {other!r} and {path!r} differ in upper and lower case "
                "only. Rename the files of one: not every disk tells them apart."
            )


def _ranks(texts: NDArray[np.object_]) -> Ints:
    """Return the place of every text among the distinct ones in natural order."""
    codes, unique = pd.factorize(texts)
    order = sorted(range(len(unique)), key=lambda n: natural(str(unique[n])))
    rank = np.empty(len(unique), dtype=np.int64)
    rank[order] = np.arange(len(unique))
    return rank[codes]


def _channels(matched: Matched) -> tuple[tuple[str, ...], Ints]:
    """Return the texts of the channels in order, and the channel of every file."""
    if "channel" not in matched.texts:
        return (), np.zeros(len(matched.files), dtype=np.int64)
    names = _each(matched, "channel", _channel, "")
    ranks = _ranks(names)
    ids: dict[int, str] = {}
    for rank, text in zip(ranks.tolist(), matched.texts["channel"], strict=True):
        ids.setdefault(rank, text.strip())
    return tuple(ids[rank] for rank in sorted(ids)), ranks


def _channel(text: str) -> str:
    if not text.strip() or _CONTROL.search(text):
        raise ValueError(f"{text!r} is no name of a channel")
    return plain(text)


def _counts(matched: Matched, axis: str) -> tuple[Ints, list[Finding]]:
    """Return the plane or time point of every file, from 0 over the acquisition.

    Numbers that all lie a multiple apart are counted in such steps, so that no empty
    planes come between.
    """
    numbers = _each(matched, axis, _number, 0).astype(np.int64)
    counts = numbers - numbers.min()
    step = int(np.gcd.reduce(counts))
    if step <= 1:
        return counts, []
    message = (
        f"The numbers {axis} in the file names lie {step} or a multiple apart; "
        f"{_WORDS[axis]} are counted one by one. Nothing to do, unless "
        f"{_WORDS[axis]} between them should be there."
    )
    finding = Finding(
        code=f"{axis}_numbers_apart",
        severity="info",
        message=message,
        count=len(np.unique(counts)),
    )
    return counts // step, [finding]


def _number(text: str) -> int:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a whole number")
    return int(found[1])


def _check_unique(
    tiles: pd.DataFrame, texts: Mapping[str, Sequence[str]], pattern: Pattern
) -> None:
    """Check that no two files are the same plane.

    Raises:
        ParserError: Two are; names both.
    """
    again = tiles.duplicated(_KEY).to_numpy()
    if not again.any():
        return
    second = int(again.argmax())
    same = (tiles[_KEY] == tiles[_KEY].iloc[second]).all(axis=1).to_numpy()
    first = int(same.argmax())
    parts = [p for p in pattern.names if p not in (*pattern.attributes, "plate")]
    said = ", ".join(f"{name} {texts[name][second]}" for name in parts)
    raise ParserError(
        f"pattern {pattern.text!r}: {tiles['file'].iloc[first]} and "
        f"{tiles['file'].iloc[second]} are the same plane ({said}); "
        f"{int(again.sum())} files are so. Name the part that tells them apart "
        "{field}, {channel}, {z} or {t}, or let the pattern match one of them only."
    )
