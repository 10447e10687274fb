"""A case: a contract, a plugin that keeps it, and named changes with the verdicts they allow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

COMPATIBLE = frozenset({"compatible"})
INCOMPATIBLE = frozenset({"incompatible"})
UNVERIFIED = frozenset({"unverified"})
DOUBTFUL = INCOMPATIBLE | UNVERIFIED
"""The host would break, and the evidence of it may be gone: anything but `compatible`."""
HARMLESS = COMPATIBLE | UNVERIFIED
"""The host would not break, and proof may be out of reach: anything but `incompatible`."""

Allowed = frozenset[str]

C_HEAD = """\
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
"""
RUST_HEAD = """\
#![no_std]
#![allow(dead_code, improper_ctypes, improper_ctypes_definitions, internal_features)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, unused)]
use core::ffi::*;
use core::ptr::{null, null_mut};
#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! { loop {} }
"""
RUST_STD_HEAD = """\
#![allow(dead_code, improper_ctypes, improper_ctypes_definitions)]
#![allow(non_camel_case_types, non_snake_case, non_upper_case_globals, unused)]
use std::ffi::*;
use std::ptr::{null, null_mut};
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change to a case's sources and the verdicts allowed after it.

    `c`, `cpp` and `rust` are pairs of old and new text, flattened; None: not tried in that
    language. `flags` go to the compiler, `after` is a shell command on the finished
    plugin `{out}`. `stripped` is what is allowed where the types' evidence is gone;
    `contract` replaces text in the contract, pairwise. `by` overrides the verdicts for one
    compiler; `only` names the compilers tried.
    """

    name: str
    allowed: Allowed
    c: tuple[str, ...] | None = None
    cpp: tuple[str, ...] | None = None
    rust: tuple[str, ...] | None = None
    flags: str = ""
    after: str = ""
    stripped: Allowed | None = None
    contract: tuple[str, ...] = ()
    by: Mapping[str, Allowed] = field(default_factory=dict)
    only: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Case:
    """A contract and the sources of a plugin that keeps it; `c` may be several files.

    `stripped` is what the sound plugin may come to without debug information.
    `portable`: the contract holds on every target and not on 64-bit Linux alone.
    """

    name: str
    contract: str
    c: str | Mapping[str, str] = ""
    cpp: str | Mapping[str, str] = ""
    rust: str = ""
    rust_head: str = RUST_HEAD
    changes: tuple[Change, ...] = ()
    good: Allowed = COMPATIBLE
    stripped: Allowed = UNVERIFIED
    flags: str = ""
    after: str = ""
    by: Mapping[str, Allowed] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    portable: bool = False

    def all_changes(self) -> tuple[Change, ...]:
        """Return the unchanged plugin and then every change."""
        nothing = Change(
            name="good",
            allowed=self.good,
            c=() if self.c else None,
            cpp=() if self.cpp else None,
            rust=() if self.rust else None,
            stripped=self.stripped,
            by=self.by,
        )
        return (nothing, *self.changes)

    def contract_text(self, change: Change) -> str:
        """Return the contract as a file's text."""
        head = f'contract = "{self.name}"\nversion = "1.0"\nformat = 1\n'
        return head + edited({"contract": self.contract}, change.contract, self.name)["contract"]

    def sources(self, change: Change, language: str) -> dict[str, str]:
        """Return file name to text of the changed plugin in "c", "cpp" or "rust"."""
        edits = getattr(change, language)
        if language == "rust":
            return edited({"plugin.rs": self.rust_head + self.rust}, edits, change.name)
        written = getattr(self, language)
        files = {f"plugin.{language}": written} if isinstance(written, str) else written
        headed = {
            name: text if name.endswith((".map", ".s")) else C_HEAD + text
            for name, text in files.items()
        }
        return edited(headed, edits, change.name)

    def allowed(self, change: Change, compiler: str, *, has_types: bool) -> Allowed:
        """Return the verdicts allowed, with the types' evidence or without it."""
        allowed = change.by.get(compiler, change.allowed)
        if has_types:
            return allowed
        if change.stripped is not None:
            return change.stripped
        return self.stripped if "compatible" in allowed else DOUBTFUL


def edited(files: Mapping[str, str], edits: tuple[str, ...], name: str) -> dict[str, str]:
    """Return the files with every edit made; each must find its text somewhere."""
    changed = dict(files)
    for old, new in zip(edits[::2], edits[1::2], strict=True):
        hits = [file for file, text in changed.items() if old in text]
        assert hits, f"{name}: {old!r} is nowhere in the source"
        for file in hits:
            changed[file] = changed[file].replace(old, new)
    return changed


def ok(name: str, **rest: object) -> Change:
    """Return a change that no host would notice."""
    return Change(name=name, allowed=COMPATIBLE, **rest)  # type: ignore[arg-type]


def bad(name: str, **rest: object) -> Change:
    """Return a change that breaks a host and shows in the types."""
    return Change(name=name, allowed=INCOMPATIBLE, **rest)  # type: ignore[arg-type]


def seen(name: str, **rest: object) -> Change:
    """Return a change that breaks a host and shows even without debug information."""
    return Change(name=name, allowed=INCOMPATIBLE, stripped=INCOMPATIBLE, **rest)  # type: ignore[arg-type]


def doubtful(name: str, **rest: object) -> Change:
    """Return a change that breaks a host and may be impossible to see."""
    return Change(name=name, allowed=DOUBTFUL, **rest)  # type: ignore[arg-type]


def harmless(name: str, **rest: object) -> Change:
    """Return a change that breaks no host and may be impossible to prove."""
    return Change(name=name, allowed=HARMLESS, **rest)  # type: ignore[arg-type]


def unseen(name: str, **rest: object) -> Change:
    """Return a change that takes the evidence away."""
    return Change(name=name, allowed=UNVERIFIED, **rest)  # type: ignore[arg-type]
