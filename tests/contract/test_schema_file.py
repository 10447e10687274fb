"""The JSON Schema of contracts: the same keys as the code, the same opinion of contracts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from abicheck.contract.keys import (
    ANYTHING,
    ARRAY,
    FLAG,
    INTEGER,
    KEYS,
    NUMBER,
    TABLE,
    TEXT,
    TEXTS,
    VERSION,
)
from tests.contract.bad_contracts import BAD, HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted((ROOT / "schemas").glob("*.toml"))
SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "schemas" / "formats" / "contract.schema.json").read_text(encoding="utf-8")
)

STRUCTURAL = (
    "unknown key", "is missing", "expected a table", "expected an array,", "expected an array of",
    "expected true or false", "expected text in quotes", "expected some text", "write it in quotes",
    'expected "little"', 'expected "required"', 'expected "exact"', "found a date or time",
    "expected 32 or 64",
)  # fmt: skip
"""Words of the messages for mistakes that show without knowing what a type or a path means."""


def definition(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        SCHEMA if kind == "contract" else SCHEMA["$defs"][kind.replace(" ", "_")]
    )
    return found


def parts_of(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a schema and whatever it refers to or chooses from."""
    yield schema
    if "$ref" in schema:
        yield from parts_of(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]])
    for part in schema.get("anyOf", []):
        yield from parts_of(part)


@pytest.mark.parametrize("kind", KEYS)
def test_schema_has_the_keys_of_the_code_and_no_others(kind: str) -> None:
    assert set(definition(kind)["properties"]) == set(KEYS[kind])
    assert definition(kind)["additionalProperties"] is False


@pytest.mark.parametrize(
    ("kind", "key"), [(kind, key) for kind, keys in KEYS.items() for key in keys]
)
def test_schema_takes_for_a_key_what_the_code_takes(kind: str, key: str) -> None:
    expected = KEYS[kind][key]
    parts = list(parts_of(definition(kind)["properties"][key]))
    types = {
        each
        for part in parts
        for each in ([part["type"]] if isinstance(part.get("type"), str) else [])
    }
    if isinstance(expected, tuple):
        assert any(part.get("enum") == list(expected) for part in parts)
        return
    wanted = {
        TEXT: {"string"}, VERSION: {"string"}, FLAG: {"boolean"}, INTEGER: {"integer"},
        TEXTS: {"array"}, ARRAY: {"array"}, TABLE: {"object"}, NUMBER: {"integer", "object"},
        ANYTHING: set(),
    }[expected]  # fmt: skip
    values = [each for part in parts for each in [*part.get("enum", []), part.get("const")]]
    has_numbers = expected == INTEGER and any(isinstance(value, int) for value in values)
    assert wanted <= types or has_numbers


@pytest.mark.parametrize("kind", KEYS)
def test_every_key_is_described_for_editors(kind: str) -> None:
    for key, schema in definition(kind)["properties"].items():
        assert any(part.get("description") for part in parts_of(schema)), key


def errors_in(document: object) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(SCHEMA)
    return [error.message for error in validator.iter_errors(document)]


def test_schema_is_one_itself() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.name)
def test_shipped_contract_is_valid(schema: Path) -> None:
    assert errors_in(tomllib.loads(schema.read_text(encoding="utf-8"))) == []


def is_structural(words: str) -> bool:
    return any(each in words for each in STRUCTURAL)


@pytest.mark.parametrize(
    "name", [name for name, (_, _, words) in BAD.items() if is_structural(words)]
)
def test_contract_of_a_wrong_shape_is_refused(name: str) -> None:
    assert errors_in(json.loads(json.dumps(tomllib.loads(HEADER + BAD[name][0]), default=vars_of)))


def vars_of(value: object) -> dict[str, str]:
    """Stand in for a date, which JSON does not have."""
    return {"date": str(value)}


@pytest.mark.parametrize("key", ["contract", "version", "format"])
def test_contract_without_its_header_is_refused(key: str) -> None:
    rows = [row for row in HEADER.split("\n") if not row.startswith(key)]
    assert errors_in(tomllib.loads("\n".join(rows)))
