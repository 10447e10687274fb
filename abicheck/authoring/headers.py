"""A C header -> a drafted contract, by what a compiler's debug information says of it."""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from abicheck.authoring.compilers import compile_header
from abicheck.authoring.draft import (
    FIRST_VERSION,
    AuthoringError,
    Draft,
    DraftedExport,
    assumptions,
    chosen_names,
)
from abicheck.authoring.fitting import fit
from abicheck.authoring.foreign import is_of_library
from abicheck.authoring.members import UntranslatableError
from abicheck.authoring.ownership import ask_who_frees
from abicheck.authoring.translate import Translator
from abicheck.evidence import read_plugin
from abicheck.layout import facts_for
from abicheck.model.evidence import Observed
from abicheck.model.layout import EnumLayout, FunctionLayout, PointerLayout, StructLayout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from abicheck.authoring.compilers import Declared
    from abicheck.authoring.draft import Wishes
    from abicheck.model.evidence import Evidence
    from abicheck.model.layout import TypeId


def draft_header(
    header: str, wishes: Wishes, *, flags: Sequence[str] = (), compiler: str | None = None
) -> Draft:
    """Return the contract of what a header declares: its functions, data and types.

    Raises: AuthoringError if it declares nothing, UnsupportedError if it cannot be compiled.
    """
    with TemporaryDirectory(prefix="abicheck-") as directory:
        declared = compile_header(header, directory, flags=flags, compiler=compiler)
        evidence = read_plugin(declared.library)[0]
        return _Reader(header, evidence, declared, wishes).draft()


class _Reader:
    def __init__(self, header: str, evidence: Evidence, declared: Declared, wishes: Wishes) -> None:
        self.header, self.evidence = header, evidence
        self.declared, self.wishes = declared, wishes
        self.translator = Translator(evidence.types, facts_for(evidence.target))

    def draft(self) -> Draft:
        names = list(self.declared.values)
        if self.wishes.exports:
            names = list(chosen_names(self.header, names, self.wishes.exports))
        exports = tuple(each for name in sorted(names) if (each := self._export(name)) is not None)
        self._types()
        self.translator.finish()
        fit(self.translator, self.evidence.target)
        if not exports and not self.translator.known.definitions:
            raise AuthoringError(f"{self.header}: it declares no functions, data or types")
        source = f"{os.path.basename(self.header)}, compiled by {self.declared.compiler}"
        return Draft(
            name=self.wishes.name or "",
            version=self.wishes.version or FIRST_VERSION,
            notes=(
                f"Drafted by `abicheck init` from {source} ({self.evidence.target}).",
                *assumptions(self.translator),
            ),
            exports=ask_who_frees(exports),
            left_out=(),
            definitions=self.translator.known.definitions,
            comments=self.translator.known.comments,
            targets=self.wishes.targets or (),
        )

    def _target(self, symbol_name: str) -> tuple[TypeId, TypeId] | None:
        """Return the type of a pointer in the compiled library, and of what it points to."""
        symbol = self.evidence.find_export(symbol_name)
        answer = None if symbol is None else self.evidence.types.variable(symbol)
        if not isinstance(answer, Observed):
            return None
        layout = self.evidence.types.layout(answer.value)
        if not isinstance(layout, PointerLayout) or layout.target is None:
            return None
        return answer.value, layout.target

    def _export(self, name: str) -> DraftedExport | None:
        found = self._target(self.declared.values[name])
        if found is None:
            return None
        pointer, target = found
        layout = self.evidence.types.layout(target)
        is_data = not isinstance(layout, FunctionLayout)
        if self.wishes.is_exports_only:
            return DraftedExport(name=name, is_data=is_data)
        try:
            if isinstance(layout, FunctionLayout):
                type_ = self.translator.function(layout)
                return DraftedExport(name=name, is_data=False, type=type_)
            is_mutable = self.translator.known.wording(pointer).is_mutable is not False
            held = self.translator.spell(target, name)
            return DraftedExport(name=name, is_data=True, type=held, is_mutable=is_mutable)
        except UntranslatableError as error:
            reason = f"Its type is left out: {error}."
            return DraftedExport(name=name, is_data=is_data, comment=reason)

    def _types(self) -> None:
        """Define the types of the header; with `--export`, only those that are asked for."""
        if self.wishes.is_exports_only:
            return
        for name, symbol in self.declared.types.items():
            leaf = name.rpartition(" ")[2]
            if self.wishes.exports and leaf not in self.wishes.types:
                continue
            found = self._target(symbol)
            if found is not None:
                try:
                    self._define(found[1])
                except UntranslatableError as error:
                    raise AuthoringError(f"{self.header}: {name}: {error}") from None
        known = {name.rpartition(" ")[2] for name in self.declared.types}
        for wish in self.wishes.types:
            if wish not in known:
                raise AuthoringError(f"{self.header}: it declares no type named {wish!r}")

    def _define(self, type_id: TypeId) -> None:
        layout = self.evidence.types.layout(type_id)
        if is_of_library(getattr(layout, "name", ""), self.translator.known.wording(type_id)):
            return
        if isinstance(layout, StructLayout) and layout.fields:
            self.translator.define(type_id, layout)
        elif isinstance(layout, EnumLayout):
            self.translator.spell(type_id)
