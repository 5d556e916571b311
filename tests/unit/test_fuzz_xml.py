"""XML bombs and external entities in every file of XML that a parser reads."""

import re
import tracemalloc
from pathlib import Path

import pytest
import tifffile

from tests.fuzz.measurements import EXTRAS, MAKERS
from tests.fuzz.outcome import try_damaged
from tiles2zarr.parsers.formats import parse_acquisition

BOMB = b"<!DOCTYPE a [<!ENTITY e0 'ha'>" + b"".join(
    f"<!ENTITY e{n} '{f'&e{n - 1};' * 20}'>".encode() for n in range(1, 12)
)
ATTACKS = {
    "bomb": (BOMB + b"]>", b"&e11;"),
    "file": (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>", b"&x;"),
    "network": (b"<!DOCTYPE a SYSTEM 'http://127.0.0.1:9/a.dtd'>", b""),
    "parameter": (
        b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'> %x;]>",
        b"",
    ),
}
XML_FILES = {
    "cellvoyager": ("MeasurementData.mlf", "MeasurementDetail.mrf"),
    "operetta": ("Images/Index.xml",),
    "scanr": ("data/metadata.ome.xml",),
    "ome_xml": ("plate.companion.ome",),
}
CASES = [
    pytest.param(name, file, attack, id=f"{name}-{Path(file).name}-{attack}")
    for name, files in XML_FILES.items()
    for file in files
    for attack in ATTACKS
]
REFUSED = (
    "a document type or entity is declared, which no instrument writes. Export the "
    "metadata again."
)


def spoil(document: bytes, attack: str) -> bytes:
    """Return a document with a document type and, in its first attribute, its use."""
    doctype, use = ATTACKS[attack]
    mark = document.startswith(b"\xef\xbb\xbf")
    document = document[3 * mark :]
    head, rest = re.match(rb"(<\?xml[^>]*\?>\s*)?(.*)", document, re.DOTALL).groups()  # type: ignore[union-attr]
    return (head or b"") + doctype + re.sub(rb'="', b'="' + use, rest, count=3)


@pytest.mark.parametrize(("name", "file", "attack"), CASES)
def test_documents_with_entities_are_refused(
    name: str, file: str, attack: str, tmp_path: Path
) -> None:
    """The file and its line are told, nothing is expanded, fetched or opened."""
    made = MAKERS[name](tmp_path)
    path = tmp_path / file
    raw = spoil(path.read_bytes(), attack)
    tracemalloc.start()
    told = try_damaged(name, made, path, raw)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert re.fullmatch(
        rf"{re.escape(str(path))}, line \d+: {re.escape(REFUSED)}", told
    )
    assert most < 20e6


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_protocol_with_entities_is_left_out(attack: str, tmp_path: Path) -> None:
    """A file that a plate can do without is not read, and that is told."""
    made = MAKERS["cellvoyager"](tmp_path)
    path = tmp_path / "run.mes"
    path.write_bytes(spoil(path.read_bytes(), attack))
    tracemalloc.start()
    findings = parse_acquisition(str(made.path), "cellvoyager", {}, {}).findings
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    told = [finding.message for finding in findings if REFUSED in finding.message]
    assert len(told) == 1
    assert re.search(rf"{re.escape(str(path))}, line \d+: ", told[0])
    assert most < 20e6


@pytest.mark.parametrize("attack", ATTACKS)
def test_entities_in_the_tag_of_a_tiff(attack: str, tmp_path: Path) -> None:
    """OME-XML in a TIFF is held to the same."""
    made = MAKERS["ome_tiff"](tmp_path)
    (path,) = made.files
    with tifffile.TiffFile(path) as tiff:
        document = str(tiff.pages[0].tags["ImageDescription"].value).encode()
    other = tmp_path / "other.tif"
    text = spoil(document, attack).decode()
    tifffile.imwrite(other, tifffile.imread(path), description=text, metadata=None)
    raw = other.read_bytes()
    other.unlink()
    told = try_damaged("ome_tiff", made, path, raw)
    assert told.startswith(str(path))
    assert told.endswith(REFUSED)


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("name", EXTRAS)
def test_entities_in_containers_are_not_expanded(
    name: str, attack: str, tmp_path: Path
) -> None:
    """CZI, ND2 and LIF: refused or ignored, in little memory, and nothing leaks."""
    pytest.importorskip(EXTRAS[name])
    made = MAKERS[name](tmp_path)
    (path,) = made.files
    raw = path.read_bytes()
    doctype, _ = ATTACKS[attack]
    if name == "lif":
        wide = "<LMSDataContainerHeader".encode("utf-16-le")
        size = len(doctype.decode().encode("utf-16-le"))
        start = raw.index(wide)
        raw = raw[:start] + doctype.decode().encode("utf-16-le") + raw[start:-size]
    else:
        raw = re.sub(rb"<\?xml[^>]*\?>", lambda m: m[0] + doctype, raw)
    tracemalloc.start()
    told = try_damaged(name, made, path, raw)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "root:" not in told
    assert most < 20e6
