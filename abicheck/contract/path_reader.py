"""The paths of one contract: parsed, and held to its exports and types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from abicheck.contract.expressions import ExpressionError
from abicheck.contract.natures import INTEGER, nature_of
from abicheck.contract.schema import described
from abicheck.contract.tag_paths import parse_path
from abicheck.model.contract import EachStep, Path
from abicheck.model.types import spell

if TYPE_CHECKING:
    from abicheck.contract.definitions import Definitions
    from abicheck.contract.positions import KeyPath
    from abicheck.contract.tag_paths import Roots
    from abicheck.model.types import Type


class PathReader:
    """Reads paths, and notes those that lead nowhere."""

    def __init__(self, definitions: Definitions, roots: Roots) -> None:
        """Keep the types and exports that paths lead through."""
        self.definitions = definitions
        self.types = definitions.found
        self.schema = definitions.schema
        self.roots = roots

    def path(self, path: KeyPath, text: object) -> Path | None:
        """Parse a path; note what is wrong with it."""
        if not isinstance(text, str):
            self.schema.problem(path, f"expected a path in quotes, found {described(text)}")
            return None
        try:
            return parse_path(text)
        except ExpressionError as error:
            if self.schema.is_open(text):
                return Path(text=text, root=text)
            self.schema.problem(path, str(error))
            return None

    def final_type(self, path: KeyPath, where: Path, section_type: Type | None) -> Type | None:
        """Return the type that a path ends at; None after noting that it leads nowhere."""
        if where.sections and section_type is None:
            return None
        if where.root in self.schema.left_out | self.schema.pending:
            return None
        if self.schema.is_open(where.text):
            if any(self.schema.is_open(getattr(step, "name", "")) for step in where.steps):
                return None
            if self.roots.exports.get(where.root) is None:
                return None
        try:
            return self.roots.type_of(where, section_type)
        except ExpressionError as error:
            self.schema.problem(path, str(error))
            return None

    def integer_path(self, path: KeyPath, where: Path, what: str) -> None:
        """Note a path that does not lead to one integer."""
        if where.sections:
            self.schema.problem(path, f"{what} is read from an export, not from a section")
            return
        if count_each(where):
            self.schema.problem(path, f'{what} is one value; "[]" reads many')
        final = self.final_type(path, where, None)
        if final is not None and nature_of(final, self.types).kind != INTEGER:
            message = f'{what} is an integer; the path leads to "{spell(final)}"'
            self.schema.problem(path, message)


def count_each(path: Path) -> int:
    """Return how often a path reads every element."""
    return sum(isinstance(step, EachStep) for step in path.steps)
