"""The JSON schema of a config file, for editors and for the documentation."""

import re
from typing import cast

from pydantic import JsonValue

from tiles2zarr.config.root import ConfigFile
from tiles2zarr.models.descriptions import describe_fields

Node = dict[str, JsonValue]
"""A part of a JSON schema."""


def config_schema() -> Node:
    """Return the JSON schema of a config file; the same models give the same schema."""
    describe_fields()
    schema = cast("Node", _tidy(ConfigFile.model_json_schema(by_alias=False)))
    models = cast("dict[str, dict[str, Node]]", schema["$defs"])
    for name in ("ChannelChange", "ListedChannel"):
        fields = models[name]["properties"]
        fields["color"] = {**cast("Node", fields["colors"]), "description": "= colors."}
    required = schema.pop("required")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "tiles2zarr config",
        **schema,
        "anyOf": [{"required": required}, {"required": ["plates"]}],
    }


def _tidy(node: JsonValue) -> JsonValue:
    """Return a schema without generated titles, texts on one line.

    A union takes ``anyOf``: a variant whose tag is left out fits more than one.
    """
    if isinstance(node, list):
        return [_tidy(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy: Node = {}
    for key, value in node.items():
        if key == "description" and isinstance(value, str):
            tidy[key] = re.sub(r"\s+", " ", value).replace("``", "`")
        elif key == "oneOf":
            tidy["anyOf"] = _tidy(value)
        elif key != "discriminator" and not (key == "title" and isinstance(value, str)):
            tidy[key] = _tidy(value)
    return tidy
