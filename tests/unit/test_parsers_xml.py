"""Vendor XML is read securely, whatever its encoding, and faults name their line."""

import tracemalloc
from pathlib import Path

import fsspec
import pytest

from tiles2zarr.errors import ParserError
from tiles2zarr.parsers.xml import (
    CHUNK,
    MAX_DEPTH,
    Element,
    LocalNames,
    iter_xml,
    read_xml,
)

PLATE = """<bts:Plate xmlns:bts="urn:x" bts:Rows="16" bts:Columns="24">
  <bts:Well bts:Row="B" Column="3"><Name> Größe µ </Name></bts:Well>
  <bts:Well bts:Row="C" Column="4"/>
  <Other><Well Row="D" Column="5"/></Other>
</bts:Plate>
"""


def _save(folder: Path, content: str | bytes) -> str:
    """Save a document and return its path."""
    path = folder / "index.xml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def _fault(folder: Path, content: str | bytes) -> str:
    """Return what is wrong with a document, the same for both ways to read it."""
    path = _save(folder, content)
    with pytest.raises(ParserError) as error:
        read_xml(path)
    with pytest.raises(ParserError) as streamed:
        list(iter_xml(path, frozenset({"Well"})))
    assert str(streamed.value) == str(error.value)
    assert str(error.value).startswith(path)
    return str(error.value).removeprefix(path)


def test_names_are_local(tmp_path: Path) -> None:
    """Prefixes of elements and attributes do not count; blanks around text neither."""
    root = read_xml(_save(tmp_path, PLATE))
    assert root.name == "Plate"
    assert (root.integer("Rows"), root.integer("Columns")) == (16, 24)
    assert [well.get("Row") for well in root.findall("Well")] == ["B", "C"]
    assert [well.get("Row") for well in root.iter("Well")] == ["B", "C", "D"]
    assert root.child("Well").get("Name") == "Größe µ"
    assert root.attributes["xmlns:bts"] == "urn:x"


def test_elements_know_their_line(tmp_path: Path) -> None:
    """Lines are counted from 1, across line ends inside the document."""
    root = read_xml(_save(tmp_path, PLATE))
    assert [well.line for well in root.iter("Well")] == [2, 3, 4]


ENCODED = {
    "utf-8": PLATE.encode(),
    "utf-8 with mark": PLATE.encode("utf-8-sig"),
    "utf-8 declared": b'<?xml version="1.0" encoding="UTF-8"?>' + PLATE.encode(),
    "utf-16 with mark": PLATE.encode("utf-16"),
    "utf-16 big with mark": b"\xfe\xff" + PLATE.encode("utf-16-be"),
    "utf-16 little": PLATE.encode("utf-16-le"),
    "utf-16 big": PLATE.encode("utf-16-be"),
    "utf-16 declared": ('<?xml version="1.0" encoding="utf-16"?>' + PLATE).encode(
        "utf-16"
    ),
    "utf-16 declared, utf-8 written": (
        b'<?xml version="1.0" encoding="utf-16"?>' + PLATE.encode()
    ),
    "latin-1": b"<?xml version='1.0' encoding='ISO-8859-1'?>" + PLATE.encode("latin-1"),
    "windows": b"<?xml version='1.0' encoding='windows-1252'?>"
    + PLATE.encode("cp1252"),
    "ascii declared, utf-8 written": (
        b'<?xml version="1.0" encoding="us-ascii"?>' + PLATE.encode()
    ),
    "leading blanks": b" \r\n\n" + PLATE.encode(),
    "mark and blanks": b"\xef\xbb\xbf\r\n" + b'<?xml version="1.0"?>' + PLATE.encode(),
    "windows line ends": PLATE.replace("\n", "\r\n").encode(),
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_encodings(tmp_path: Path, content: bytes) -> None:
    """The byte order mark, the declaration or the first bytes tell the encoding."""
    root = read_xml(_save(tmp_path, content))
    assert root.child("Well").get("Name") == "Größe µ"
    assert [well.get("Row") for well in root.iter("Well")] == ["B", "C", "D"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_letters_across_the_border_of_two_reads(tmp_path: Path, encoding: str) -> None:
    """A letter of two bytes is whole wherever the file is cut into blocks."""
    text = "ä" * CHUNK
    declared = f'<?xml version="1.0" encoding="{encoding}"?><a><b>x{text}</b></a>'
    root = read_xml(_save(tmp_path, declared.encode(encoding)))
    assert root.child("b").text == f"x{text}"


BOMBS = {
    "billion laughs": '<!DOCTYPE lolz [<!ENTITY lol "lol">'
    '<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]>'
    "<lolz>&lol2;</lolz>",
    "quadratic": f'<!DOCTYPE a [<!ENTITY a "{"a" * 50}">]><a>{"&a;" * 50}</a>',
    "outside file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "parameter": '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://h/e.dtd"> %x;]><a/>',
    "outside type": '<!DOCTYPE a SYSTEM "http://h/a.dtd"><a/>',
    "type": "<!DOCTYPE a><a/>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_entities_are_refused(tmp_path: Path, bomb: str, encoding: str) -> None:
    """Nothing is expanded or fetched: the declaration alone is an error."""
    assert _fault(tmp_path, f"\n{bomb}".encode(encoding)) == (
        ", line 1: a document type or entity is declared, which no instrument writes. "
        "Export the metadata again."
    )


def test_an_entity_that_is_not_declared(tmp_path: Path) -> None:
    """Only the five entities of XML itself are known."""
    root = read_xml(_save(tmp_path, "<a b='&lt;&#65;'>&amp;&quot;&gt;&apos;</a>"))
    assert (root.attributes["b"], root.text) == ("<A", "&\">'")
    assert "undefined entity" in _fault(tmp_path, "<a>&x;</a>")


DAMAGED = "The file is damaged or incomplete; copy it again from the instrument."


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", ", line 1: not well-formed XML (no element found). "),
        ("  \n ", ", line 1: not well-formed XML (no element found). "),
        (PLATE[:-13], ", line 5: not well-formed XML (no element found). "),
        (PLATE[:150], ", line 3: not well-formed XML (unclosed token). "),
        ("<a>\n<b>\n</a>", ", line 3: not well-formed XML (mismatched tag). "),
        ("<a/>\n<b/>", ", line 2: not well-formed XML (junk after document element). "),
        ("Row,Column\n", ", line 1: not well-formed XML (syntax error). "),
        (b"<a>\n\xff\xff</a>", ", line 2: not well-formed XML (not well-formed"),
        (b"\0" * 64, ", line 1: not well-formed XML (not well-formed"),
        ("<a x='1' x='2'/>", ", line 1: not well-formed XML (duplicate attribute). "),
    ],
    ids=[
        "empty",
        "blank",
        "no end",
        "cut in a tag",
        "wrong end",
        "two roots",
        "csv",
        "not utf-8",
        "zeros",
        "attribute twice",
    ],
)
def test_damaged_documents(tmp_path: Path, content: str | bytes, fault: str) -> None:
    """Where and why a document ends too early or is no XML is told."""
    found = _fault(tmp_path, content)
    assert found.startswith(fault)
    assert found.endswith(DAMAGED)


