"""Calling conventions by their Rust names: which of them are the same on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from abicheck.model.target import Target


def canonical_convention(name: str, target: Target) -> str:
    """Return the convention that `name` means on a target.

    Outside 32-bit x86 compilers give `stdcall` and its like the platform's C
    convention; "system" is `stdcall` on 32-bit Windows and C elsewhere.

    Source: The Rust Reference, "External blocks", section "ABI".
    """
    if name in {"cdecl", "C"}:
        return "C"
    is_windows = target.system == "windows"
    if name == "system":
        return "stdcall" if is_windows and target.machine == "i386" else "C"
    if name in {"stdcall", "fastcall", "thiscall"} and target.machine != "i386":
        return "C"
    if target.machine == "x86_64" and name == ("win64" if is_windows else "sysv64"):
        return "C"
    if name == "efiapi":
        return {"x86_64": "C" if is_windows else "win64"}.get(target.machine, "C")
    return name
