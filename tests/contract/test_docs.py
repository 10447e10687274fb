"""`docs/contract.md`: whole, and true to the code."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from abicheck.contract import parse_contract_text
from abicheck.contract.keys import KEYS
from abicheck.contract.templates import FILTERS
from abicheck.model.target import BITS, SYSTEMS
from abicheck.model.types import CONVENTIONS, SCALARS
from tests.contract.bad_contracts import HEADER

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
WORDS = set(re.findall(r"[\w-]+", PAGE))

KEY_NAMES = sorted({key for keys in KEYS.values() for key in keys})
VOCABULARY = sorted({*SCALARS, *CONVENTIONS, *BITS, *SYSTEMS, *FILTERS, "c_void"})


@pytest.mark.parametrize("word", [*KEY_NAMES, *VOCABULARY])
def test_every_word_of_the_language_is_on_the_page(word: str) -> None:
    assert word in WORDS


def test_first_example_is_a_contract() -> None:
    contract = parse_contract_text(EXAMPLES[0], "docs/contract.md")
    assert contract.name == "greeter"


@pytest.mark.parametrize("example", EXAMPLES[1:])
def test_every_other_example_has_the_shape_of_one(example: str) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    file = ROOT / "schemas" / "formats" / "contract.schema.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    document = tomllib.loads(HEADER + example)
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors(document))


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", heading).replace(" ", "-").lower()
        for heading in re.findall(r"^#+ (.*)$", PAGE, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings
