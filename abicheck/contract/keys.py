"""Every key of the contract language, by the kind of table it stands in, with what it takes.

This is the one list of them: the checks, the suggestions for misspelt keys and the
test of `schemas/formats/contract.schema.json` all read it.
"""

from __future__ import annotations

# What a key takes. A tuple of words stands for a choice between exactly those.
TEXT = "text in quotes"
VERSION = 'a version in quotes, such as "1.2"'
INTEGER = "an integer"
FLAG = "true or false"
TEXTS = "an array of texts"
NUMBER = "a number, or a table of numbers by target"
TABLE = "a table"
ARRAY = "an array"
ANYTHING = "anything"  # the code that reads the key checks it

Kind = str | tuple[str, ...]

EVIDENCE = ("required", "when-present")
EXACT = ("exact",)
DIRECTIONS = ("plugin", "host", "both")

_CONDITIONS: dict[str, Kind] = {
    "equals": ANYTHING,
    "one_of": ARRAY,
    "at_least": ANYTHING,
    "at_most": ANYTHING,
    "matches": TEXT,
    "starts_with": TEXT,
    "null": FLAG,
    "points_to": TEXT,
}

KEYS: dict[str, dict[str, Kind]] = {
    "contract": {
        "contract": TEXT,
        "version": VERSION,
        "format": INTEGER,
        "exports": TABLE,
        "structs": TABLE,
        "unions": TABLE,
        "enums": TABLE,
        "types": TABLE,
        "tags": TABLE,
        "choices": ARRAY,
        "plugin": TABLE,
        "parameters": TABLE,
        "platform": TABLE,
        "imports": TABLE,
        "evidence": TABLE,
    },
    "export": {
        "type": TEXT,
        "optional": FLAG,
        "since": VERSION,
        "forbidden": FLAG,
        "symbol_version": TEXT,
        "ifunc": FLAG,
        "forwarded": FLAG,
        "size": ANYTHING,
        "free": ANYTHING,
        "evidence": EVIDENCE,
    },
    "size": {"at_least": INTEGER},
    "struct": {
        "repr": TEXT,
        "fields": ARRAY,
        "size": NUMBER,
        "match": TEXT,
        "names": EXACT,
        "partial": FLAG,
        "size_field": TEXT,
        "filled_by": DIRECTIONS,
        "evidence": EVIDENCE,
    },
    "union": {
        "repr": TEXT,
        "fields": ARRAY,
        "size": NUMBER,
        "match": TEXT,
        "names": EXACT,
        "evidence": EVIDENCE,
    },
    "field": {
        "name": TEXT,
        "type": TEXT,
        "bits": INTEGER,
        "offset": NUMBER,
        "since": VERSION,
        "free": ANYTHING,
    },
    "enum": {
        "repr": TEXT,
        "values": TABLE,
        "closed": FLAG,
        "match": TEXT,
        "names": EXACT,
        "evidence": EVIDENCE,
    },
    "enum value": {"value": INTEGER, "since": VERSION},
    "type": {
        "type": TEXT,
        "free": ANYTHING,
        "opaque": FLAG,
        "size": NUMBER,
        "alignment": NUMBER,
        "kind": TEXT,
    },
    "tag": {
        "read": TEXT,
        "at": INTEGER,
        "type": TEXT,
        **_CONDITIONS,
        "decode": ANYTHING,
        "accepts": TEXT,
        "shift": INTEGER,
        "mask": INTEGER,
        "optional": FLAG,
        "when": TABLE,
        "until": ANYTHING,
        "empty": FLAG,
        "initial": FLAG,
        "interface": FLAG,
        "evidence": EVIDENCE,
    },
    "when": {
        "read": TEXT,
        **_CONDITIONS,
        "shift": INTEGER,
        "mask": INTEGER,
        "initial": FLAG,
    },
    "until": {"count": TEXT},
    "choice": {"need": INTEGER, "of": ARRAY, "at_load": FLAG},
    "plugin": {"file": TEXT, "exact_exports": FLAG, "allow": TEXTS, "ifunc": FLAG},
    "platform": {
        "targets": TEXTS,
        "bits": INTEGER,
        "byte_order": ("little", "big"),
        "fat": ("any", "all"),
        "versions": TABLE,
        "macos": VERSION,
        "needed": TABLE,
        "soname": TEXT,
        "stack": ("not-executable",),
    },
    "versions": {"at_most": TABLE, "require": TEXTS},
    "needed": {"allow": TEXTS, "deny": TEXTS, "require": TEXTS},
    "imports": {"provided": TEXTS},
    "evidence": {
        "layout": EVIDENCE,
        "signatures": EVIDENCE,
        "tags": EVIDENCE,
        "conventions": EVIDENCE,
        "data": EVIDENCE,
    },
}

CONDITIONS = (*_CONDITIONS, "accepts")

OTHER_WORDS = {
    "required": "optional",
    "abi_version": "version",
    "functions": "exports",
    "symbols": "exports",
    "export": "exports",
    "aliases": "types",
    "typedefs": "types",
    "path": "read",
    "symbol": "read",
    "regex": "matches",
    "pattern": "matches",
    "prefix": "starts_with",
    "min": "at_least",
    "max": "at_most",
    "equal": "equals",
    "eq": "equals",
    "width": "bits",
    "members": "fields",
    "variants": "values",
    "align": "alignment",
    "glob": "allow",
    "endian": "byte_order",
    "endianness": "byte_order",
}
"""What people write for a key, in words that no spelling distance leads from to the right one."""