@pytest.mark.parametrize(
    "encoding", ["nonsense", "base64", "idna.x", "hex", "undefined", "utf-7"]
)
def test_encodings_that_are_none(tmp_path: Path, encoding: str) -> None:
    """A declared encoding that does not exist, or makes no text, is told."""
    content = f'<?xml version="1.0" encoding="{encoding}"?><a>{"é" * 9}</a>'
    fault = _fault(tmp_path, content)
    assert fault.startswith(": its text does not fit its declared encoding (")
    assert fault.endswith("). Copy it again from the instrument, or save it as UTF-8.")


def test_utf_16_cut_inside_a_letter(tmp_path: Path) -> None:
    """Half a letter at the end is told as damage."""
    fault = _fault(tmp_path, PLATE.encode("utf-16")[:-1])
    assert fault.startswith(": its text does not fit its declared encoding (")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """An absent file and a folder are told with what the system says."""
    with pytest.raises(ParserError) as error:
        read_xml(str(tmp_path / "no.xml"))
    assert str(error.value) == (
        f"{tmp_path}/no.xml cannot be read: [Errno 2] No such file or directory: "
        f"'{tmp_path}/no.xml'. Check that it is there and readable."
    )
    with pytest.raises(ParserError, match="Is a directory"):
        read_xml(str(tmp_path))


def test_a_document_behind_a_url() -> None:
    """Any fsspec URL is read; an absent one is told like an absent file."""
    with fsspec.open("memory://xml/index.xml", "wb") as file:
        file.write(PLATE.encode())
    assert read_xml("memory://xml/index.xml", {}).integer("Rows") == 16
    with pytest.raises(ParserError, match=r"^memory://xml/no\.xml cannot be read: "):
        read_xml("memory://xml/no.xml")
    with pytest.raises(ParserError, match=r"^nosuch://no\.xml cannot be read: "):
        read_xml("nosuch://no.xml")


def test_too_deep(tmp_path: Path) -> None:
    """A document nested without end stops before memory does."""
    deep = "<a>" * MAX_DEPTH + "</a>" * MAX_DEPTH
    assert read_xml(_save(tmp_path, deep)).name == "a"
    deeper = f"\n<a>{deep}</a>"
    assert _fault(tmp_path, deeper) == (
        ", line 1, element a: nested deeper than 64 elements. Copy or export the file "
        "again from the instrument."
    )


