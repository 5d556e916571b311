"""TIFF in its dialects: BigTIFF, OME, ImageJ, MetaMorph stacks, any codec."""

import io
import logging
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from tiles2zarr.loaders.location import read_into
from tiles2zarr.loaders.source import (
    ClosingSource,
    Header,
    check_dtype,
    check_plane,
    decoding,
    unreadable,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tifffile import TiffFile, TiffFrame, TiffPage

_PALETTE = 3
_PHOTOMETRIC = {0, 1, 2, _PALETTE, 6}
"""White or black is zero, RGB, palette, YCbCr (decoded to RGB)."""
_ALPHA = {1, 2}
"""Values of ExtraSamples that mean transparency."""
_UIC2_TAG = 33629
"""MetaMorph's tag with one entry per plane of a stack."""


class TiffSource(ClosingSource):
    """The planes of a TIFF file.

    Pages are planes, in the order of the file. MetaMorph stacks and large ImageJ
    stacks, which have one page for many planes, are read in full too.
    """

    def __init__(self, name: str, handle: BinaryIO) -> None:
        """Read the header.

        Raises:
            SourceError: Not an intact TIFF file of grey or RGB pixels.
        """
        self._name = name
        self._handle = handle
        self._kept: tuple[int, NDArray[np.generic]] | None = None
        with decoding(name, "TIFF"):
            self._tiff = _open(name, handle)
            self._first: TiffPage = self._tiff.pages.first
            self._size = handle.seek(0, io.SEEK_END)
            samples = _samples(name, self._first)
            self._frames = _frames(self._tiff)
            pages = max(self._frames, len(self._tiff.pages))
            _, _, y, x, _ = self._first.shaped
            dtype = check_dtype(name, np.dtype(self._first.dtype).name)
            self._check_extent(self._first, self._frames - 1)
            self._header = Header(pages * samples, int(y), int(x), dtype, samples)

    @property
    def header(self) -> Header:
        """Return number, shape and type of the planes."""
        return self._header

    def close(self) -> None:
        """Close the file."""
        self._tiff.close()
        self._handle.close()

    def read(self, plane: int) -> "NDArray[np.generic]":
        """Return one plane as a fresh (y, x) array in native byte order.

        Raises:
            SourceError: The plane is not there, its page differs from the first one,
                or it cannot be decoded.
        """
        check_plane(self._name, self._header, plane)
        index, sample = divmod(plane, self._header.samples)
        with decoding(self._name, "TIFF"):
            page = self._page(index)
            separate, _, _, _, contiguous = page.shaped
            if page.is_final and contiguous == 1:
                skipped = index if self._frames > 1 else 0
                return self._read_plane(page, skipped * separate + sample)
            if self._kept is None or self._kept[0] != index:
                pixels = page.asarray(squeeze=False, maxworkers=1)
                pixels = pixels.reshape(page.shaped)
                self._kept = (index, pixels) if self._header.samples > 1 else None
            else:
                pixels = self._kept[1]
            chosen = (
                pixels[sample, 0, :, :, 0]
                if separate > 1
                else pixels[0, 0, :, :, sample]
            )
            shared = self._kept is not None
            return chosen.astype(self._header.dtype, order="C", copy=shared)

    def _page(self, index: int) -> "TiffPage | TiffFrame":
        """Return a page after checking that it is like the first one, and whole."""
        if self._frames > 1 or index == 0:
            return self._first
        page = self._tiff.pages[index]
        if page.shaped != self._first.shaped or page.dtype != self._first.dtype:
            raise unreadable(
                self._name,
                f"page {index} is {page.shape} {page.dtype}, the first page "
                f"{self._first.shape} {self._first.dtype}",
                "Split the file, or list only the pages that are alike.",
            )
        self._check_extent(page, 0)
        return page

    def _check_extent(self, page: "TiffPage | TiffFrame", skipped: int) -> None:
        """Check that all pixels of a page are inside the file.

        tifffile fills what is absent with zeros, which would pass for pixels.
        """
        offsets, counts = page.dataoffsets, page.databytecounts
        expected = int(np.prod(page.chunked))
        if page.is_final and len(offsets) > 0:
            stop = offsets[0] + (skipped + 1) * page.nbytes
            found = offsets[0] > 0
        else:
            stop = max(map(sum, zip(offsets, counts, strict=False)), default=0)
            whole = len(offsets) >= expected and len(counts) >= expected
            found = whole and all(offsets) and all(counts)
        if not found:
            raise unreadable(self._name, "parts of its pixels were never written")
        if stop > self._size:
            raise unreadable(
                self._name,
                f"it is cut short: {stop} bytes expected, {self._size} found",
            )

    def _read_plane(
        self, page: "TiffPage | TiffFrame", skipped: int
    ) -> "NDArray[np.generic]":
        """Read uncompressed pixels that lie in one piece, straight into a new array."""
        order = self._tiff.byteorder
        _, _, y, x, _ = page.shaped
        pixels = np.empty((y, x), np.dtype(page.dtype).newbyteorder(order))
        offset = page.dataoffsets[0] + skipped * pixels.nbytes
        got = read_into(self._handle, pixels.view(np.uint8).reshape(-1).data, offset)
        if got != pixels.nbytes:
            raise unreadable(
                self._name,
                f"it is cut short: a plane has {pixels.nbytes} bytes, {got} were found",
            )
        if pixels.dtype.isnative:
            return pixels
        return pixels.byteswap(inplace=True).view(pixels.dtype.newbyteorder("="))


def _open(name: str, handle: BinaryIO) -> "TiffFile":
    """Open a TIFF file; what tifffile would log becomes an error or does not matter."""
    logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)
    import tifffile

    tiff = tifffile.TiffFile(handle, name=name)
    if len(tiff.pages) == 0:
        raise unreadable(name, "it is a TIFF file without pages")
    return tiff


