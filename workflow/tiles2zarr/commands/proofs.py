"""What ``verify`` writes when all is whole: a manifest, a certificate."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from tiles2zarr.commands.certificate import (
    Entry,
    Source,
    certify,
    clear_certificate,
    hash_sources,
    write_certificate,
)
from tiles2zarr.commands.comparison import Compared
from tiles2zarr.commands.manifest import write_manifest
from tiles2zarr.commands.plates import Plate, count, read_plan
from tiles2zarr.models.plan import Plan

THREADS = 8
"""Files hashed together."""


class Proofs:
    """The files asked for, over all plates of a config."""

    def __init__(self, manifest: str | None, certificate: str | None) -> None:
        """Take what was asked for; an earlier certificate is void from now on.

        Raises:
            StoreError: Something else stands in the certificate's place.
        """
        self._manifest = Path(manifest) if manifest else None
        self._certificate = Path(certificate) if certificate else None
        self._plates: list[tuple[Plate, Plan]] = []
        self._entries: list[Entry] = []
        self._sources: Mapping[str, Source | str] = {}
        if self._certificate:
            clear_certificate(self._certificate)

    def begin(self, plate: Plate) -> None:
        """Hash the sources of a plate before they are compared.

        Raises:
            Tiles2ZarrError: The plan cannot be read.
        """
        plan = read_plan(plate)
        self._plates.append((plate, plan))
        if self._certificate:
            self._sources = hash_sources(plate, plan, THREADS)

    def end(self, plate: Plate, compared: Mapping[str, Compared]) -> None:
        """Take how the plate of the last ``begin`` fared."""
        if self._certificate:
            plan = self._plates[-1][1]
            self._entries.append(certify(plate, plan, compared, self._sources))

    def write(self, *, whole: bool) -> int:
        """Write what was asked for; return how many files had to be refused.

        Raises:
            StoreError: The output is no folder.
        """
        refused = 0
        if self._manifest:
            if whole:
                self._write_manifest(self._manifest)
            else:
                print(f"{self._manifest}: not written, not all images are whole")
                refused += 1
        if self._certificate:
            reasons = [reason for one in self._entries for reason in one.refusals]
            if whole and not reasons:
                write_certificate(self._certificate, self._entries)
                for line in (line for one in self._entries for line in one.lines):
                    print(line)
                print(f"{self._certificate}: written")
            else:
                why = reasons[0] if reasons else "not all images are whole"
                others = count(len(reasons) - 1, "more reason")
                more = f" (and {others})" if reasons[1:] else ""
                print(f"{self._certificate}: not written, {why}{more}")
                refused += 1
        return refused

    def _write_manifest(self, path: Path) -> None:
        files = write_manifest(path, self._plates, THREADS)
        check = f"sha256sum -c --quiet {shlex.quote(path.name)}"
        if path.parent != Path():
            check = f"cd {shlex.quote(str(path.parent))} && {check}"
        print(f"{path}: {count(files, 'file')}; to check: {check}")
