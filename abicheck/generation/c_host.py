"""Contract -> a guard for hosts in C and C++: it refuses a plugin before any of it runs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from abicheck import __version__
from abicheck.errors import GenerationError
from abicheck.generation.c_definitions import ownership, sentence
from abicheck.generation.c_host_tables import exports_table, rules_table
from abicheck.generation.c_host_tags import readable_tags, tag_function
from abicheck.generation.c_names import Names
from abicheck.generation.c_types import convention, declare
from abicheck.generation.files import MARK, GeneratedFile
from abicheck.generation.head import head
from abicheck.generation.names import file_stem
from abicheck.generation.plan import ExportRecord, StructRecord, make_plan
from abicheck.model.types import FunctionType, Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from abicheck.generation.plan import FieldRecord, Plan
    from abicheck.model.contract import Contract
    from abicheck.model.types import Type

TEMPLATE = os.path.join(os.path.dirname(__file__), "guard.h")
SHARED = os.path.join(os.path.dirname(__file__), "guard_shared.h")
SHARED_NAME = "abicheck_guard.h"
SHARED_HEAD = f"""\
/*
 * {MARK} {__version__} for the guards of all contracts; it is the same for each.
 * Changes made here are lost; it is written again beside a guard:
 *
 *     abicheck generate c CONTRACT --host
 *
 * It finds a descriptor and exports in the file of a plugin, which it only reads, and compares
 * records of descriptors. For the implementation of each NAME_host.h, which includes it.
 */
"""
USE = """\
    #define @CAPS_HOST_IMPLEMENTATION      (in one source file, before any other #include)
    #include "@FILE_STEM_host.h"

    @NAME_plugin plugin;
    char message[400];
    if (!@NAME_plugin_load(path, &plugin, message, sizeof message))
        fprintf(stderr, "%s\\n", message);

