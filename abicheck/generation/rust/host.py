"""Contract -> `greeter_host.rs`: checks a plugin's file, loads it by `libloading`, offers it typed.

The module is complete in itself: it has the contract's types in `ffi`, written for one who
cannot rely on the other side's pointers, and the host's own descriptor, made of the same
records as that of the plugins, to compare theirs with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.files import GeneratedFile
from abicheck.generation.names import file_stem
from abicheck.generation.plan import ExportRecord, make_plan
from abicheck.generation.rust import text
from abicheck.generation.rust.assertions import assertions
from abicheck.generation.rust.definitions import Definitions
from abicheck.generation.rust.descriptor import Descriptor, export_type
from abicheck.generation.rust.methods import Methods
from abicheck.generation.rust.module import (
    first_lines,
    hidden_module,
    imports,
    machinery,
    name_of,
    raise_for,
    tidy,
)
from abicheck.generation.rust.tags import tag_rows
from abicheck.generation.rust.targets import targets_of
from abicheck.generation.rust.types import Writer
from abicheck.model.growth import filled_by_plugins, first_versions, fixed_structs
from abicheck.model.types import Enum, FunctionType, Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.model.contract import Contract, Export
    from abicheck.model.types import EnumValue, Field

LINTS = [
    "clippy::cast_possible_wrap", "clippy::cast_possible_truncation", "clippy::cast_sign_loss",
]  # fmt: skip


def generate(contract: Contract) -> tuple[GeneratedFile, ...]:
    """Return the module that a host in Rust includes.

    Raises:
        GenerationError: Rust cannot express the contract.

    """
    return (GeneratedFile(f"{file_stem(contract.name)}_host.rs", _Host(contract).text()),)


class _Host:
    """Puts the parts of one module together."""

    def __init__(self, contract: Contract) -> None:
        self.contract, self.plan = contract, make_plan(contract)
        self.writer = Writer(contract, may_lie=True)
        self.outside = Writer(contract, may_lie=True, prefix="ffi::")
        self.exports = [each for each in self.plan.records if isinstance(each, ExportRecord)]

    def text(self) -> str:
        types = self._types()
        rows, unread = tag_rows(self.contract, self.outside)
        methods = Methods(self.plan, self.outside)
        offered = [*methods.of_plugin(), "", *methods.of_structs()]
        lines = [
            *first_lines(self.contract, self._about(unread), host=True),
            *imports(offered),
            "",
            *types,
            "",
            *self._constants(rows),
            "",
            *self._plugin(),
            "",
            *offered,
            "",
            *machinery("guard.rs").splitlines(),
            "",
            *machinery("comparison.rs").splitlines(),
            "",
            *machinery("image.rs").splitlines(),
        ]
        raise_for(self.writer)
        return tidy(lines)

    def _about(self, unread: list[str]) -> list[str]:
        stem, name = file_stem(self.contract.name), name_of(self.contract)
        module = f"{name}_host"
        path = [] if module == f"{stem}_host" else [f'#[path = "{stem}_host.rs"]']
        lines = [
            "A host takes this file as a module, with `libloading` among its dependencies:",
            "",
            *(f"    {line}" for line in [*path, f"mod {module};"]),
            f"    let plugin = {module}::Plugin::load(path)?;",
            "",
            "The plugin's file is read first, and nothing of it runs unless its descriptor, its",
            "exports and its tags are what this contract demands.",
        ]
        left = [*unread, *self._unchecked()]
        if left:
            lines += ["", "Not checked here, but by `abicheck verify`:", ""]
            lines += [f"  - {each}" for each in left]
        return [*lines, ""]

    def _unchecked(self) -> Iterator[str]:
        contract = self.contract
        for name, reason in self.plan.skipped:
            if reason != "the contract forbids it":
                yield f"{name}: {reason}."
        if contract.choices:
            yield "[[choices]]."
        if contract.plugin.has_exact_exports:
            yield "exports that the contract does not name."
        if any(each.symbol_version for each in contract.exports):
            yield "symbol versions of exports."
        platform = contract.platform
        if platform.versions_at_most or platform.needed_allow or platform.needed_deny:
            yield "what [platform] says of the libraries that the plugin needs."
        if contract.imports:
            yield "[imports]."

    def _types(self) -> list[str]:
        targets = targets_of(self.contract)
        definitions = Definitions(self.writer, targets)
        items = definitions.lines()
        hidden = hidden_module(self.plan, self.writer, Descriptor(self.plan, definitions))
        body = [*imports(items), *items, "", *assertions(self.contract, targets), "", *hidden]
        return [
            "/// The contract's types, bare: any pointer may be NULL.",
            "#[rustfmt::skip]",
            "pub mod ffi {",
            *(f"    {line}".rstrip() for line in tidy(body).splitlines()),
            "}",
        ]

    def _constants(self, tags: list[str]) -> list[str]:
        module = f"ffi::abicheck_{name_of(self.contract)}"
        optional = [text.string(each.name) for each in self.exports if each.export.is_optional]
        return [
            f"const CONTRACT: &str = {text.string(self.contract.name)};",
            f"const VERSION: &str = {text.string(self.contract.version)};",
            "",
            "/// This host's own descriptor, with the note's header and padding.",
            text.SKIP,
            f"static EXPECTED: [u8; {module}::LENGTH] =",
            f"    {module}::descriptor(&[{', '.join(optional)}]).0;",
            text.SKIP,
            f"const DESCRIBED: usize = {module}::DESCRIBED;",
            "",
            text.SKIP,
            "const TERMS: descriptor::Terms = descriptor::Terms {",
            f"    since: &[{', '.join(self._since())}],",
            f"    growing: &[{', '.join(self._growing())}],",
            f"    closed: &[{', '.join(self._closed())}],",
            f"    exact: &[{', '.join(self._exact())}],",
            f"    optional: &[{', '.join(optional)}],",
            "};",
            "",
            text.SKIP,
            "const WANTED: &[Wanted] = &[",
            *(f"    {self._wanted(each)}," for each in self.contract.exports if _has_name(each)),
            "];",
            "",
            text.SKIP,
            *text.attribute("allow", LINTS),
            *(
                ["const TAGS: &[Tag] = &[", *(f"    {row}" for row in tags), "];"]
                if tags
                else ["const TAGS: &[Tag] = &[];"]
            ),
        ]

    def _since(self) -> Iterator[str]:
        fixed = fixed_structs(self.contract)
        for name, since in first_versions(self.contract).items():
            yield f"({text.string(f'type {name}')}, {text.string(since)})"
        for definition in self.contract.definitions.values():
            members: tuple[Field | EnumValue, ...] = ()
            if isinstance(definition, Struct) and definition.name not in fixed:
                members = definition.fields
            elif isinstance(definition, Enum):
                members = definition.values
            for member in members:
                if member.since:
                    path = f"{definition.name}.{member.name}"
                    yield f"({text.string(path)}, {text.string(member.since)})"
        for export in self.contract.exports:
            if export.since:
                yield f"({text.string(export.name)}, {text.string(export.since)})"

    def _exact(self) -> Iterator[str]:
        for each in self.contract.definitions.values():
            if isinstance(each, Struct | Enum) and each.has_exact_names:
                yield text.string(each.name)

    def _growing(self) -> Iterator[str]:
        produced = filled_by_plugins(self.contract) - fixed_structs(self.contract).keys()
        for definition in self.contract.definitions.values():
            if isinstance(definition, Struct) and definition.name in produced:
                yield f"({text.string(definition.name)}, {_truth(definition.size_field)})"

    def _closed(self) -> Iterator[str]:
        for definition in self.contract.definitions.values():
            if isinstance(definition, Enum) and definition.is_closed:
                yield text.string(definition.name)

    def _wanted(self, export: Export) -> str:
        described = any(each.name == export.name for each in self.exports)
        fields = {
            "name": text.string(export.name),
            "is_data": _truth(export.is_data),
            "is_optional": _truth(export.is_optional),
            "is_described": _truth(described),
            "is_forbidden": _truth(export.is_forbidden),
        }
        return f"Wanted {{ {', '.join(f'{key}: {value}' for key, value in fields.items())} }}"

    def _plugin(self) -> list[str]:
        module = f"ffi::abicheck_{name_of(self.contract)}"
        functions = [each for each in self.exports if isinstance(each.type, FunctionType)]
        fields, found = [], []
        for each in functions:
            field, type_ = Methods.field(each), f"{module}::{export_type(each.name)}"
            name = text.string(each.name)
            if each.export.is_optional or each.export.since:
                fields.append(f"{field}: Option<{type_}>,")
                found.append(f"{field}: find_unless(&lacking, &library, {name})?,")
            else:
                fields.append(f"{field}: {type_},")
                found.append(f"{field}: find(&library, {name})?,")
        return [
            f"/// A loaded plugin that keeps the contract `{self.contract.name}`.",
            "///",
            "/// The library stays loaded as long as this or anything that came from it exists.",
            "#[allow(dead_code)]",
            "#[derive(Clone)]",
            "pub struct Plugin {",
            "    loaded: std::sync::Arc<Loaded>,",
            "}",
            "",
            "impl std::fmt::Debug for Plugin {",
            "    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {",
            '        formatter.debug_struct("Plugin").finish_non_exhaustive()',
            "    }",
            "}",
            "",
            "/// The library and its exported functions.",
            text.SKIP,
            "#[allow(dead_code, non_snake_case, clippy::struct_field_names)]",
            "struct Loaded {",
            *(f"    {each}" for each in fields),
            "    lacking: Vec<&'static str>,",
            "    library: Opened,",
            "}",
            "",
            text.SKIP,
            "#[allow(clippy::unnecessary_wraps)]",
            "impl Loaded {",
            "    fn new(",
            "        library: Opened,",
            "        lacking: Vec<&'static str>,",
            "    ) -> Result<Self, Reason> {",
            f"        Ok(Self {{ {' '.join([*found, 'lacking, library'])} }})",
            "    }",
            "}",
        ]


def _has_name(export: Export) -> bool:
    return "{" not in export.name and not export.is_glob


def _truth(value: object) -> str:
    return "true" if value else "false"
