"""What is known of plugins of others, written as contracts: each fact is decided as it is.

`fixtures/real/facts.json` holds the facts, `ORIGINS.toml` where each plugin is from. A plugin that
may not be committed is looked for in a folder beside the repository, and passed over if absent.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import abicheck
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from abicheck.model.contract import Contract
    from abicheck.model.report import Report

REAL = ROOT / "fixtures" / "real"
ELSEWHERE = ROOT.parent / "shared" / "plugins"
PLUGINS = {
    entry["id"]: entry for entry in tomllib.loads((REAL / "ORIGINS.toml").read_text())["plugin"]
}
FACTS: dict[str, dict[str, list[Rule]]] = json.loads((REAL / "facts.json").read_text())

Rule = dict[str, Any]
Spelling = tuple[str, str]
"""The text of a contract without its head, and the subject of the claims to look at."""

TYPES = {"cstr": "*const c_char", "ptr": "*const c_void"}
FIELD_TYPES = {"m_name": "*const c_char", "m_slots": "*mut c_void", "ml_flags": "c_int"}


def place(plugin: str) -> Path:
    """Return where the file of `plugin` is: committed, or beside the repository."""
    file = str(PLUGINS[plugin]["file"])
    return REAL / file if PLUGINS[plugin]["committed"] else ELSEWHERE / file


def platform(rule: Rule, _facts: list[Rule]) -> Spelling:
    system = {"ELF": "linux", "PE": "windows", None: None}[rule.get("format")]
    lines = []
    if system:
        lines.append(f'targets = ["{rule.get("machine", "*")}-{system}"]')
    if "bits" in rule:
        lines.append(f"bits = {rule['bits']}")
    if "endian" in rule:
        lines.append(f'byte_order = "{rule["endian"]}"')
    return "[platform]\n" + "\n".join(lines), "platform."


def export(rule: Rule, _facts: list[Rule]) -> Spelling:
    kind = {"func": "fn", "data": "static"}[rule.get("kind", "func")]
    size = f"size = {rule['size']}" if "size" in rule else ""
    return f'[exports.{rule["name"]}]\ntype = "{kind}"\n{size}', f"exports.{rule['name']}"


def optional_export(rule: Rule, _facts: list[Rule]) -> Spelling:
    return f"[exports.{rule['name']}]\noptional = true", f"exports.{rule['name']}"


def one_of_exports(rule: Rule, _facts: list[Rule]) -> Spelling:
    groups = ", ".join(f'["{name}"]' for name in rule["names"])
    return f"[[choices]]\nof = [{groups}]\nat_load = true", "choices[0]"


def glibc_max(rule: Rule, _facts: list[Rule]) -> Spelling:
    return f'[platform]\nversions = {{ at_most = {{ GLIBC = "{rule["le"]}" }} }}', "platform."


def needed_includes(rule: Rule, _facts: list[Rule]) -> Spelling:
    return f'[platform]\nneeded = {{ require = ["{rule["name"]}"] }}', "platform."


def tag(rule: Rule, facts: list[Rule]) -> Spelling:
    """Spell the offsets of a rule as a chain of partial structs and a path through them."""
    symbol = rule.get("symbol") or next(fact["symbol"] for fact in facts if "symbol" in fact)
    offsets = [step for step in rule["at"] if step != "*"]
    if rule["type"] != "cstr" and rule["at"][-1] == "*":
        raise AssertionError("a pointer's target needs an offset")
    structs = []
    for depth, offset in enumerate(offsets):
        last = depth == len(offsets) - 1
        type_ = TYPES.get(rule["type"], rule["type"]) if last else f"*const S{depth + 1}"
        structs.append(
            f"[structs.S{depth}]\npartial = true\n"
            f'fields = [{{ name = "f", type = "{type_}", offset = {offset} }}]'
        )
    path = symbol + ".f" * len(offsets)
    return "\n".join(
        [
            f'[exports]\n{symbol} = "static S0"',
            *structs,
            f'[tags.fact]\nread = "{path}"',
            condition(rule),
        ]
    ), "tags.fact"


def condition(rule: Rule) -> str:
    """Spell what a tag rule asks for."""
    if rule.get("cmp") == "le":
        return f"at_most = {rule['value']}"
    shift = f"shift = {rule['shift']}\nmask = {rule['mask']}\n" if "shift" in rule else ""
    match rule["eq"]:
        case "null":
            return "null = true"
        case "rel":
            return 'points_to = "code"'
        case str(text):
            return f'equals = "{text}"'
        case number:
            # Beyond its type's width a number is the same as its remainder.
            value = number % 2**64 if number >= 2**64 else number
            return shift + (f"equals = {value}" if value < 2**63 else f'equals = "{value:#x}"')


def tag_behind_function(rule: Rule, _facts: list[Rule]) -> Spelling:
    name = rule["function"]
    return (
        f'[exports]\n{name} = "fn() -> *const S0"\n'
        '[structs.S0]\npartial = true\nfields = [{ name = "f", type = "c_uint", offset = 4 }]\n'
        f'[tags.fact]\nread = "{name}().f"\nequals = 20220829'
    ), "tags.fact"


def dwarf_struct(rule: Rule, _facts: list[Rule]) -> Spelling:
    fields = ",\n".join(
        f'{{ name = "{name}", type = "{FIELD_TYPES[name]}", offset = {offset} }}'
        for name, offset in rule.get("fields", {}).items()
    )
    name = rule["struct"]
    return (
        f"[structs.{name}]\npartial = true\nsize = {rule['size']}\nfields = [{fields}]\n",
        f"structs.{name}",
    )


def struct_layout(rule: Rule, facts: list[Rule]) -> Spelling:
    symbol = next(fact["symbol"] for fact in facts if "symbol" in fact)
    type_ = "Whole" if symbol == rule["symbol"] else "Holder"
    return (
        f'[exports]\n{symbol} = "static {type_}"\n'
        '[structs.Whole]\npartial = true\nfields = ["f: c_int"]\n'
        '[structs.Holder]\npartial = true\nfields = ["vers: *const Whole"]\n'
    ), "structs.Whole"


BUILDERS: dict[str, Callable[[Rule, list[Rule]], Spelling]] = {
    "platform": platform,
    "export": export,
    "optional_export": optional_export,
    "one_of_exports": one_of_exports,
    "glibc_max": glibc_max,
    "needed_includes": needed_includes,
    "tag": tag,
    "tag_bits": tag,
    "tag_behind_function": tag_behind_function,
    "dwarf_struct": dwarf_struct,
    "struct_layout": struct_layout,
}
STATUSES = {"must_accept": "ok", "must_reject": "mismatch", "must_unverified": "unverified"}


def facts() -> Iterator[Any]:
    """Yield every fact of every plugin that is there."""
    for plugin, kinds in FACTS.items():
        if not place(plugin).is_file():
            continue
        for kind, rules in kinds.items():
            for number, rule in enumerate(rules):
                name = f"{plugin}-{STATUSES[kind]}-{number}-{rule['rule']}"
                yield pytest.param(plugin, rule, STATUSES[kind], id=name)


def worst(statuses: set[str]) -> str | None:
    """Return the status that decides: a mismatch, else what is unverified, else ok."""
    return next((each for each in ("mismatch", "unverified", "ok") if each in statuses), None)


@pytest.mark.parametrize(("plugin", "rule", "status"), list(facts()))
def test_fact_is_decided_as_it_is(plugin: str, rule: Rule, status: str, tmp_path: Path) -> None:
    text, subject = BUILDERS[rule["rule"]](rule, FACTS[plugin]["must_accept"])
    file = tmp_path / "contract.toml"
    file.write_text(f'contract = "fact"\nversion = "1"\nformat = 1\n{text}\n')
    report = abicheck.verify(place(plugin), file)
    claims = [claim for claim in report.claims if claim.subject.startswith(subject)]
    assert worst({claim.status for claim in claims}) == status, "\n".join(map(str, claims))


@pytest.mark.parametrize("plugin", [name for name in PLUGINS if PLUGINS[name]["committed"]])
def test_committed_plugin_is_the_one_that_was_published(plugin: str) -> None:
    assert hashlib.sha256(place(plugin).read_bytes()).hexdigest() == PLUGINS[plugin]["sha256"]


def test_committed_plugins_stay_small() -> None:
    assert all(PLUGINS[name]["bytes"] < 200_000 for name in PLUGINS if PLUGINS[name]["committed"])


CONTRACTS = {
    "apache": "apache-httpd",
    "lua51": "lua",
    "nginx": "nginx",
    "node": "node-api",
    "pam": "pam",
    "php": "php",
    "postgresql": "postgresql",
    "py": "cpython-extension",
    "sqlite": "sqlite-extension",
    "xorg": "xorg",
}
"""Schemas by the first word of a plugin's id."""