Before a byte of it runs, the plugin's file was found to state every layout and prototype as this
host was compiled with; in ELF files, also to have the exports and tags, which are looked up after
loading elsewhere. On Linux the bytes loaded are a sealed copy of those checked; on Windows
nobody can write to the file meanwhile; elsewhere, and with @CAPS_LOAD_BY_PATH defined (for
plugins that find files by their own path), it could be replaced in between.
Not checked: what only `abicheck verify` reads, and whether the plugin tells the truth."""

FUNCTIONS = """\
/* Whether a file is a plugin that fits: 1; or 0, and why not in `message`. Runs nothing of it. */
int @NAME_plugin_check(const char *path, char *message, size_t message_size);
/* Check and load: 1; or 0, an empty `plugin`, and why in `message`. Runs its constructors. */
int @NAME_plugin_load(const char *path, @NAME_plugin *plugin, char *message, size_t message_size);
/* Unload. Nothing that came from the plugin may be used any more, nor be running. */
void @NAME_plugin_unload(@NAME_plugin *plugin);"""


def generate(contract: Contract) -> tuple[GeneratedFile, ...]:
    """Return the guard of a contract, and the header that the guards of all contracts share.

    The guard includes both the contract's header and the shared one.

    Raises: GenerationError if C cannot express the contract.
    """
    guard = _Guard(contract)
    text = guard.filled("\n".join(guard.lines()) + "\n")
    with open(SHARED, encoding="utf-8") as file:
        shared = GeneratedFile(SHARED_NAME, SHARED_HEAD + file.read())
    return GeneratedFile(f"{file_stem(contract.name)}_host.h", text), shared


class _Guard:
    """Puts the parts of one guard together."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self.names = Names(contract)
        self.plan: Plan = make_plan(contract)
        self.exports = {
            each.name: each for each in self.plan.records if isinstance(each, ExportRecord)
        }
        if not self.exports:
            skipped = [f"exports.{name}: {reason}" for name, reason in self.plan.skipped]
            raise GenerationError(["a guard needs an export to look up", *skipped])

    def filled(self, text: str) -> str:
        """Return a part of the guard with this contract's names in it."""
        for mark, name in (
            ("@NAME_", f"{self.names.stem}_"),
            ("@CAPS_", f"{self.names.prefix}_"),
            ("@FILE_STEM", file_stem(self.contract.name)),
        ):
            text = text.replace(mark, name)
        return text

    def lines(self) -> Iterator[str]:
        """Yield every line."""
        tags, unread = readable_tags(self.contract, self.exports)
        lines = [*head(self.contract, "c", host=True), "", *USE.splitlines()]
        if unread:
            lines += [f"Nor these tags, which it does not read: {', '.join(unread)}."]
        yield from ("/*", *(f" * {line}".rstrip() for line in lines), " */")
        yield "#if !defined(@CAPS_HOST_H)\n#define @CAPS_HOST_H"
        yield "#if defined(@CAPS_HOST_IMPLEMENTATION) && !defined(_WIN32) && !defined(_GNU_SOURCE)"
        yield "#define _GNU_SOURCE /* for dladdr and memfd_create */\n#endif"
        yield "#include <stddef.h>\n#include <stdint.h>"
        yield "#if !defined(@CAPS_WITHOUT_EXPORTS)"
        yield "#define @CAPS_WITHOUT_EXPORTS /* A host's own functions may have their names. */"
        yield '#endif\n#include "@FILE_STEM.h"\n#if defined(__cplusplus)\nextern "C" {\n#endif\n'
        yield from self._plugin()
        yield FUNCTIONS
        yield from self._frees()
        yield "#if defined(__cplusplus)\n}\n#endif\n#endif\n"
        yield "#if defined(@CAPS_HOST_IMPLEMENTATION) && !defined(@CAPS_HOST_IMPLEMENTED)"
        yield "#define @CAPS_HOST_IMPLEMENTED"
        yield from self._implementation(tag_function(tags, self.exports))

    def _plugin(self) -> Iterator[str]:
        yield "/* A plugin that fits, loaded: its exports, NULL for optional ones that it lacks. */"
        yield "typedef struct @NAME_plugin {"
        for each in self.exports.values():
            free: str | bool | None = False if each.free == "false" else each.free or None
            said = ownership(free)
            if each.name in self._returning():
                said += f": {self._free_name(each.name)}"
            yield f"    {self._slot(each)};{f' /* {sentence(said)} */' if said else ''}"
        yield "    void *guard_library, *guard_file; /* the guard's own */"
        yield "} @NAME_plugin;\n"

    def _slot(self, each: ExportRecord) -> str:
        if isinstance(each.type, FunctionType):
            mark = convention(each.type.convention, self.names)
            return declare(each.type, f"({mark}*{each.name})", self.names)
        return declare(Pointer(each.type, each.export.is_mutable), each.name, self.names)

    def _free_name(self, what: str) -> str:
        name = f"{self.names.stem}_free_{what}"
        while name in self.exports:
            name += "_"
        return name

    def _returning(self) -> dict[str, tuple[str, Type, str]]:
        """Return what hands out owned pointers: in words, the pointer's type, what frees it."""
        found = {
            each.name: (f"{each.name}()", each.type.result, each.free)
            for each in self.exports.values()
            if isinstance(each.type, FunctionType) and self._frees_one(each.type, each.free)
        }
        for each in self.plan.records:
            for field in each.fields if isinstance(each, StructRecord) else ():
                function = _function(field)
                if function is not None and field.name and self._frees_one(function, field.free):
                    what = f"{each.name}_{field.name}"
                    found[what] = (f"{each.name}.{field.name}()", function.result, field.free)
        return found

    def _frees_one(self, function: FunctionType, free: str) -> bool:
        """Whether a pointer is returned that one function with one parameter takes back."""
        taker = self.exports.get(free)
        return (
            isinstance(function.result, Pointer)
            and taker is not None
            and isinstance(taker.type, FunctionType)
            and len(taker.type.parameters) == 1
        )

    def _frees(self) -> Iterator[str]:
        for what, (said, result, free) in self._returning().items():
            taker = self.exports[free].type
            assert isinstance(taker, FunctionType)
            wanted = taker.parameters[0].type
            cast = "" if wanted == result else f"({declare(wanted, '', self.names)})"
            pointer = declare(Pointer(result, is_mutable=True), "result", self.names)
            name = self._free_name(what)
            yield f"\n/* Give back what {said} returned: once, since the pointer becomes NULL. */"
            yield f"static inline void {name}(const @NAME_plugin *plugin, {pointer})\n{{"
            yield f"    if (*result)\n        plugin->{free}({cast}*result);"
            yield "    *result = NULL;\n}"

    def _implementation(self, tags: str) -> Iterator[str]:
        with open(TEMPLATE, encoding="utf-8") as file:
            text = file.read().partition("\n")[2]
        quoted = self.contract.name.replace("\\", "\\\\").replace('"', '\\"')
        rules = rules_table(self.plan)
        text = _chosen(text, "RULES", is_wanted=bool(rules))
        tables = "\n".join([exports_table(self.exports, tags), *([rules] if rules else []), ""])
        text = text.replace("/*TABLES*/\n", tables).replace("/*TAGS*/\n", f"{tags}\n")
        yield text.replace("@CONTRACT", quoted).rstrip("\n")


def _chosen(text: str, name: str, *, is_wanted: bool) -> str:
    """Return the template with what stands after a condition's IF, or else after its ELSE."""
    before, _, rest = text.partition(f"/*IF {name}*/\n")
    inside, _, after = rest.partition("/*END*/\n")
    wanted, _, otherwise = inside.partition("/*ELSE*/\n")
    return before + (wanted if is_wanted else otherwise) + after


def _function(field: FieldRecord) -> FunctionType | None:
    """Return the prototype of a field that is a function pointer."""
    type_ = field.type
    if isinstance(type_, Pointer) and isinstance(type_.to, FunctionType):
        return type_.to
    return None