def test_streaming_gives_the_root_and_the_wanted(tmp_path: Path) -> None:
    """The root comes first without children, then each wanted element when it ends."""
    path = _save(tmp_path, PLATE)
    root, *wells = iter_xml(path, frozenset({"Well"}))
    assert (root.name, root.get("Rows"), root.children) == ("Plate", "16", [])
    assert [well.get("Row") for well in wells] == ["B", "C", "D"]
    assert wells[0].get("Name") == "Größe µ"
    found = [element.name for element in iter_xml(path, frozenset({"Other", "Name"}))]
    assert found == ["Plate", "Name", "Other"]


def test_inside_a_wanted_element_none_is_looked_for(tmp_path: Path) -> None:
    """A wanted element inside a wanted one is its child, not one more."""
    path = _save(tmp_path, "<r><a><a i='1'/><b/></a><a i='2'/></r>")
    _, *found = iter_xml(path, frozenset({"a"}))
    assert [len(element.children) for element in found] == [2, 0]


def test_a_fault_comes_after_what_was_read(tmp_path: Path) -> None:
    """Elements before the damage are given, then the error."""
    rows = "".join(f"<Well Row='{i}'/>\n" for i in range(9000))
    stream = iter_xml(_save(tmp_path, f"<r>{rows}<Well"), frozenset({"Well"}))
    found: list[Element] = []
    with pytest.raises(ParserError, match="line 9001: not well-formed XML"):
        found.extend(stream)
    assert len(found) > 1000


def _peak(path: Path, rows: int) -> int:
    """Return the most bytes in use while a document of ``rows`` images is streamed."""
    row = "<Image><Row>2</Row><URL>r02c03f01p01-ch1sk1fk1fl1.tiff</URL></Image>\n"
    path.write_text("<Index>\n" + row * rows + "</Index>\n")
    tracemalloc.start()
    names = [e.name for e in iter_xml(str(path), frozenset({"Image"}))]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert names == ["Index"] + ["Image"] * rows
    return peak - 8 * rows  # the list of names itself


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Four times the images take the same memory, whatever the file's size."""
    once = _peak(tmp_path / "index.xml", 5_000)
    assert _peak(tmp_path / "index.xml", 20_000) < 1.2 * once


@pytest.fixture
def well(tmp_path: Path) -> Element:
    """Return an element on line 2 of a document."""
    attributes = "Row=' 7 ' X='1.5e-3' Name='' Bad='1_0' Big='inf' Y='x'"
    text = f"<r>\n<W {attributes}><Z>-4</Z></W></r>"
    return read_xml(_save(tmp_path, text)).child("W")


def test_values(well: Element) -> None:
    """Attributes and texts of children are values alike; blank is nothing."""
    assert well.integer("Row") == 7
    assert well.integer("Z") == -4
    assert well.number("X") == 0.0015
    assert well.require("Row") == "7"
    assert well.get("Name") is None
    assert well.get("Absent") is None
    assert well.find("Absent") is None


@pytest.mark.parametrize(
    ("method", "name", "fault"),
    [
        ("integer", "X", "X is '1.5e-3', not a whole number"),
        ("integer", "Bad", "Bad is '1_0', not a whole number"),
        ("number", "Y", "Y is 'x', not a number"),
        ("number", "Big", "Big is 'inf', not a finite number"),
        ("number", "Bad", "Bad is '1_0', not a finite number"),
        ("number", "Absent", "Absent is not given"),
        ("integer", "Name", "Name is not given"),
        ("require", "Name", "Name is not given"),
        ("child", "Absent", "it holds no element Absent"),
    ],
)
def test_values_that_are_wrong(
    well: Element, method: str, name: str, fault: str
) -> None:
    """The message names file, line, element, name and value."""
    with pytest.raises(ParserError) as error:
        getattr(well, method)(name)
    assert str(error.value) == (
        f"{well.source}, line 2, element W: {fault}. Copy or export the file again "
        "from the instrument."
    )


def test_a_fault_with_a_cure_of_its_own(well: Element) -> None:
    """A parser may say better how to mend it."""
    assert str(well.fault("it is odd", "Set plate.layout.")) == (
        f"{well.source}, line 2, element W: it is odd. Set plate.layout."
    )


def test_local_names() -> None:
    """Prefixes are cut off once per name; namespace declarations stay whole."""
    names = LocalNames()
    assert [names[name] for name in ("a:Row", "Row", "xmlns:a", "xmlns")] == [
        "Row",
        "Row",
        "xmlns:a",
        "xmlns",
    ]


def test_real_indexes(real_data: Path) -> None:
    """Indexes of two vendors, with marks and namespaces, are read to the end."""
    mlf = next((real_data / "yokogawa/cv8000-minimal").rglob("MeasurementData.mlf"))
    records = read_xml(str(mlf)).findall("MeasurementRecord")
    assert {record.get("Ch") for record in records} == {"1", "2"}
    assert len([r for r in records if r.get("Type") == "IMG"]) == 96
    index = next((real_data / "revvity/operetta-sonata-2f").rglob("Index*.xml"))
    images = [e for e in iter_xml(str(index), frozenset({"Image"})) if e.get("URL")]
    assert [image.integer("FieldID") for image in images] == [1, 2]
