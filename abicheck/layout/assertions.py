"""Contract -> problems that only a layout shows: sizes that do not hold, keys that tie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.errors import Problem
from abicheck.layout.environments import lay_out
from abicheck.layout.targets import known_targets
from abicheck.model.layout import StructLayout, UnknownLayout
from abicheck.model.target import PerTarget, Target
from abicheck.model.types import Opaque, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.layout import FieldLayout, Layouts

REPRESENTATIVES = {
    "lp64": (Target("x86_64", "linux", "gnu"), Target("aarch64", "macos")),
    "llp64": (Target("x86_64", "windows", "msvc"), Target("x86_64", "windows", "gnu")),
    "ilp32": (
        Target("i386", "linux", "gnu"), Target("arm", "linux", "gnueabihf"),
        Target("i386", "windows", "msvc"),
    ),
}  # fmt: skip
"""Targets that stand for a data model: an assertion under its name must hold on one of them.

One is not enough: i386 System V aligns `u64` to 4 and the others to 8.
"""

COMMONEST = REPRESENTATIVES["lp64"][0]


def check_sizes(
    contract: Contract, target: Target, layouts: Layouts | None = None
) -> tuple[Problem, ...]:
    """Return a problem for each `size` of a whole struct that does not hold on `target`.

    `layouts` are those of the target, if the caller has them.
    """
    asserted = [
        (struct, size)
        for struct in _structs(contract)
        if (size := _asserted(struct, target)) is not None
    ]
    if not asserted:
        return ()
    layouts = layouts or lay_out(contract, target)
    return tuple(
        _wrong_size(contract, struct, size, actual, target)
        for struct, size in asserted
        if (actual := _size(layouts, struct)) not in {None, size}
    )


def check_contract(contract: Contract) -> tuple[Problem, ...]:
    """Return what is wrong with a contract's layouts wherever its plugin is built for.

    Each size assertion is checked on targets that stand for its key: those of
    `[platform]` for a plain number, one of the data model's, one that fits the pattern.
    """
    checker = _Checker(contract)
    problems = [*checker.impossible(), *checker.sizes(), *checker.ends(), *_ties(contract)]
    return tuple(sorted(problems, key=lambda problem: problem.line or 0))


class _Checker:
    """Checks one contract; lays it out once for each target that some key asks for."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._layouts: dict[Target, Layouts] = {}
        self.everywhere = _targets_of(contract)

    def layouts(self, target: Target) -> Layouts:
        if target not in self._layouts:
            self._layouts[target] = lay_out(self.contract, target)
        return self._layouts[target]

    def impossible(self) -> Iterator[Problem]:
        """Find structs that cannot be laid out on any target."""
        for struct in _structs(self.contract):
            reasons = [
                answer.reason
                for target in (COMMONEST, *self.everywhere)
                if isinstance(answer := self.layouts(target).layout(struct.name), UnknownLayout)
            ]
            if len(reasons) > len(self.everywhere) and not _depends_on_target(reasons[0]):
                yield _problem(self.contract, struct.line, struct.subject, reasons[0])

    def sizes(self) -> Iterator[Problem]:
        for struct in _structs(self.contract):
            if struct.size is not None and not struct.is_partial:
                for key, value in struct.size.entries:
                    yield from self._assertion(struct, key, value)

    def _assertion(self, struct: Struct, key: str, value: int) -> Iterator[Problem]:
        wrong: list[Problem] = []
        for target in self._judges(key):
            if _asserted(struct, target) != value:
                continue  # a more exact key decides there
            actual = _size(self.layouts(target), struct)
            if actual is None:
                continue
            if actual != value:
                wrong.append(_wrong_size(self.contract, struct, value, actual, target))
            elif key != "*":
                return
        yield from wrong if key == "*" else wrong[:1]

    def _judges(self, key: str) -> Sequence[Target]:
        if key == "*":
            return self.everywhere
        if key in REPRESENTATIVES:
            named = self.everywhere if self.contract.platform.targets else ()
            return [each for each in named if each.data_model == key] or REPRESENTATIVES[key]
        return tuple(each for each in known_targets() if each.fits(key))

    def ends(self) -> Iterator[Problem]:
        """Find fields of partial structs that end behind the size that their contract states."""
        targets = (*REPRESENTATIVES["lp64"], *REPRESENTATIVES["ilp32"], *self.everywhere)
        for struct in _structs(self.contract):
            if struct.is_partial:
                found = (self._overrun(struct, target) for target in dict.fromkeys(targets))
                yield from [problem for problem in found if problem is not None][:1]

    def _overrun(self, struct: Struct, target: Target) -> Problem | None:
        layouts = self.layouts(target)
        layout = layouts.layout(struct.name)
        if not isinstance(layout, StructLayout) or layout.size is None:
            return None
        for field in layout.fields:
            end = _end(field, layouts)
            if end is not None and end > layout.size:
                key = f"{struct.subject}.{field.name or '_'}"
                message = f"it ends at {end}, but the struct has {layout.size} bytes on {target}"
                return _problem(self.contract, field.line, key, message)
        return None