def _samples(name: str, page: "TiffPage") -> int:
    """Return samples per pixel without transparency.

    Raises:
        SourceError: The pixels are not intensities (palette, CMYK ...) or volumes.
    """
    separate, depth, y, x, contiguous = page.shaped
    if 0 in page.shaped:
        raise unreadable(name, f"its first page has the shape {(y, x)}")
    if depth > 1:
        raise unreadable(
            name,
            f"a page holds a volume of {depth} planes",
            "Save it with one plane per page.",
        )
    if page.photometric not in _PHOTOMETRIC:
        raise unreadable(
            name,
            f"its pixels are {getattr(page.photometric, 'name', page.photometric)}, "
            "expected grey values or RGB",
            "Save it as grey values or RGB.",
        )
    if page.photometric == _PALETTE and not _grey_ramp(page.colormap):
        raise unreadable(
            name,
            "its pixels are numbers of palette colours, expected intensities",
            "Save it as grey values or RGB.",
        )
    alpha = sum(kind in _ALPHA for kind in page.extrasamples)
    return max(1, int(separate * contiguous) - alpha)


def _grey_ramp(colormap: "NDArray[np.generic] | None") -> bool:
    """Say whether a palette shows value i as grey i, so that numbers are intensities.

    ImageJ saves 8-bit images so.
    """
    if colormap is None:
        return False
    ramp = np.arange(colormap.shape[1])
    return bool((np.asarray(colormap, dtype=np.int64) // 256 == ramp).all())


def _frames(tiff: "TiffFile") -> int:
    """Return how many planes the only page stands for.

    MetaMorph (.stk) and ImageJ beyond 4 GB write one page and the planes one after
    another.
    """
    page = tiff.pages.first
    if len(tiff.pages) > 1 or not page.is_final or page.shaped[-1] > 1:
        return 1
    if page.is_stk:
        tag = page.tags.get(_UIC2_TAG)
        return int(tag.count) if tag is not None else 1
    if page.is_imagej and tiff.imagej_metadata:
        return max(1, int(tiff.imagej_metadata.get("images", 1)))
    return 1
