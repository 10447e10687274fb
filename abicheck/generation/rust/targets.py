"""Targets told apart by what differs between them -> the shortest `cfg` predicates that do so."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from abicheck.layout import known_targets
from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from abicheck.model.contract import Contract
    from abicheck.model.target import Target

ARCHITECTURES = {
    "i386": "x86", "powerpc64le": "powerpc64", "mipsel": "mips", "mips64el": "mips64",
}  # fmt: skip
"""Machines that Rust names otherwise, or tells apart by `target_endian` alone."""

Test = tuple[str, "Callable[[Target], bool]"]


@record
class Group:
    """Targets that are alike, the first of which stands for all; `cfg` is None for "everywhere"."""

    cfg: str | None
    target: Target


def targets_of(contract: Contract) -> tuple[Target, ...]:
    """Return the targets that a plugin of `contract` may be built for."""
    patterns = contract.platform.targets
    fitting = [each for each in known_targets() if any(each.fits(one) for one in patterns)]
    return tuple(fitting) or known_targets()


def known_architectures(targets: Sequence[Target]) -> str:
    """Return the predicate of every architecture among `targets`."""
    names = sorted({_architecture(each) for each in targets})
    return any_of([f'target_arch = "{name}"' for name in names])


def group_targets(labels: Mapping[Target, Hashable]) -> tuple[Group, ...]:
    """Return a group for each label, in the order in which the labels first occur."""
    paths: dict[Hashable, list[tuple[str, ...]]] = {}
    _split(tuple(labels), labels, (), paths)
    first = {label: target for target, label in reversed(list(labels.items()))}
    groups = []
    for label in dict.fromkeys(labels.values()):
        cfg = any_of([all_of(path) for path in paths[label]])
        groups.append(Group(cfg=cfg or None, target=first[label]))
    return tuple(groups)


def any_of(predicates: Sequence[str]) -> str:
    """Return one predicate that holds where any of `predicates` does; "" is "everywhere"."""
    return predicates[0] if len(predicates) == 1 else f"any({', '.join(predicates)})"


def all_of(predicates: Sequence[str]) -> str:
    """Return one predicate that holds where all of `predicates` do; "" for none."""
    return (
        predicates[0]
        if len(predicates) == 1
        else f"all({', '.join(predicates)})" * bool(predicates)
    )


def _split(
    targets: tuple[Target, ...],
    labels: Mapping[Target, Hashable],
    path: tuple[str, ...],
    paths: dict[Hashable, list[tuple[str, ...]]],
) -> None:
    """Divide `targets` by the test that tells most, until each part has one label."""
    if len({labels[each] for each in targets}) == 1:
        paths.setdefault(labels[targets[0]], []).append(path)
        return
    name, holds = min(_tests(targets), key=lambda test: _disorder(targets, labels, test[1]))
    yes = tuple(each for each in targets if holds(each))
    no = tuple(each for each in targets if not holds(each))
    _split(yes, labels, (*path, name), paths)
    _split(no, labels, (*path, _negated(name)), paths)


def _negated(name: str) -> str:
    opposite = {
        'target_pointer_width = "64"': 'target_pointer_width = "32"',
        'target_endian = "little"': 'target_endian = "big"',
    }
    return opposite.get(name, f"not({name})")


def _tests(targets: tuple[Target, ...]) -> list[Test]:
    """Return the tests that divide `targets`, the most telling kind first."""
    tests: list[Test] = [
        ('target_pointer_width = "64"', lambda target: target.bits == 64),  # noqa: PLR2004
        ("windows", lambda target: target.system == "windows"),
        ('target_endian = "little"', lambda target: target.byte_order == "little"),
        ('target_vendor = "apple"', lambda target: target.system == "macos"),
    ]
    tests += [
        (f'target_arch = "{name}"', _is_of(_architecture, name))
        for name in sorted({_architecture(each) for each in targets})
    ]
    tests += [
        ('target_os = "android"', _is_of(_environment, "android")),
        ('target_os = "freebsd"', lambda target: target.system == "freebsd"),
        ('target_env = "msvc"', _is_of(_environment, "msvc")),
        ('target_env = "musl"', _is_of(_environment, "musl")),
    ]
    return [test for test in tests if len({test[1](each) for each in targets}) > 1]


def _is_of(attribute: Callable[[Target], str], name: str) -> Callable[[Target], bool]:
    return lambda target: attribute(target) == name


def _architecture(target: Target) -> str:
    return ARCHITECTURES.get(target.machine, target.machine)


def _environment(target: Target) -> str:
    return target.environment


def _disorder(
    targets: tuple[Target, ...],
    labels: Mapping[Target, Hashable],
    holds: Callable[[Target], bool],
) -> float:
    """Return how many bits are still missing, on average, once the test was made: its entropy."""
    total = 0.0
    for side in (True, False):
        part = [labels[each] for each in targets if holds(each) is side]
        counts = [part.count(label) for label in set(part)]
        total -= sum(count * log2(count / len(part)) for count in counts)
    return round(total / len(targets), 9)
