"""Contract: what a host demands of a plugin, parsed and checked."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from abicheck.model.types import Definition, FunctionType, Type

REQUIRED, WHEN_PRESENT = "required", "when-present"


@record
class EvidencePolicy:
    """`[evidence]`: what a host insists on seeing; each "required" or "when-present"."""

    layout: str = REQUIRED
    signatures: str = REQUIRED
    tags: str = REQUIRED
    conventions: str = WHEN_PRESENT
    data: str = WHEN_PRESENT


@record
class Export:
    """A symbol that the plugin must offer (or, if `is_forbidden`, must not).

    `is_data` is False for functions; `type` is None where the contract writes
    "fn" or "static" alone, and `is_data` is None where it states neither.
    `is_mutable` is True for `static mut`: the data must be writable.
    `size` and `size_at_least` are explicit claims on the size of data, in bytes.
    `name` may be a glob (`is_glob`): at least one symbol must match. `written` is the
    name as the contract writes it, where parameters are part of it: "{plugin}_module".
    """

    name: str
    line: int
    type: Type | None = None
    is_data: bool | None = False
    is_mutable: bool = False
    is_optional: bool = False
    is_forbidden: bool = False
    is_glob: bool = False
    since: str | None = None
    symbol_version: str | None = None
    allows_ifunc: bool = False
    allows_forwarder: bool = False
    size: int | None = None
    size_at_least: int | None = None
    free: str | bool | None = None
    evidence: str | None = None
    written: str | None = None

    @property
    def function(self) -> FunctionType | None:
        """The prototype, if this is a function that states one."""
        return self.type if self.is_data is False else None  # type: ignore[return-value]


# Steps of a path, in the order they are taken from the root.


@record
class FieldStep:
    """`.name`: a field; pointers on the way are followed."""

    name: str


@record
class IndexStep:
    """`[index]`: one element of an array, or of what a pointer points to."""

    index: int


@record
class EachStep:
    """`[]`: every element, as far as the tag's `until` goes."""


@record
class CallStep:
    """`()`: the result of a call, which only the loader can make."""


Step = FieldStep | IndexStep | EachStep | CallStep


@record
class Path:
    """Where a tag is read: an export and the steps from it.

    `text` is the path as written. `is_dereferenced` is True for `*path`: the value
    that the final pointer points to. For `section(...)`, `sections` holds the names to
    try in turn and `root` is "".
    """

    text: str
    root: str
    steps: tuple[Step, ...] = ()
    is_dereferenced: bool = False
    sections: tuple[str, ...] = ()

    @property
    def calls(self) -> bool:
        """Whether the path leads through a call, which is never made without loading."""
        return any(isinstance(step, CallStep) for step in self.steps)


@record
class Bound:
    """One comparison of `accepts`, such as ">=1.0": an operator and version parts."""

    operator: str
    parts: tuple[int, ...]
    prerelease: tuple[str, ...] = ()


@record
class Condition:
    """One condition of a tag, under its key in the contract.

    `value` by key: `equals`, `at_least`, `at_most`: int, float, bool or str;
    `one_of`: a tuple of those; `matches`, `starts_with`, `points_to`: str; `null`: bool;
    `accepts`: a tuple (or) of tuples (and) of `Bound`; its text is in `text`.
    """

    key: str
    value: object
    line: int
    text: str = ""


@record
class Decoder:
    """How a value becomes a version: `kind` is "bits", "paths", "semver" or "date-number".

    `bits` are (name, width) from the most significant, "_" for a part that is skipped;
    `paths` are the paths of the parts.
    """

    kind: str
    bits: tuple[tuple[str, int], ...] = ()
    paths: tuple[Path, ...] = ()


@record
class Guard:
    """`when`: a path and conditions without which the tag makes no claim."""

    path: Path
    conditions: tuple[Condition, ...]
    line: int
    shift: int = 0
    mask: int | None = None
    is_initial: bool = False