UNVERIFIED = {"node-bufferutil-linux"}
"""Registers from a constructor: nothing shows what."""

SCHEMAS = sorted(file.stem for file in (ROOT / "schemas").glob("*.toml"))
OTHER_HOSTS: dict[str, dict[str, object]] = {
    "apache-httpd": {"mmn_major": 20120212},
    "nginx": {"nginx_version": 1022002},
    "xorg": {"videodrv_major": 24},
}
PRESENT = [name for name in PLUGINS if place(name).is_file()]


@cache
def contract_named(schema: str) -> Contract:
    """Return a contract of the schemas' folder, read once."""
    return abicheck.parse_contract(ROOT / "schemas" / f"{schema}.toml")


def schema_of(plugin: str) -> str:
    """Return the name of the contract that a plugin was made for."""
    return CONTRACTS[plugin.partition("-")[0]]


def summary(report: Report) -> str:
    """Spell what was not ok, for the message of a failed test."""
    lines = [report.plugins[0].error or ""]
    lines += [str(claim) for claim in report.claims if claim.status != "ok"]
    return "\n".join(lines)


@pytest.mark.parametrize("plugin", PRESENT)
def test_plugin_fits_the_contract_of_its_host(plugin: str) -> None:
    report = abicheck.verify(place(plugin), contract_named(schema_of(plugin)))
    expected = "unverified" if plugin in UNVERIFIED else "compatible"
    assert report.verdict == expected, summary(report)


@pytest.mark.parametrize("plugin", PRESENT)
@pytest.mark.parametrize("schema", SCHEMAS)
def test_plugin_fits_no_other_contract(plugin: str, schema: str) -> None:
    if schema != schema_of(plugin):
        report = abicheck.verify(place(plugin), contract_named(schema))
        assert report.verdict == "incompatible", summary(report)


@pytest.mark.parametrize("plugin", [name for name in PRESENT if schema_of(name) in OTHER_HOSTS])
def test_plugin_does_not_fit_another_version_of_its_host(plugin: str) -> None:
    schema = schema_of(plugin)
    host = OTHER_HOSTS[schema]
    report = abicheck.verify(place(plugin), contract_named(schema), parameters=host)
    assert report.verdict == "incompatible", summary(report)
