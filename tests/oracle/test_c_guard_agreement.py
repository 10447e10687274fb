"""The guard for C beside `verify`: both hold a stripped plugin to a contract of the corpus.

The plugin is built under the contract with one thing changed, once for each such change.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from abicheck.errors import GenerationError
from abicheck.generation import generate
from abicheck.generation.c_names import Names
from abicheck.generation.names import file_stem
from tests.evidence.descriptor.changes import changes
from tests.oracle.corpus import CASES, Case
from tests.oracle.generated_plugins import BuildError, build, contract_of, header_of, stubs
from tests.oracle.guards import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from abicheck.model.contract import Contract

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

WITHOUT_EXPORTS = {
    "symbol-versions", "dependency", "plugin-rules", "platform", "typed-globs", "pointer-width",
}  # fmt: skip
"""Cases whose contracts name no export that C can declare: there is no guard."""

GUARDED = [case for case in CASES if case.name not in WITHOUT_EXPORTS]
SAMPLE = 15

CHECK = """\
#define @_HOST_IMPLEMENTATION
#include "#_host.h"
int main(int argc, char **argv)
{
    char message[400];
    if (argc == 2 && %_plugin_check(argv[1], message, sizeof message))
        return puts("fits") < 0;
    puts(message);
    return 1;
}
"""


def guard(contract: Contract, folder: Path) -> Path:
    """Build a program that asks the guard about a file."""
    names = Names(contract)
    for file in generate(contract, "c", host=True):
        (folder / file.name).write_text(file.text)
    text = CHECK.replace("#_", f"{file_stem(contract.name)}_").replace("@", names.prefix)
    (folder / "check.c").write_text(text.replace("%", names.stem))
    flags = ("-Wall", "-Wextra", "-Werror", f"-I{folder}")
    run("gcc", *flags, folder / "check.c", "-o", folder / "check", "-ldl")
    return folder / "check"


def in_c(folder: Path, contract: Contract) -> Path:
    """Build a stripped plugin in C."""
    return build(folder, header_of(contract), stubs(contract), "gcc -O1 -s")


def wrongs(
    contract: Contract,
    folder: Path,
    step: int,
    ask: Callable[[Path], str],
    make: Callable[[Path, Contract], Path] = in_c,
) -> dict[str, str]:
    """Return what a guard says wrongly when asked about a plugin, by the change."""
    found = {}
    for change in list(changes(contract))[step // 2 :: step]:
        try:
            plugin = make(folder / "it", change.contract)
        except (GenerationError, BuildError):
            continue  # The language has no such plugin.
        said = ask(plugin)
        if (said == "fits\n") != (change.subject is None):
            found[change.name] = said
    return found


def wrongs_of_c(case: Case, folder: Path, step: int) -> dict[str, str]:
    """Return what the guard for C says wrongly, by the change."""
    contract = contract_of(case, folder)
    check = guard(contract, folder)
    return wrongs(contract, folder, step, lambda plugin: run(check, plugin, check=False))


@pytest.mark.parametrize("case", GUARDED[::2], ids=lambda case: case.name)
def test_guard_refuses_what_breaks_and_nothing_else(case: Case, tmp_path: Path) -> None:
    assert wrongs_of_c(case, tmp_path, SAMPLE) == {}


@pytest.mark.long
@pytest.mark.parametrize("case", GUARDED, ids=lambda case: case.name)
def test_guard_refuses_every_change_that_breaks_and_no_other(case: Case, tmp_path: Path) -> None:
    assert wrongs_of_c(case, tmp_path, 1) == {}
