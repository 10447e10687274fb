"""Contracts as files and as text: what is refused, where, and in which words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from abicheck.contract import parse_contract, parse_contract_text
from abicheck.errors import ContractError, Problem
from tests.contract.bad_contracts import BAD, HEADER

SCHEMAS = sorted((Path(__file__).parents[2] / "schemas").glob("*.toml"))


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ContractError) as caught:
        parse_contract_text(text, "test.toml")
    return caught.value.problems


@pytest.mark.parametrize(("body", "key", "words"), BAD.values(), ids=BAD.keys())
def test_wrong_contract_is_refused_at_its_line_with_its_key(
    body: str, key: str, words: str
) -> None:
    text = HEADER + body
    problems = problems_of(text)
    found = [problem for problem in problems if problem.key == key and words in problem.message]
    assert found, "\n".join(map(str, problems))
    marked = [number for number, row in enumerate(text.split("\n"), 1) if "# wrong" in row]
    if marked:
        assert [problem.line for problem in found] == marked
    assert len(problems) == 1, "\n".join(map(str, problems))


def test_enough_wrong_contracts_are_tried() -> None:
    assert len(BAD) >= 100


def test_every_problem_of_a_file_comes_out_in_one_run_in_the_order_of_the_file() -> None:
    body = '[platform]\nbits = 48\n[structs.S]\nfields = ["a: u65"]\n[exports]\nx = "fn(]"\n'
    problems = problems_of("contract = 5\nformat = 1\n" + body + "[tags.t]\nequals = 1")
    assert [(problem.line, problem.key) for problem in problems] == [
        (1, "contract"),
        (1, "version"),
        (4, "platform.bits"),
        (6, "structs.S.fields[0]"),
        (8, "exports.x"),
        (9, "tags.t"),
    ]


CAUSES = {
    "type of an export": '[exports]\na = "static u65"\n[tags.t]\nread = "a"\nequals = 1',
    "type of a field": '[structs.S]\nfields = ["a: u65"]\nsize_field = "a"\n[exports]\n'
    's = "static S"\n[tags.t]\nread = "s.a"\nequals = 1',
    "alias": '[types]\nA = "u65"\n[structs.S]\nfields = ["a: A : 3", "b: A"]\n[exports]\n'
    's = "static S"\n[tags.t]\nread = "s.b"\nequals = 1',
    "alias of a struct": '[types]\nA = "Ss"\n[structs.S]\nfields = ["_: A"]',
    "recursion": '[structs.S]\nfields = ["a: u8", "s: S"]\n[exports]\ns = "static S"\n[tags.t]\n'
    'read = "s.a"\nequals = 1',
    "misspelt fields": '[structs.S]\nfeilds = ["a: u8"]\n[exports]\ns = "static S"\n[tags.t]\n'
    'read = "s.a"\nequals = 1',
    "function that frees": '[exports]\nfree = "fn(*mut u65)"\n[exports.make]\n'
    'type = "fn() -> *mut u8"\nfree = "free"',
    "function that is freed": '[exports]\nfree = "fn(*mut u8)"\n[exports.make]\n'
    'type = "fn() -> *mut u65"\nfree = "free"',
}


@pytest.mark.parametrize("body", CAUSES.values(), ids=CAUSES.keys())
def test_one_cause_is_one_problem(body: str) -> None:
    problems = problems_of(HEADER + body)
    assert len(problems) == 1, "\n".join(map(str, problems))


def test_one_problem_does_not_hide_the_others_of_its_tag() -> None:
    problems = problems_of(
        HEADER
        + '[tags.t]\nread = "a..b"\nmatches = "("\nshift = -1\ndecode = "semvar"\naccepts = "1"'
    )
    keys = [problem.key for problem in problems]
    assert keys == [f"tags.t.{key}" for key in ("read", "matches", "shift", "decode", "accepts")]


@pytest.mark.parametrize("key", ["contract", "version", "format"])
def test_missing_header_is_named(key: str) -> None:
    text = "\n".join(row for row in HEADER.split("\n") if not row.startswith(key))
    (problem,) = problems_of(text)
    assert (problem.key, problem.line) == (key, 1)
    assert problem.message.startswith(f"missing; expected {key} = ")


def test_unknown_format_is_refused() -> None:
    (problem,) = problems_of(HEADER.replace("format = 1", "format = 2"))
    assert problem.message == "this abicheck reads format 1 of the contract language, found 2"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\nb = \n", 2, "not valid TOML: Invalid value (column 5)"),
        ("a = 1\na = 2\n", 2, "Cannot overwrite a value"),
        ("a = [1\n", 2, "not valid TOML: Unclosed array at its end"),
        ('a = "x\ny = 1\n', 1, "(column 7)"),
        ("[a]\n[a]\n", 2, "Cannot declare"),
        ("a = " + "9" * 5000, None, "not valid TOML"),
        ("a = " + "[" * 5000, None, "nested too deeply"),
    ],
)
def test_what_is_not_toml_is_refused_at_its_line(text: str, line: int | None, words: str) -> None:
    (problem,) = problems_of(text)
    assert (problem.line, problem.key) == (line, "")
    assert words in problem.message


def test_file_is_named_as_the_user_wrote_it(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text(HEADER, encoding="utf-8")
    assert parse_contract(file).file == str(file)


def test_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(
        b"\xef\xbb\xbf" + (HEADER + "[exports]\na = 'fn('").replace("\n", "\r\n").encode()
    )
    with pytest.raises(ContractError) as caught:
        parse_contract(str(file))
    assert [problem.line for problem in caught.value.problems] == [5]


def test_missing_file_is_an_error_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(
        ContractError, match=r"none\.toml: the contract cannot be read: No such file"
    ):
        parse_contract(str(tmp_path / "none.toml"))


def test_directory_is_an_error_of_the_contract(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="the contract cannot be read: Is a directory"):
        parse_contract(str(tmp_path))


def test_bytes_that_are_no_text_are_an_error_at_their_line(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(
        ContractError, match=r"a\.toml:2: a contract is UTF-8 text; found byte 0xff"
    ):
        parse_contract(str(file))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.name)
def test_shipped_schema_is_read(schema: Path) -> None:
    contract = parse_contract(schema)
    assert re.fullmatch(r"[\w-]+", contract.name)
    assert contract.exports or contract.choices


def test_message_reads_file_line_key_and_what_is_wrong() -> None:
    (problem,) = problems_of(HEADER + '[structs.S]\nfields = [{ name = "a", type = "u65" }]')
    assert str(problem) == (
        'test.toml:5: structs.S.fields[0].type: no type named "u65"; did you mean "u64"?'
    )
