"""Spellings of targets -> abicheck's own: `machine-system[-environment]`, globs allowed.

Rust's triples (`x86_64-unknown-linux-gnu`), Debian's (`arm-linux-gnueabihf`), GNU's
(`i686-w64-mingw32`) and everyday names (`amd64`, `arm64-macos`) are understood.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from abicheck.model.target import BITS, SYSTEMS, PerTarget, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from abicheck.contract.positions import KeyPath
    from abicheck.contract.schema import Schema

DATA_MODELS = ("lp64", "llp64", "ilp32")

MACHINES = {
    "amd64": "x86_64", "x64": "x86_64", "x86-64": "x86_64", "x86_64h": "x86_64",
    "x86": "i386", "i486": "i386", "i586": "i386", "i686": "i386", "win32": "i386",
    "arm64": "aarch64", "arm64e": "aarch64", "arm64ec": "aarch64",
    "armhf": "arm", "armel": "arm", "armv5te": "arm", "armv6": "arm", "armv6l": "arm",
    "armv7": "arm", "armv7a": "arm", "armv7l": "arm", "armv7hl": "arm", "thumbv7neon": "arm",
    "riscv64gc": "riscv64", "riscv64imac": "riscv64", "riscv32gc": "riscv32",
    "riscv32imac": "riscv32", "riscv32imc": "riscv32",
    "ppc": "powerpc", "powerpc32": "powerpc", "ppc64": "powerpc64",
    "ppc64le": "powerpc64le", "ppc64el": "powerpc64le",
    "s390": "s390x", "mipsle": "mipsel", "mips64le": "mips64el",
    "mipsisa64r6el": "mips64el", "mipsisa64r6": "mips64", "loong64": "loongarch64",
}  # fmt: skip
"""Other names of the machines, as uname, Debian, Go and Rust have them."""

VENDORS = frozenset({"unknown", "pc", "apple", "w64", "none", "alpine", "redhat", "suse", "ibm"})

_SYSTEMS = {
    "darwin": "macos", "macosx": "macos", "osx": "macos", "mac": "macos",
    "win": "windows", "win32": "windows", "win64": "windows", "mingw32": "windows",
    "mingw": "windows", "mingw64": "windows", "kfreebsd": "freebsd",
}  # fmt: skip

_ENVIRONMENTS = {
    "linux": {
        "gnu": "gnu", "glibc": "gnu", "gnuabi64": "gnu", "gnuf32": "gnu", "musl": "musl",
        "gnueabihf": "gnueabihf", "gnueabi": "gnueabi", "muslabi64": "musl",
        "musleabi": "musl", "musleabihf": "musl", "android": "android", "androideabi": "android",
    },
    "windows": {"gnu": "gnu", "mingw": "gnu", "mingw32": "gnu", "gnullvm": "gnu", "msvc": "msvc"},
    "macos": {},
    "freebsd": {},
}  # fmt: skip

_ENVIRONMENT_OF_MACHINE = {"armhf": "gnueabihf", "armel": "gnueabi"}
_IMPLIED_ENVIRONMENT = {"mingw32": "gnu", "mingw": "gnu", "mingw64": "gnu"}
_SYSTEM_VERSION = r"(macosx|macos|darwin|freebsd)[\d.]+"


class TargetError(Exception):
    """A spelling that names no target, with `word` the part that is wrong."""

    def __init__(self, message: str, word: str = "", known: Iterable[str] = ()) -> None:
        """Say what is wrong, and which words were possible instead of `word`."""
        super().__init__(message)
        self.word, self.known = word, tuple(known)


def normal_target(text: str) -> str:
    """Return a target pattern in abicheck's own spelling.

    Raises: TargetError.
    """
    written = text.strip().lower().replace("x86-64", "x86_64")
    machine, *rest = written.split("-")
    if not machine or "" in rest:
        raise TargetError("expected machine-system[-environment]")
    if machine == "*" and not rest:
        return "*"
    normal = _machine(machine)
    if (rest and rest[0] in VENDORS) or len(rest) == 3:  # noqa: PLR2004 (vendor-system-environment)
        rest = rest[1:]
    if not rest:
        return f"{normal}-*"
    if len(rest) > 2:  # noqa: PLR2004 (system and environment)
        raise TargetError("expected machine-system[-environment]")
    return "-".join([normal, *_system(machine, rest)])


def _is_glob(word: str) -> bool:
    return any(mark in word for mark in "*?[")


def _machine(word: str) -> str:
    if _is_glob(word):
        if any(fnmatchcase(machine, word) for machine in BITS):
            return word
        raise TargetError(f'no machine fits "{word}"', word, ())
    machine = MACHINES.get(word, word)
    if machine not in BITS:
        raise TargetError(f'no machine named "{word}"', word, {*BITS, *MACHINES})
    return machine


def _system(machine: str, rest: Sequence[str]) -> list[str]:
    word = rest[0]
    versioned = re.fullmatch(_SYSTEM_VERSION, word)
    name = versioned.group(1) if versioned else word
    system = _SYSTEMS.get(name, name)
    environment = rest[1] if len(rest) > 1 else _IMPLIED_ENVIRONMENT.get(name, "")
    if _is_glob(system):
        if not any(fnmatchcase(each, system) for each in SYSTEMS):
            raise TargetError(f'no system fits "{word}"', word)
        return [system, environment] if environment else [system]
    if system not in SYSTEMS:
        if system in {"android", "androideabi"}:  # Often written without "linux".
            return ["linux", "android"]
        raise TargetError(f'no system named "{word}"', word, {*SYSTEMS, *_SYSTEMS})
    environment = environment or (
        _ENVIRONMENT_OF_MACHINE.get(machine, "") if system == "linux" else ""
    )
    if not environment:
        return [system]
    return [system, _environment(system, environment)]


def _environment(system: str, word: str) -> str:
    known = _ENVIRONMENTS[system]
    if _is_glob(word):
        if word == "*" or any(fnmatchcase(each, word) for each in known.values()):
            return word
        raise TargetError(f'no environment of {system} fits "{word}"', word)
    if word not in known:
        if not known:
            raise TargetError(f"{system} has no environments; write machine-{system}")
        raise TargetError(f'{system} has no environment named "{word}"', word, known)
    return known[word]


def target_pattern(schema: Schema, path: KeyPath, text: str) -> str | None:
    """Return a pattern in normal spelling; None after noting that it names no target."""
    try:
        return normal_target(text)
    except TargetError as error:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes only)

        hint = did_you_mean(error.word, error.known) if error.word else ""
        example = "" if hint else '; a target is written like "x86_64-linux-gnu" or "aarch64-*"'
        schema.problem(path, f'"{text}": {error}{hint or example}')
        return None


def per_target(schema: Schema, path: KeyPath, value: object, least: int = 0) -> PerTarget | None:
    """Return a number that depends on the target: one for all, or a table by target."""
    if not isinstance(value, dict):
        number = schema.integer(path, value, least=least)
        return None if number is None else PerTarget((("*", number),))
    if not value:
        schema.problem(path, "expected at least one target, found an empty table")
    entries: dict[str, int] = {}
    for word, item in value.items():
        key = _number_key(schema, (*path, word), word)
        number = schema.integer((*path, word), item, least=least)
        if key is not None and key in entries:
            schema.problem((*path, word), f'"{word}" says again what "{key}" is')
        elif key is not None and number is not None:
            entries[key] = number
    _refuse_ties(schema, path, tuple(entries))
    return PerTarget(tuple(entries.items())) if entries else None


def _number_key(schema: Schema, path: KeyPath, word: str) -> str | None:
    if word.lower() in {*DATA_MODELS, "*"}:
        return word.lower()
    try:
        return normal_target(word)
    except TargetError as error:
        from abicheck.contract.suggest import did_you_mean  # noqa: PLC0415 (for mistakes only)

        hint = did_you_mean(word, DATA_MODELS)
        hint = hint or (did_you_mean(error.word, error.known) if error.word else "")
        wanted = f'expected "lp64", "llp64", "ilp32" or a target, found "{word}"'
        schema.problem(path, f"{wanted}{hint}")
        return None


def _refuse_ties(schema: Schema, path: KeyPath, keys: Sequence[str]) -> None:
    """Note pairs of patterns of one length that fit the same target: neither goes first."""
    patterns = [key for key in keys if key not in DATA_MODELS and key != "*"]
    for index, one in enumerate(patterns):
        for other in patterns[:index]:
            if len(one) != len(other):
                continue
            both = next(
                (each for each in all_targets() if each.fits(one) and each.fits(other)), None
            )
            if both is not None and str(both) not in {one, other}:
                schema.problem(path, f'"{other}" and "{one}" both fit {both}; say {both} by itself')
                return


def all_targets() -> Iterable[Target]:
    """Yield every target that a contract can name."""
    for machine in BITS:
        for system, environments in _ENVIRONMENTS.items():
            for environment in sorted({*environments.values()}) or [""]:
                yield Target(machine=machine, system=system, environment=environment)
