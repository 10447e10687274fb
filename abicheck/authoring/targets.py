"""Names of targets -> the targets whose layouts somebody wants to see."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from abicheck.contract.targets import TargetError, normal_target
from abicheck.layout import known_targets
from abicheck.model.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from abicheck.model.contract import Contract

EVERY = "all"
"""What stands for every target."""

COMMONEST = Target("x86_64", "linux", "gnu")


def named_targets(names: Sequence[str]) -> tuple[Target, ...]:
    """Return the targets that names, patterns and lists of them parted by commas stand for.

    Raises: TargetError.
    """
    words = [word.strip() for name in names for word in name.split(",") if word.strip()]
    return tuple(dict.fromkeys(target for word in words for target in _named(word)))


def _named(word: str) -> Iterator[Target]:
    if word == EVERY:
        yield from known_targets()
        return
    pattern = normal_target(word)
    exact = _exact(pattern)
    fitting = [exact] if exact else [each for each in known_targets() if each.fits(pattern)]
    if not fitting:
        raise TargetError(f'no target whose layouts are known fits "{word}"', word)
    yield from fitting


def _exact(pattern: str) -> Target | None:
    """Return the one target that a normal pattern names, None if it is a glob."""
    machine, system, environment, *_ = [*pattern.split("-"), "", ""]
    if not system or any(mark in pattern for mark in "*?["):
        return None
    return Target(machine, system, environment)


def allowed_targets(contract: Contract) -> tuple[Target, ...]:
    """Return every target that `[platform]` allows, all if it names none."""
    patterns = contract.platform.targets
    found = tuple(each for each in known_targets() if not patterns or any(map(each.fits, patterns)))
    if contract.platform.bits is not None:
        found = tuple(each for each in found if each.bits == contract.platform.bits)
    if contract.platform.byte_order is not None:
        found = tuple(each for each in found if each.byte_order == contract.platform.byte_order)
    return found


def usual_targets(contract: Contract) -> tuple[Target, ...]:
    """Return the targets that `[platform]` names in full, else that of this machine."""
    named = (_exact(pattern) for pattern in contract.platform.targets)
    return tuple(dict.fromkeys(each for each in named if each)) or (this_machine(),)


def this_machine() -> Target:
    """Return the target of the machine that this runs on; x86_64 Linux if it is no known one."""
    import platform  # noqa: PLC0415 (only where nobody names a target)
    import sysconfig  # noqa: PLC0415

    triple = str(sysconfig.get_config_var("HOST_GNU_TYPE") or "")
    if not triple or sys.platform in {"win32", "darwin"}:
        environment = "-msvc" if sys.platform == "win32" else ""
        triple = f"{platform.machine()}-{platform.system()}{environment}"
    try:
        return _exact(normal_target(triple)) or COMMONEST
    except TargetError:
        return COMMONEST
