"""Layouts on every known target -> the C preprocessor's choice among them.

Targets on which everything of a contract is laid out alike share a number. A compiler tells by its
predefined macros for which target it compiles; where that is none of the known ones, the
number is 0 and nothing is asserted.

Source: the compilers' predefined macros (`cc -dM -E`), each judged by compiling for its target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.c_partial import gaps
from abicheck.generation.c_samples import is_flexible
from abicheck.layout import known_targets, lay_out
from abicheck.model.layout import EnumLayout, OpaqueLayout, StructLayout
from abicheck.model.types import Alias, Named, Opaque, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from abicheck.generation.c_names import Names
    from abicheck.model.contract import Contract
    from abicheck.model.layout import Layouts
    from abicheck.model.target import Target

MACHINES = {
    "x86_64": "defined(__x86_64__) && !defined(__ILP32__)",
    "i386": "defined(__i386__)",
    "aarch64": "defined(__aarch64__) && !defined(__ILP32__)",
    "arm": "defined(__arm__) && defined(__ARM_EABI__)",
    "riscv32": "defined(__riscv) && __riscv_xlen == 32",
    "riscv64": "defined(__riscv) && __riscv_xlen == 64",
    "powerpc": "defined(__powerpc__) && !defined(__powerpc64__)",
    "powerpc64": "defined(__powerpc64__) && defined(__BIG_ENDIAN__)",
    "powerpc64le": "defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)",
    "s390x": "defined(__s390x__)",
    "mips": "defined(__MIPSEB__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32",
    "mipsel": "defined(__MIPSEL__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32",
    "mips64": "defined(__MIPSEB__) && defined(_ABI64) && _MIPS_SIM == _ABI64",
    "mips64el": "defined(__MIPSEL__) && defined(_ABI64) && _MIPS_SIM == _ABI64",
    "loongarch64": "defined(__loongarch64)",
}
"""How a compiler says which machine it compiles for, without ABIs of other pointers."""

MICROSOFT_MACHINES = {"x86_64": "_M_X64", "i386": "_M_IX86", "aarch64": "_M_ARM64"}
"""What Microsoft's own compiler says instead."""

SYSTEMS = {
    "linux": "defined(__linux__)",
    "freebsd": "defined(__FreeBSD__)",
    "macos": "defined(__APPLE__)",
    "windows": "defined(_WIN32)",
}

GLIBC = "defined(__GLIBC__) || defined(__GLIBC_MINOR__)"

ENVIRONMENTS = {
    ("linux", "android"): "defined(__ANDROID__)",
    ("linux", "gnu"): GLIBC,
    ("linux", "gnueabi"): GLIBC,
    ("linux", "gnueabihf"): GLIBC,
    ("linux", "musl"): "defined(__DEFINED_int8_t)",
    ("windows", "msvc"): "defined(_MSC_VER)",
    ("windows", "gnu"): "defined(__MINGW32__)",
}
"""How it says which environment.

Of the C libraries only their own `<stdint.h>` speaks: glibc's says so, musl's marks what it has
defined.
"""


