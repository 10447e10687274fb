"""Guards beside `verify` where contracts grow: hosts and plugins of different versions.

The contract is fixtures/growth/growth.toml as of each of its versions. Plugins state a version and
have what belongs to it; some have more or less than that, at places that chance chooses.
"""

from __future__ import annotations

import random
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck import verify
from abicheck.contract import parse_contract_text
from abicheck.errors import ContractError
from abicheck.model.growth import version_parts
from abicheck.model.report import Verdict
from tests.oracle.cargo import Workshop
from tests.oracle.guards import CONTRACT, run
from tests.oracle.test_c_guard_differences import (
    FUNCTIONS,
    GROWTH,
    OLDER,
    PAUSE,
    built_host,
    built_plugin,
)
from tests.oracle.test_rust_guard_agreement import built

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

LATER = {
    '[exports.flush]\ntype  = "fn(how: c_int) -> c_int"\nsince = "1.1"\n': "1.1",
    PAUSE: "1.1",
    '  { name = "level", type = "fn() -> c_int", since = "1.2" },\n': "1.2",
    '  { name = "total", type = "c_int", since = "1.2" },\n': "1.2",
    ', Auto = { value = 2, since = "1.2" }': "1.2",
}
"""What the contract says of things that came later, and when they came."""

EXTRAS = (
    '"x: u64"', '"x: u8"', '"x: c_int"', '{ name = "x", type = "Option<fn()>", since = "1.3" }',
    '{ name = "x", type = "c_int", since = "1.3" }',
)  # fmt: skip


def contracts() -> dict[str, str]:
    """Return the contract as of each version."""
    found = {"1.2": GROWTH}
    for version, changes in OLDER.items():
        found[version] = GROWTH
        for old, new in changes:
            found[version] = found[version].replace(old, new)
    return found


def plugins(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield contracts that plugins were built under, each with what is odd in it."""
    chance = random.Random(seed)
    for _ in range(count):
        version = chance.choice(["1.0", "1.1", "1.2", "1.3", "1.10"])
        said = [f"states {version}"]
        text = GROWTH.replace('version  = "1.2"', f'version  = "{version}"')
        for later, since in LATER.items():
            belongs = version_parts(version) >= version_parts(since)
            is_odd = chance.random() < 0.15
            said += [f"{'without' if belongs else 'with'} {later.strip()}"] if is_odd else []
            early = re.sub(r'since += "[\d.]+"', 'since = "1.0"', later)
            text = text.replace(later, "" if belongs == is_odd else later if belongs else early)
        if chance.random() < 0.5:
            text, more = with_a_field(text, chance)
            said.append(more)
        yield text, ", ".join(said)


def with_a_field(text: str, chance: random.Random) -> tuple[str, str]:
    """Return a contract with a field more somewhere, mostly at the end of a struct."""
    lines = text.split("\n")
    start = chance.choice([at for at, line in enumerate(lines) if line == "fields = ["])
    end = lines.index("]", start)
    at = chance.choice([end, end, *range(start + 1, end)])
    extra = chance.choice(EXTRAS)
    lines.insert(at, f"  {extra},")
    return "\n".join(lines), f"{extra} behind {lines[at - 1].strip()}"


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """Return for each version the program with the guard in C and the one with those in Rust."""
    folder = tmp_path_factory.mktemp("growth")
    workshop = Workshop(folder / "workshop")
    workshop.host(CONTRACT)
    texts = contracts()
    parsed = {each: parse_contract_text(text, "growth.toml") for each, text in texts.items()}
    rust = built(workshop, parsed)
    found = {}
    for version, text in texts.items():
        host = built_host(folder, "growth", text, "flush" if "flush" in text else "stats")
        found[version] = host.rename(folder / f"host-{version}"), rust
    return found


def disagreements(
    hosts: dict[str, tuple[Path, Path]], folder: Path, seed: int, count: int
) -> list[str]:
    """Return each plugin and host of which a guard says something else than `verify`."""
    found, judged = [], 0
    for text, said in plugins(seed, count):
        try:
            plugin = built_plugin(folder, "plugin", text, FUNCTIONS)
        except ContractError:
            continue  # It has something since a version later than its own.
        judged += 1
        for version, contract in contracts().items():
            report = verify(str(plugin), parse_contract_text(contract, "growth.toml"))
            fits = report.verdict is Verdict.COMPATIBLE
            in_c, in_rust = hosts[version]
            answers = [run(in_c, plugin), run(in_rust, version, plugin)]
            if [each.startswith(("loaded", "fits")) for each in answers] != [fits, fits]:
                found.append(f"host {version}, plugin {said}: {report.verdict}, {answers}")
    assert judged > count // 2
    return found


def test_guards_let_in_what_verify_lets_in(
    hosts: dict[str, tuple[Path, Path]], tmp_path: Path
) -> None:
    assert disagreements(hosts, tmp_path, 1, 30) == []


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 8))
def test_guards_let_in_what_verify_lets_in_of_many(
    hosts: dict[str, tuple[Path, Path]], tmp_path: Path, seed: int
) -> None:
    assert disagreements(hosts, tmp_path, seed, 150) == []