@record
class Tag:
    """A value read from the file, and its conditions.

    `until` is "null", "zero", a `Path` of a count, or None. `at` and `type` say
    where and what to read in a section.
    """

    name: str
    line: int
    path: Path
    conditions: tuple[Condition, ...] = ()
    decode: Decoder | None = None
    shift: int = 0
    mask: int | None = None
    is_optional: bool = False
    is_initial: bool = False
    is_interface: bool = False
    may_be_empty: bool = False
    until: str | Path | None = None
    when: Guard | None = None
    at: int = 0
    type: Type | None = None
    evidence: str | None = None
    parameter_dependent: bool = False

    @property
    def calls(self) -> bool:
        """Whether any of its paths leads through a call."""
        paths = [self.path, *(self.decode.paths if self.decode else ())]
        if self.when is not None:
            paths.append(self.when.path)
        if isinstance(self.until, Path):
            paths.append(self.until)
        return any(path.calls for path in paths)


@record
class Choice:
    """`[[choices]]`: at least `need` of the groups, each whole or absent; names may be globs."""

    index: int
    groups: tuple[tuple[str, ...], ...]
    line: int
    need: int = 1
    may_register_at_load: bool = False


@record
class Platform:
    """`[platform]`: where the plugin must be able to run. None or empty: nothing is claimed.

    `targets` are normalised patterns; `versions_at_most` maps a prefix such as "GLIBC" to
    the newest version allowed; `versions_require` are globs. `lines` has the line of each key.
    """

    targets: tuple[str, ...] = ()
    targets_written: tuple[str, ...] = ()
    bits: int | None = None
    byte_order: str | None = None
    fat: str = "any"
    versions_at_most: Mapping[str, str] | None = None
    versions_require: tuple[str, ...] = ()
    macos: str | None = None
    needed_allow: tuple[str, ...] | None = None
    needed_deny: tuple[str, ...] = ()
    needed_require: tuple[str, ...] = ()
    soname: str | None = None
    stack: str | None = None
    lines: Mapping[str, int] | None = None


@record
class PluginRules:
    """`[plugin]`: the file's name and what else it may export.

    `allows_ifunc` is what holds for functions whose own entry says nothing.
    """

    file: str | None = None
    has_exact_exports: bool = False
    allow: tuple[str, ...] = ()
    allows_ifunc: bool = False
    lines: Mapping[str, int] | None = None


@record
class Imports:
    """`[imports]`: what the host exports to plugins; names may be globs."""

    provided: tuple[str, ...]
    line: int


@record
class Contract:
    """What a host demands of a plugin. `file` is as the user wrote it.

    `definitions` holds structs, unions, enums, aliases and opaque types by name, in the
    order of the file. `uses_growth`: some entry says `since`, `size_field` or `filled_by`.
    `document` is the text it was read from, for binding it to other parameters.
    """

    name: str
    version: str
    file: str
    exports: tuple[Export, ...] = ()
    definitions: Mapping[str, Definition] = MappingProxyType({})
    tags: tuple[Tag, ...] = ()
    choices: tuple[Choice, ...] = ()
    platform: Platform = Platform()
    plugin: PluginRules = PluginRules()
    imports: Imports | None = None
    evidence: EvidencePolicy = EvidencePolicy()
    parameters: Mapping[str, object] | None = None
    uses_growth: bool = False
    line: int = 1
    document: object = None

    def export_named(self, name: str) -> Export | None:
        """Return the entry of `[exports]` under exactly this name."""
        return next((export for export in self.exports if export.name == name), None)

    @property
    def interface_tag(self) -> Tag | None:
        """The tag that states which interface version a plugin was built against."""
        marked = next((tag for tag in self.tags if tag.is_interface), None)
        return marked or next((tag for tag in self.tags if tag.name == "version"), None)


@record
class Binding:
    """A contract whose templates are filled in for one plugin.

    `file_matches` is whether the plugin's base name fits `plugin.file`; None where nothing
    is claimed of it: no `plugin.file`, or each of its named groups was set by the user.
    `unresolved` are (subject, line, reason) of the entries left out of `contract` because a
    parameter has no value.
    """

    contract: Contract
    file_matches: bool | None = None
    parameters: Mapping[str, object] = MappingProxyType({})
    unresolved: tuple[tuple[str, int, str], ...] = ()