class Sheets:
    """The layouts of a contract on every known target, those that are alike once.

    `classes` are the targets of each number, from 1 on; `layouts` what they share. `macro` is the
    macro that chooses among the numbers of these classes.
    """

    def __init__(self, contract: Contract, names: Names, *, asserted: bool) -> None:
        """Lay the contract out everywhere: for what is asserted, or for what the types need."""
        self.contract, self.asserted = contract, asserted
        self.number = names.macro("LAYOUT" if asserted else "PLACES")
        self.macro = names.macro("ON" if asserted else "AT")
        facts = _asserted if asserted else _needed
        found: dict[tuple[object, ...], list[Target]] = {}
        self.layouts: list[Layouts] = []
        for target in known_targets():
            layouts = lay_out(contract, target)
            key = tuple(facts(contract, layouts))
            if key not in found:
                found[key] = []
                self.layouts.append(layouts)
            found[key].append(target)
        self.classes = tuple(tuple(targets) for targets in found.values())

    def each(self, number: Callable[[Layouts], int | None]) -> tuple[int | None, ...]:
        """Return a number for each class."""
        return tuple(number(layouts) for layouts in self.layouts)

    def chosen(self, numbers: Sequence[int | str]) -> str:
        """Return the expression of the number that holds on the target being compiled."""
        if len(set(numbers)) == 1:
            return str(numbers[0])
        return f"{self.macro}({', '.join(map(str, numbers))})"

    def lines(self) -> Iterator[str]:
        """Yield the choice; where the types need it, an unknown target is an error."""
        for place, targets in enumerate(self.classes, 1):
            tests = conditions(targets)
            yield f"#{'if' if place == 1 else 'elif'} \\"
            yield from (f"    {each} \\" for each in tests[:-1])
            yield f"    {tests[-1]}"
            yield f"#define {self.number} {place}"
        yield "#else"
        if self.asserted:
            yield f"#define {self.number} 0 /* an unknown target: nothing is asserted of layouts */"
        else:
            yield '#error "the contract states no places for this target"'
        yield "#endif"
        if len(self.classes) > 1:
            yield ""
            letters = ", ".join(f"on_{place}" for place in range(1, len(self.classes) + 1))
            for place in range(1, len(self.classes) + 1):
                yield f"#{'if' if place == 1 else 'elif'} {self.number} == {place}"
                yield f"#define {self.macro}({letters}) on_{place}"
            yield "#else"
            yield f"#define {self.macro}({letters}) on_1"
            yield "#endif"
        yield ""


def _asserted(contract: Contract, layouts: Layouts) -> Iterator[object]:
    """Yield every number of a contract's layouts that its header asserts."""
    for name, definition in contract.definitions.items():
        if isinstance(definition, Alias):
            continue
        match layouts.layout(name):
            case StructLayout(_, size, fields, _, alignment):
                yield size, alignment
                yield tuple(each.offset for each in fields if each.bit_size is None)
                if is_flexible(Named(name), contract.definitions):
                    yield tuple(each.bit_offset for each in fields)
            case EnumLayout(_, size) | OpaqueLayout(_, size):
                yield size
            case _:
                yield None


def _needed(contract: Contract, layouts: Layouts) -> Iterator[object]:
    """Yield every number that stands in the header's types: of opaque types, and of padding."""
    for name, definition in contract.definitions.items():
        layout = layouts.layout(name)
        if isinstance(definition, Opaque):
            yield getattr(layout, "size", None), getattr(layout, "alignment", None)
        elif isinstance(definition, Struct) and definition.is_partial:
            yield None if not isinstance(layout, StructLayout) else gaps(definition, layouts)


def conditions(targets: Sequence[Target]) -> list[str]:
    """Return the lines of a condition that holds on `targets`, and on no other known one."""
    lines: list[str] = []
    for system, test in SYSTEMS.items():
        machines = dict.fromkeys(each.machine for each in targets if each.system == system)
        tests = [_machine(machine, system, targets) for machine in machines]
        if tests:
            lines.append(f"{'|| ' if lines else ''}({test} && (")
            lines += [f"    {each} ||" for each in tests[:-1]]
            lines.append(f"    {tests[-1]}))")
    return lines


def _machine(machine: str, system: str, targets: Sequence[Target]) -> str:
    """Return the condition for a machine, with the environments where only some are meant."""
    here = [each for each in known_targets() if (each.machine, each.system) == (machine, system)]
    meant = [each.environment for each in here if each in targets]
    test = _grouped(MACHINES[machine])
    if system == "windows":
        test = f"({test} || defined({MICROSOFT_MACHINES[machine]}))"
    if len(meant) == len(here):
        return test
    android = ENVIRONMENTS["linux", "android"]
    if [each.environment for each in here if each not in targets] == ["android"]:
        return f"({test} && !{android})"
    tests = dict.fromkeys(ENVIRONMENTS[system, each] for each in meant)
    return f"({test} && {_grouped(' || '.join(tests))})"


def _grouped(test: str) -> str:
    return f"({test})" if " " in test else test
