"""Exports and function-pointer fields -> methods that call them and keep what they return safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.generation.plan import ExportRecord, StructRecord, takes_back
from abicheck.generation.rust import text
from abicheck.generation.rust.types import given_way, identifier, type_name
from abicheck.model.paths import see_through
from abicheck.model.records import record
from abicheck.model.types import (
    Array,
    FunctionType,
    Named,
    Opaque,
    Pointer,
    Scalar,
    Struct,
    Void,
    spell,
)

if TYPE_CHECKING:
    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.generation.rust.types import Writer
    from abicheck.model.types import Type

ALLOWED = (
    "#[allow(dead_code, non_snake_case, clippy::must_use_candidate, clippy::similar_names, "
    "clippy::too_many_arguments, clippy::type_complexity, clippy::let_and_return, "
    "clippy::should_implement_trait)]"
)
OURS_ON_PLUGIN = frozenset({"load", "load_in_place", "load_with", "check", "clone", "fmt"})
OURS_ON_POINTER = frozenset({"new", "as_ptr", "as_c_str", "fmt", "into_raw", "drop", "deref"})


@record
class Call:
    """A function that a host calls: of what, under which name, and who takes back its result.

    `lookup` are the lines that make `found` of it; with `can_lack` they may return an error.
    """

    subject: str
    name: str
    function: FunctionType
    free: str
    about: str
    lookup: tuple[str, ...]
    can_lack: bool


class Methods:
    """Writes what a host calls."""

    def __init__(self, plan: Plan, writer: Writer) -> None:
        """Prepare to write the methods of `plan`; `writer` writes types as the host sees them."""
        self.plan, self.writer = plan, writer
        self.definitions = plan.contract.definitions
        self.exports = {each.name: each for each in plan.records if isinstance(each, ExportRecord)}

    @staticmethod
    def field(export: ExportRecord) -> str:
        """Return the field of `Loaded` that holds an exported function."""
        return f"export_{export.name}"

    def of_plugin(self) -> list[str]:
        """Return the methods for exports."""
        lines = [text.SKIP, ALLOWED, "impl Plugin {"]
        for export in self.exports.values():
            name = given_way(export.name, OURS_ON_PLUGIN)
            if isinstance(export.export.type, FunctionType):
                lines += self._function(name, export)
            else:
                lines += self._data(name, export)
            lines.append("")
        if len(lines) == 3:  # noqa: PLR2004  nothing but the opening
            return []
        return [*lines[:-1], "}"]

    def of_structs(self) -> list[str]:
        """Return the methods for function-pointer fields, by which structs are called through."""
        lines: list[str] = []
        for each in self.plan.records:
            if not isinstance(each, StructRecord) or each.struct.is_union:
                continue
            found: list[str] = []
            for field in each.fields:
                if field.name and isinstance(_function_of(field.type), FunctionType):
                    found += [*self._slot(each, field), ""]
            if found:
                opening = f"impl Pointer<ffi::{type_name(each.name)}> {{"
                lines += ["", text.SKIP, ALLOWED, opening, *found[:-1], "}"]
        return lines[1:]

    def _function(self, name: str, export: ExportRecord) -> list[str]:
        function = export.export.function
        assert function is not None
        found = f"self.loaded.{self.field(export)}"
        if export.export.is_optional or export.export.since:
            absent = f"the plugin has no {export.name}"
            found = f"{found}.ok_or(Absent({text.string(absent)}))?"
            can_lack = True
        else:
            can_lack = False
        about = f"Calls `{export.name}`: `{export.text}`"
        lookup = [f"let found = {found};"]
        call = Call(export.name, name, function, export.free, about, tuple(lookup), can_lack)
        return self._method(call)

    def _slot(self, record: StructRecord, field: FieldRecord) -> list[str]:
        written = see_through(field.field.type, self.definitions)
        assert isinstance(written, Pointer)
        function = see_through(written.to, self.definitions)
        assert isinstance(function, FunctionType)
        path = f"{record.name}.{field.name}"
        lookup = []
        if field.field.since:
            older = text.string(f"the plugin is older than {path}")
            lookup = [
                f"if self.loaded.lacking.contains(&{text.string(path)}) {{",
                f"    return Err(Absent({older}));",
                "}",
            ]
        null = text.string(f"{path} is NULL")
        place = f"(*self.as_ptr()).{identifier(field.name)}"
        lookup.append(f"let found = unsafe {{ {place} }}.ok_or(Absent({null}))?;")
        about = f"Calls the plugin's `{path}`: `{field.text}`"
        name = given_way(field.name, OURS_ON_POINTER)
        free = takes_back(field.field.free, field.field.type, self.definitions)
        return self._method(Call(path, name, function, free, about, tuple(lookup), can_lack=True))

    def _method(self, call: Call) -> list[str]:
        if call.function.is_variadic:
            return self._variadic(call)
        arguments = _argument_names(call.function)
        taken = [
            f"{argument}: {self.writer.type(parameter.type)}"
            for argument, parameter in zip(arguments, call.function.parameters, strict=True)
        ]
        is_unsafe = any(self._is_risky(each.type) for each in call.function.parameters)
        result, ending, can_fail = self._result(call)
        documented = [f"{call.about}{_given_back(call.free)}."]
        if is_unsafe:
            documented += ["", "# Safety", "", "The arguments are passed on as they are."]
        if can_fail:
            documented += ["", "# Errors", "", "There is no such function, or it returned NULL."]
        head = f"    pub {'unsafe ' * is_unsafe}fn {call.name}({', '.join(['&self', *taken])})"
        made = f"unsafe {{ found({', '.join(arguments)}) }}"
        return [
            *text.documentation(*documented, indent="    "),
            f"{head}{f' -> {result}' if result else ''} {{",
            *(f"        {each}" for each in call.lookup),
            *(f"        {each}" for each in _filled(ending, made)),
            "    }",
        ]

    def _variadic(self, call: Call) -> list[str]:
        """Return a method that gives out the function itself, since Rust passes no `...` on."""
        result = self.writer.prototype(call.function)
        errors = ["", "# Errors", "", "There is no such function."] if call.can_lack else []
        return [
            *text.documentation(
                f"{call.about.replace('Calls', 'Returns')}.", *errors, indent="    "
            ),
            f"    pub fn {call.name}(&self) -> "
            + (f"Result<{result}, Absent> {{" if call.can_lack else f"{result} {{"),
            *(f"        {each}" for each in call.lookup),
            "        Ok(found)" if call.can_lack else "        found",
            "    }",
        ]

    def _result(self, call: Call) -> tuple[str, list[str], bool]:
        """Return a method's result, what it does with the call's, and whether it can fail."""
        function, free, can_lack = call.function, call.free, call.can_lack
        result = see_through(function.result, self.definitions)
        to = see_through(result.to, self.definitions) if isinstance(result, Pointer) else None
        if to is None or isinstance(to, FunctionType) or free == "host":
            written = "" if isinstance(result, Void) else self.writer.type(result)
            if can_lack:
                end = ["{call};", "Ok(())"] if not written else ["Ok({call})"]
                return f"Result<{written or '()'}, Absent>", end, True
            return written, ["{call}" if written else "{call};"], False
        assert isinstance(result, Pointer)
        if isinstance(to, Array) and to.count is None:
            to = to.element
        pointee = self.writer.type(to)
        made = "{call}" if result.is_mutable else "{call}.cast_mut()"
        absent = text.string(f"{call.subject} returned NULL")
        taker = self.exports.get(free)
        if taker is None:
            end = [f"Pointer::new({made}, &self.loaded, {absent})"]
            return f"Result<Pointer<{pointee}>, Absent>", end, True
        end = [
            f"let result = {made};",
            *self._free(taker, to),
            f"Owned::new(result, &self.loaded, free, {absent})",
        ]
        return f"Result<Owned<{pointee}>, Absent>", end, True

    def _free(self, taker: ExportRecord, to: Type) -> list[str]:
        """Return the function that gives a pointer back."""
        function = taker.export.function
        assert function is not None
        parameter = see_through(function.parameters[0].type, self.definitions)
        assert isinstance(parameter, Pointer)
        is_same = spell(see_through(parameter.to, self.definitions)) == spell(to)
        given = "it" if is_same else "it.cast()"
        field = f"loaded.{self.field(taker)}"
        ignored = (
            "" if isinstance(see_through(function.result, self.definitions), Void) else "let _ = "
        )
        pointee = self.writer.type(to)
        if taker.export.is_optional or taker.export.since:
            body = [
                f"    if let Some(free) = {field} {{",
                f"        {ignored}unsafe {{ free({given}) }};",
                "    }",
            ]
        else:
            body = [f"    {ignored}unsafe {{ ({field})({given}) }};"]
        return [f"let free = |loaded: &Loaded, it: *mut {pointee}| {{", *body, "};"]

    def _data(self, name: str, export: ExportRecord) -> list[str]:
        type_ = export.type
        element = type_.element if isinstance(type_, Array) and type_.count is None else type_
        pointer = "*mut" if export.export.is_mutable else "*const"
        written = f"{pointer} {self.writer.type(element)}"
        return [
            *text.documentation(
                f"Returns the address of `{export.name}`: `{export.text}`.",
                "",
                "# Errors",
                "",
                "The plugin has no such data.",
                indent="    ",
            ),
            f"    pub fn {name}(&self) -> Result<{written}, Absent> {{",
            f"        let absent = Absent({text.string(f'the plugin has no {export.name}')});",
            f"        let name = {text.string(export.name)};",
            "        let found = find_unless(&self.loaded.lacking, &self.loaded.library, name);",
            "        found.ok().flatten().ok_or(absent)",
            "    }",
        ]

    def _is_risky(self, type_: Type) -> bool:
        """Whether a wrong argument of this type breaks what Rust promises: anything but numbers."""
        match see_through(type_, self.definitions):
            case Scalar(name):
                return name == "va_list"
            case Named(name):
                definition = self.definitions.get(name)
                if isinstance(definition, Struct):
                    return any(self._is_risky(each.type) for each in definition.fields)
                return isinstance(definition, Opaque)
            case Array(element):
                return self._is_risky(element)
        return True


def _function_of(type_: Type) -> Type | None:
    return type_.to if isinstance(type_, Pointer) else None


def _argument_names(function: FunctionType) -> list[str]:
    names: list[str] = []
    for index, parameter in enumerate(function.parameters):
        name = identifier(parameter.name) if parameter.name else f"argument_{index + 1}"
        while name in names or name in {"found", "result", "free", "self"}:
            name = f"{name}_{index + 1}"
        names.append(name)
    return names


def _given_back(free: str) -> str:
    if not free:
        return ""
    known = {"host": ". The host gives it back", "false": ". What it returns is borrowed"}
    return known.get(free, f". What it returns goes back to `{free}` when it is dropped")


def _filled(lines: list[str], call: str) -> list[str]:
    return [line.replace("{call}", call) for line in lines]
