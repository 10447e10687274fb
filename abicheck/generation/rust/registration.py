"""Exports -> `greeter_plugin!`, which binds each to its prototype and places the descriptor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from abicheck.generation.plan import ExportRecord
from abicheck.generation.rust.descriptor import export_type
from abicheck.generation.rust.types import identifier
from abicheck.generation.versions import stated_version

if TYPE_CHECKING:
    from abicheck.generation.plan import Plan


def registration(plan: Plan, name: str) -> list[str]:
    """Return the macro that a plugin writes once, where its exports are in scope."""
    exports = [each for each in plan.records if isinstance(each, ExportRecord)]
    version = stated_version(plan.contract)
    ours = version[0] if version else ""
    required = [each for each in exports if not each.export.is_optional and each.name != ours]
    optional = [each for each in exports if each.export.is_optional and each.name != ours]
    macro = f"{name}_plugin"
    return [
        *_documentation(plan, name, optional),
        "#[rustfmt::skip]",
        f"macro_rules! {macro} {{",
        *_optional_rules(optional, name),
        f"    ({'$($optional:ident),* $(,)?' if optional else ''}) => {{",
        *(f"        {line}" for each in required for line in _bound(each, name)),
        *(
            f"        {line}"
            for each in exports
            if each.name == ours
            for line in _version(each, version, name)
        ),
        *([f"        $({macro}!(@optional $optional);)*"] if optional else []),
        *_descriptor(name, "$(stringify!($optional)),*" if optional else ""),
        "    };",
        "}",
        "#[allow(unused_imports)]",
        f"pub(crate) use {macro};",
    ]


def _documentation(plan: Plan, name: str, optional: list[ExportRecord]) -> list[str]:
    first = ", ".join(each.name for each in optional[:1])
    lines = [
        f"Makes this crate a plugin of the contract `{plan.contract.name}`.",
        "",
        "Write it once, in the module of the exported functions, behind a `use` of all that is",
        f"here: `{name}_plugin!({first});`. A function whose type is not the contract's, such as",
        'one that is not `extern "C"`, does not compile.',
    ]
    if optional:
        names = ", ".join(f"`{each.name}`" for each in optional)
        lines += ["", f"Optional exports are named if the plugin has them: {names}."]
    version = stated_version(plan.contract)
    if version:
        lines += ["", f"It defines `{version[0]}`, too: the version of the contract."]
    for skipped, reason in plan.skipped:
        lines += ["", f"Not checked here: `{skipped}`, since {reason}."]
    return [f"/// {line}".rstrip() for line in lines]


def _optional_rules(optional: list[ExportRecord], name: str) -> list[str]:
    lines = []
    for each in optional:
        lines += [f"    (@optional {identifier(each.name)}) => {{"]
        lines += [f"        {line}" for line in _bound(each, name)]
        lines += ["    };"]
    return lines


def _bound(record: ExportRecord, name: str) -> list[str]:
    """Return what compiles only if an export has the contract's type."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", record.name):
        return []
    type_ = f"abicheck_{name}::{export_type(record.name)}"
    export = identifier(record.name)
    if not record.is_data:
        return [f"const _: {type_} = {export};"]
    pointer = "mut" if record.export.is_mutable else "const"
    return [
        "const _: unsafe fn() = || {",
        f"    let _: *const {type_} = &raw {pointer} {export};",
        "};",
    ]


def _version(record: ExportRecord, version: tuple[str, int] | None, name: str) -> list[str]:
    """Return the definition of the constant that states the interface version."""
    assert version
    mutable = "mut " if record.export.is_mutable else ""
    type_ = f"abicheck_{name}::{export_type(record.name)}"
    return [
        "/// The version of the contract that this plugin keeps, for its host.",
        "#[unsafe(no_mangle)]",
        f"pub static {mutable}{identifier(record.name)}: {type_} = {version[1]:#x};",
    ]


def _descriptor(name: str, bound: str) -> list[str]:
    """Return the static that the linker keeps: a note, or on Windows an exported symbol."""
    return [
        "        /// What `abicheck verify` reads of this build.",
        "        #[used]",
        '        #[cfg_attr(target_vendor = "apple", unsafe(link_section = "__TEXT,__abicheck"))]',
        '        #[cfg_attr(windows, unsafe(link_section = ".abichk"))]',
        f'        #[cfg_attr(windows, unsafe(export_name = "abicheck_descriptor_{name}"))]',
        "        #[cfg_attr(",
        '            not(any(windows, target_vendor = "apple", target_family = "wasm")),',
        '            unsafe(link_section = ".note.abicheck")',
        "        )]",
        f"        pub static ABICHECK_DESCRIPTOR_{name.upper()}: abicheck_{name}::Descriptor =",
        f"            abicheck_{name}::descriptor(&[{bound}]);",
    ]
