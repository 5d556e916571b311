"""Reading config files: what YAML hides is told."""

from pathlib import Path

import pytest

from tiles2zarr.config.read import read_config
from tiles2zarr.errors import ConfigError


def _read(folder: Path, text: str | bytes) -> dict[str, object]:
    path = folder / "my.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config(path)


def _faults(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _read(folder, text)
    assert caught.value.title == f"config {folder / 'my.yaml'}"
    return list(caught.value.faults)


def test_content_is_what_yaml_has(tmp_path: Path) -> None:
    """The content is plain YAML, a byte order mark is passed over."""
    text = "\ufeffoutput: out\nacquisitions:\n  - {path: raw, id: 01}\n"
    assert _read(tmp_path, text) == {
        "output": "out",
        "acquisitions": [{"path": "raw", "id": 1}],
    }


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_empty_file_is_an_empty_config(tmp_path: Path, text: str) -> None:
    """A file without keys reads as an empty mapping."""
    assert _read(tmp_path, text) == {}


def test_json_is_yaml(tmp_path: Path) -> None:
    """A JSON file reads alike."""
    assert _read(tmp_path, '{"output": "out"}') == {"output": "out"}


FAULTS = [
    (
        "a: 1\nb: [1, 2\nc: 3\n",
        "line 3, column 2: expected ',' or ']', but got ':'",
    ),
    (
        "a:\n\tb: 1\n",
        "line 2, column 1: found character '\\t' that cannot start any token; indent "
        "with spaces",
    ),
    (
        'a: "D:\\Daten"\n',
        "line 1, column 8: found unknown escape character 'D'; a backslash in double "
        "quotes means something else: write / or take single quotes",
    ),
    (
        "a:\n  - b: 1\n    c: 2\n     d: 3\n",
        "line 4, column 7: mapping values are not allowed here; text with a colon goes "
        "in quotes, and a key stands at the start of its line",
    ),
    (
        "a:\n    b: 1\n  c: 2\n",
        "line 3, column 3: expected <block end>, but found '<block mapping start>'; "
        "indent it as the lines before it that belong together",
    ),
    (
        "a: 1\nb\nc: 2\n",
        "line 2, column 1: could not find expected ':'; a key ends with a colon and a "
        "blank",
    ),
    (
        'a: 1\nb: "C\nc: 2\n',
        "line 2, column 4: found unexpected end of stream; a quote or bracket is not "
        "closed",
    ),
    (
        "a: @b\n",
        "line 1, column 4: found character '@' that cannot start any token; put the "
        "text in quotes",
    ),
    ("- a\n", "expected keys at its top, like 'output: results'"),
    ("a: 2024-13-45\n", "is not YAML: month must be in 1..12"),
    (b"a: \xff\n", "is not UTF-8 text (byte 3); save it as UTF-8"),
    (
        "output: a\nplate: {name: b}\noutput: c\n",
        "line 3, column 1: key 'output' stands in line 1 already and YAML keeps only "
        "the last; take one out",
    ),
    (
        "a:\n  - {x: 1, x: 2}\n",
        "line 2, column 12: key 'x' stands in line 2 already and YAML keeps only the "
        "last; take one out",
    ),
    (
        "plate: {name: 010}\n",
        "line 1, column 15: YAML reads 010 as 8, for its leading zero; write 10, or "
        "'010' in quotes",
    ),
]


@pytest.mark.parametrize(("text", "fault"), FAULTS)
def test_fault_of_a_file(tmp_path: Path, text: str | bytes, fault: str) -> None:
    """A file YAML cannot read, or reads otherwise than meant, is told by line."""
    (line,) = _faults(tmp_path, text)
    assert line.startswith(fault)


def test_all_repeated_keys_are_told(tmp_path: Path) -> None:
    """Each repeated key has its line."""
    assert len(_faults(tmp_path, "a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\n")) == 3


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A path that leads nowhere is said so."""
    path = tmp_path / "nowhere.yaml"
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    assert str(caught.value) == (
        f"config {path}: 1 fault\n  - cannot be read (No such file or directory); "
        "check the path and its rights"
    )


def test_aliases_are_followed_once(tmp_path: Path) -> None:
    """Anchors and aliases are plain YAML, also where one holds itself."""
    assert _read(tmp_path, "a: &x {b: 1}\nc: *x\n") == {"a": {"b": 1}, "c": {"b": 1}}
    assert list(_read(tmp_path, "a: &x [*x]\n")) == ["a"]
