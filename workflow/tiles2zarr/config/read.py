"""Reading a config file: YAML with its faults told by line, no key twice."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from tiles2zarr.errors import ConfigError


def read_config(path: str | Path) -> dict[str, object]:
    """Return the content of a config file as YAML has it, not yet checked.

    Raises:
        ConfigError: No such file, not UTF-8, not YAML, no mapping at its top, a key
            that stands twice, or a number that YAML reads as octal.
    """
    title = f"config {path}"
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        fault = f"cannot be read ({error.strerror}); check the path and its rights"
        raise ConfigError(title, [fault]) from error
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8 text (byte {error.start}); save it as UTF-8"
        raise ConfigError(title, [fault]) from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(title, [_yaml_fault(error)]) from error
    faults = [] if tree is None else [*_repeated_keys(tree), *_octals(tree)]
    if not isinstance(content, dict | None):
        faults.append("expected keys at its top, like 'output: results'")
    if faults:
        raise ConfigError(title, faults)
    return content or {}


def _yaml_fault(error: yaml.YAMLError | ValueError) -> str:
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return f"is not YAML: {error}"
    problem = error.problem or error.context or "not YAML"
    hint = next((f"; {cure}" for words, cure in _CURES if words in problem), "")
    begun = any(words in problem for words in _BEGUN_BEFORE)
    mark = error.context_mark if begun else None
    return f"{_place(mark or error.problem_mark)}: {problem}{hint}"


_CURES = (
    ("'\\t'", "indent with spaces"),
    (
        "unknown escape character",
        "a backslash in double quotes means something else: write / or take single "
        "quotes",
    ),
    ("expected <block end>", "indent it as the lines before it that belong together"),
    (
        "mapping values are not allowed",
        "text with a colon goes in quotes, and a key stands at the start of its line",
    ),
    ("could not find expected ':'", "a key ends with a colon and a blank"),
    ("cannot start any token", "put the text in quotes"),
    ("found unexpected end of stream", "a quote or bracket is not closed"),
)
"""Words of the YAML reader, and what to do for them."""
_BEGUN_BEFORE = ("could not find expected ':'", "found unexpected end of stream")
"""Words for what began in an earlier line than it is noticed in."""


def _place(mark: yaml.Mark) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}"


def _nodes(tree: yaml.Node) -> list[yaml.Node]:
    """Return a node and all below it, in the order of the file, each once."""
    found: dict[int, yaml.Node] = {}
    pending = [tree]
    while pending:
        node = pending.pop()
        if id(node) in found:
            continue
        found[id(node)] = node
        if isinstance(node, yaml.SequenceNode):
            pending += reversed(node.value)
        if isinstance(node, yaml.MappingNode):
            pending += reversed([part for pair in node.value for part in pair])
    return list(found.values())


def _repeated_keys(tree: yaml.Node) -> Iterator[str]:
    for node in _nodes(tree):
        keys = node.value if isinstance(node, yaml.MappingNode) else []
        lines: dict[tuple[str, str], int] = {}
        for key, _ in keys:
            if not isinstance(key, yaml.ScalarNode):
                continue
            name = (key.tag, key.value)
            if name in lines:
                yield (
                    f"{_place(key.start_mark)}: key {key.value!r} stands in line "
                    f"{lines[name]} already and YAML keeps only the last; take one out"
                )
            lines.setdefault(name, key.start_mark.line + 1)


def _octals(tree: yaml.Node) -> Iterator[str]:
    """Yield numbers with a leading zero whose value YAML changes: 010 becomes 8."""
    for node in _nodes(tree):
        if not isinstance(node, yaml.ScalarNode) or not node.tag.endswith(":int"):
            continue
        if re.fullmatch(r"0[0-7]{2,}", node.value) and int(node.value, 8) > 0:
            yield (
                f"{_place(node.start_mark)}: YAML reads {node.value} as "
                f"{int(node.value, 8)}, for its leading zero; write "
                f"{node.value.lstrip('0')}, or '{node.value}' in quotes"
            )
