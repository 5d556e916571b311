"""Headers against what was declared: shape, pixel type, planes, presence."""

import os
from collections.abc import Mapping

import numpy as np

from tiles2zarr.config.options.register import RegisterOptions
from tiles2zarr.errors import SourceError
from tiles2zarr.filesystems import is_url, local_path
from tiles2zarr.loaders import UNKNOWN_PLANES, Header, probe, resolve
from tiles2zarr.models.finding import SHOWN, Finding
from tiles2zarr.models.image import TiledImage
from tiles2zarr.steps.page_order import in_page_order
from tiles2zarr.steps.sources import header_readers, source_files


def check_headers(
    image: TiledImage,
    options: RegisterOptions,
    storage: Mapping[str, object],
    *,
    shared: bool = False,
) -> tuple[TiledImage, str, tuple[Finding, ...]]:
    """Return the image with only readable tiles as ``ok``, its pixel type, findings.

    Tiles whose files count their planes in another order come plane by plane.

    Args:
        image: Tiles as parsed.
        options: What the config says of missing planes and pixel types.
        storage: Options of the sources' file system.
        shared: Other images have planes of the same files.

    Raises:
        SourceError: A file is unreadable (unless ``on_missing: report``), has another
            shape, number of planes or axes than declared, or another pixel type than
            the image's other files (unless ``mixed_dtype: promote``).
    """
    headers, faults = _probe_all(image, storage)
    if faults and options.on_missing != "report":
        raise SourceError(_unreadable(faults))
    _check_holes(image, options)
    _check_shapes(image, headers, shared=shared)
    dtype = _common_dtype(image, headers, options)
    findings: tuple[Finding, ...] = ()
    if faults:
        image = _without(image, set(faults))
        findings = (
            Finding(
                code="unreadable_files",
                severity="error",
                message=(
                    "1 file cannot be read; its planes are holes. "
                    if len(faults) == 1
                    else f"{len(faults)} files cannot be read; their planes are holes. "
                )
                + next(iter(faults.values())),
                count=len(faults),
                images=(image.image,),
                files=tuple(sorted(faults)[:SHOWN]),
            ),
        )
    return in_page_order(image, storage), dtype, findings


def _probe_all(
    image: TiledImage, storage: Mapping[str, object]
) -> tuple[dict[str, Header], dict[str, str]]:
    """Return headers by file, and messages of the files without one."""

    def one(file: str) -> Header | str:
        try:
            return probe(file, image.resource, image.loader, storage)
        except SourceError as error:
            return str(error)

    files = source_files(image)
    far = any(is_url(resolve(image.resource, file)) for file in files[:1])
    with header_readers(far=far) as pool:
        results = dict(zip(files, pool.map(one, files), strict=True))
    headers = {file: r for file, r in results.items() if isinstance(r, Header)}
    faults = {file: r for file, r in results.items() if isinstance(r, str)}
    return headers, faults


def _unreadable(faults: Mapping[str, str]) -> str:
    """Return a sentence per reason, each told once with the files that have it."""
    alike: dict[str, list[str]] = {}
    for file in sorted(faults):
        alike.setdefault(faults[file].replace(file, "", 1), []).append(file)
    told = []
    for first, *others in list(alike.values())[:SHOWN]:
        told.append(faults[first])
        if others:
            named = ", ".join(others[: SHOWN - 1])
            more = " ..." if len(others) >= SHOWN else "."
            noun = "file" if len(others) == 1 else "files"
            told.append(f"The same of {len(others)} more {noun}: {named}{more}")
    rest = sum(map(len, list(alike.values())[SHOWN:]))
    return " ".join(told) + (f" And {rest} files for other reasons." if rest else "")


def _check_holes(image: TiledImage, options: RegisterOptions) -> None:
    holes = sum(status != "ok" for status in image.tiles.status)
    if holes and options.on_missing == "error":
        row = next(i for i, s in enumerate(image.tiles.status) if s != "ok")
        raise SourceError(
            f"{image.image}: {holes} planes are missing, first one in field "
            f"{image.tiles.fov[row]}. Acquire them again, or set writing.on_missing to "
            "auto to write the image with holes."
        )


def _check_shapes(
    image: TiledImage, headers: Mapping[str, Header], *, shared: bool
) -> None:
    tiles = image.tiles
    wanted: dict[str, int] = {}
    for row, file in enumerate(tiles.file):
        if file not in headers or tiles.status[row] != "ok":
            continue
        header = headers[file].at(tiles.plane[row])
        declared = (tiles.len_y[row], tiles.len_x[row])
        if (header.y, header.x) != declared:
            raise SourceError(
                f"{image.image}: {file} holds {header.y} x {header.x} pixels (rows x "
                f"columns), the table declares {declared[0]} x {declared[1]}. Correct "
                "length_y and length_x, or the file."
            )
        last = tiles.plane[row] + tiles.len_t[row] * tiles.len_c[row] * tiles.len_z[row]
        wanted[file] = max(wanted.get(file, 0), last)
    for file, last in wanted.items():
        planes = headers[file].planes
        container = bool(headers[file].runs)  # other scenes, or planes filtered out
        more = planes > last and (shared or container or planes == UNKNOWN_PLANES)
        if planes != last and not more:
            raise SourceError(
                f"{image.image}: {file} holds {planes} planes, the tiles declare "
                f"{last}. Correct length_z, length_c or length_t, or the file."
            )


def _common_dtype(
    image: TiledImage, headers: Mapping[str, Header], options: RegisterOptions
) -> str:
    first: dict[str, str] = {}
    for file, plane in zip(image.tiles.file, image.tiles.plane, strict=True):
        if file in headers:
            first.setdefault(headers[file].at(plane).dtype, file)
    declared = image.acquisition.data_type
    if not first:
        return str(declared or image.dtype or "uint16")
    if declared is not None:
        for dtype, file in first.items():
            if dtype != declared.value and not (
                options.mixed_dtype == "promote" and np.can_cast(dtype, declared.value)
            ):
                raise SourceError(
                    f"{image.image}: {file} holds {dtype} pixels, details.data_type "
                    f"declares {declared.value}. Correct data_type, or leave it out."
                )
        return declared.value
    if len(first) > 1 and options.mixed_dtype == "error":
        (one, file), (other, second) = list(first.items())[:2]
        raise SourceError(
            f"{image.image}: {file} holds {one} pixels but {second} {other}. Make them "
            "one pixel type, or set writing.mixed_dtype to promote."
        )
    return np.result_type(*first).name


def _without(image: TiledImage, files: set[str]) -> TiledImage:
    """Return the image with the tiles of ``files`` as missing or, if there, faulty."""
    absent = {file for file in files if _absent(resolve(image.resource, file))}
    status = tuple(
        ("missing" if file in absent else "error") if file in files else old
        for file, old in zip(image.tiles.file, image.tiles.status, strict=True)
    )
    return image.replace(tiles=image.tiles.replace(status=status))


def _absent(location: str) -> bool:
    path = local_path(location)
    return path is not None and not os.path.lexists(path)