def _ties(contract: Contract) -> Iterator[Problem]:
    """Find per-target numbers of which two keys claim one target with equal right."""
    for key, line, number in _numbers(contract):
        patterns = [each for each, _ in number.entries if each != "*" and "-" in each]
        for index, first in enumerate(patterns):
            for second in patterns[index + 1 :]:
                target = _tied(first, second, patterns)
                if target is not None:
                    message = f'"{first}" and "{second}" both fit {target}, and neither is longer'
                    yield _problem(contract, line, key, message)


def _tied(first: str, second: str, patterns: Sequence[str]) -> Target | None:
    if len(first) != len(second):
        return None
    for target in known_targets():
        if str(target) not in patterns and target.fits(first) and target.fits(second):
            return target
    return None


def _numbers(contract: Contract) -> Iterator[tuple[str, int, PerTarget]]:
    for name, definition in contract.definitions.items():
        if isinstance(definition, Opaque):
            for word, number in (("size", definition.size), ("alignment", definition.alignment)):
                if number is not None:
                    yield f"types.{name}.{word}", definition.line, number
        elif isinstance(definition, Struct):
            if definition.size is not None:
                yield f"{definition.subject}.size", definition.line, definition.size
            for index, field in enumerate(definition.fields):
                if field.offset is not None:
                    yield f"{definition.subject}.fields[{index}].offset", field.line, field.offset


def _structs(contract: Contract) -> Iterator[Struct]:
    return (each for each in contract.definitions.values() if isinstance(each, Struct))


def _asserted(struct: Struct, target: Target) -> int | None:
    if struct.size is None or struct.is_partial:
        return None
    return struct.size.value_for(target)


def _size(layouts: Layouts, struct: Struct) -> int | None:
    layout = layouts.layout(struct.name)
    return layout.size if isinstance(layout, StructLayout) else None


def _end(field: FieldLayout, layouts: Layouts) -> int | None:
    """Return the byte behind a field, None where its place is not known."""
    if field.bit_offset is not None and field.bit_size is not None:
        return (field.bit_offset + field.bit_size + 7) // 8
    size: int = getattr(layouts.layout(field.type), "size", None) or 0
    return None if field.offset is None else field.offset + size


def _targets_of(contract: Contract) -> tuple[Target, ...]:
    """Return targets that the plugin is built for: those named in full, or one that fits."""
    chosen = contract.platform.targets
    if not chosen:
        return (COMMONEST,)
    exact = tuple(each for each in known_targets() if str(each) in chosen)
    return (
        exact
        or tuple(each for each in known_targets() if any(each.fits(pattern) for pattern in chosen))[
            :1
        ]
    )


def _depends_on_target(reason: str) -> bool:
    return reason.endswith("is not stated") or " has no " in reason or "environment" in reason


def _wrong_size(
    contract: Contract, struct: Struct, asserted: int, actual: int, target: Target
) -> Problem:
    message = f"its fields come to {actual} bytes on {target}, not to {asserted}"
    return _problem(contract, struct.line, f"{struct.subject}.size", message)


def _problem(contract: Contract, line: int, key: str, message: str) -> Problem:
    return Problem(file=contract.file, line=line, key=key, message=message)
