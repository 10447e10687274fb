"""Evidence: what a plugin was seen to contain, and where.

Rules ask for the one export, value or type they need and a reader reads no
more than answers that. An answer is `Observed(value, origin)` or
`Unseen(reason)`; "not there" is an observation of its own (None).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from abicheck.model.layout import TypeGraph
from abicheck.model.records import Protocol, record

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from abicheck.model.layout import TypeId
    from abicheck.model.target import Target

T = TypeVar("T")


@record
class Origin:
    """A place in a file: the section's name where there is one, and the offset in the file.

    `file_offset` is None where the section is compressed or the fact has no single place.
    """

    file: str
    section: str | None = None
    file_offset: int | None = None


@record
class Observed(Generic[T]):
    """A fact and the place where it was seen."""

    value: T
    origin: Origin


@record
class Unseen:
    """Nothing could be seen, and why: a clause such as "the file has no debug information"."""

    reason: str


# What a symbol is. UNKNOWN: the format does not say (STT_NOTYPE).
FUNCTION, DATA, TLS, IFUNC, FORWARDER, UNKNOWN = (
    "function", "data", "thread-local data", "IFUNC", "forwarder", "unknown",
)  # fmt: skip


@record
class Symbol:
    """A symbol that a plugin defines for its loader.

    `address` is virtual, with marks such as Thumb's bit 0 taken off. `size` is
    in bytes, None where the format does not record it (PE, Mach-O).
    `binding` is "global", "weak" or "unique"; `visibility` "default", "protected",
    "hidden" or "internal". `version` is its symbol version; `is_default_version`
    is False for `name@VERSION`, which only `dlvsym` finds.
    `is_kind_inferred`: the kind comes from the section that holds it.
    `is_writable` is None where that does not apply. `forwards_to` names a forwarder's goal.
    """

    name: str
    kind: str
    address: int
    origin: Origin
    size: int | None = None
    binding: str = "global"
    visibility: str = "default"
    version: str | None = None
    is_default_version: bool = True
    is_kind_inferred: bool = False
    is_writable: bool | None = None
    section: str | None = None
    forwards_to: str | None = None


@record
class Import:
    """A symbol that a plugin needs; `version` and `library` are those of its version need."""

    name: str
    kind: str
    origin: Origin
    is_weak: bool = False
    version: str | None = None
    library: str | None = None


@record
class VersionNeed:
    """A symbol version that the file demands of `library` at load time, weak or not."""

    library: str
    version: str
    origin: Origin
    is_weak: bool = False


@record
class PlatformFacts:
    """What the headers and the dynamic section say about where a file can be loaded.

    `needed`, `soname` and `runpath` are as written. `stack` is "executable",
    "not-executable" or "unstated" (no PT_GNU_STACK: the kernel's default for the machine).
    `libc` is "glibc", "musl", "bionic" or None where nothing shows it.
    `has_initialisers`: code runs at load (DT_INIT_ARRAY and its like), compilers' stubs aside.
    `marks` are further facts for people, such as "hard-float ABI". `versions_defined` are its own
    symbol versions. `minimum_os` is the oldest system of a Mach-O file.
    """

    needed: tuple[str, ...] = ()
    soname: str | None = None
    runpath: tuple[str, ...] = ()
    stack: str | None = None
    libc: str | None = None
    has_initialisers: bool = False
    versions_needed: tuple[VersionNeed, ...] = ()
    versions_defined: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    minimum_os: str | None = None
    build_id: str | None = None
    origin: Origin | None = None


@record
class PointerValue:
    """A pointer as the loader will leave it.

    NULL has neither `address` nor `symbol`; `address` is inside this file's image;
    `symbol` (plus `addend`) is an import, whose place only the loader knows.
    """

    address: int | None = None
    symbol: str | None = None
    addend: int = 0

    @property
    def is_null(self) -> bool:
        """Whether it is NULL in the file and after loading."""
        return self.address is None and self.symbol is None


class Memory(Protocol):
    """The image as the loader lays it out, without the loader: bytes and relocated pointers."""

    def read(self, address: int, size: int, *, initial: bool = False) -> Observed[bytes] | Unseen:
        """Return `size` bytes, if they are the same in the file and after loading.

        Unseen where a relocation fills them, outside the image, and in `.bss`
        (whose zeros are returned only under `initial`).
        """

    def pointer(self, address: int) -> Observed[PointerValue] | Unseen:
        """Return the pointer at `address`, through whatever relocation fills it."""

    def string(self, address: int, limit: int = 4096) -> Observed[bytes] | Unseen:
        """Return the bytes before the first NUL; Unseen if there is none within `limit` bytes."""

    def is_code(self, address: int) -> bool:
        """Whether `address` lies in a segment that is mapped executable."""

    def is_writable(self, address: int) -> bool:
        """Whether `address` stays writable once relocations are done (RELRO is not)."""

    def section(self, name: str) -> tuple[int, int] | None:
        """Return address (or file offset) and size of a named section for `section_bytes`."""

    def section_bytes(self, name: str) -> Observed[bytes] | Unseen | None:
        """Return the content of a section by name; None if the file has no such section."""


@record
class Wording:
    """How the source words a type, for those who write it down; never compared.

    `type_id` is that of what is behind typedefs and qualifiers; `typedefs` are the names
    on the way there, the outermost first; `is_const` is whether `const` was. Of a pointer,
    `is_mutable` is whether its target is not const; None where nobody knows.
    `scopes` are the namespaces and types around a definition, the outermost first.
    `is_class`: only C++ has the like (bases, virtual functions, hidden fields).
    """

    type_id: TypeId
    typedefs: tuple[str, ...] = ()
    is_const: bool = False
    is_mutable: bool | None = None
    scopes: tuple[str, ...] = ()
    is_class: bool = False


class TypeSource(TypeGraph, Protocol):
    """One source of types: DWARF, PDB or a descriptor. Everything is asked for lazily."""

    kind: str
    """"dwarf", "pdb" or "descriptor"."""

    def function(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the prototype of an exported function as the id of a `FunctionLayout`."""

    def variable(self, symbol: Symbol) -> Observed[TypeId] | Unseen:
        """Return the type of exported data."""

    def definitions(self, name: str, near: Sequence[Symbol]) -> tuple[Observed[TypeId], ...]:
        """Return the definitions of a struct, union or enum (or a typedef of one) by name.

        `name` is a leaf or a path such as "ns::Config". Levels are tried in turn: the
        units that define the symbols `near`, the same crate or namespace, any unit.
        The first level that finds a definition decides, and all of that level come back.
        Declarations are not definitions.
        """

    def path(self, type_id: TypeId) -> str:
        """Return a type's name and what it is inside of ("ns::Config"); "" if it has none."""

    def origin(self, type_id: TypeId) -> Origin | None:
        """Return where a type is described."""

    def absence(self) -> str | None:
        """Return why this source can say nothing at all, or None if it can."""

    def states_alignment(self, type_id: TypeId) -> bool:
        """Whether silence about a type's alignment means that it is the natural one."""

    def is_passed_by_reference(self, type_id: TypeId) -> bool:
        """Whether C++ passes a class by reference to a copy where C passes its bytes."""

    def language(self, type_id: TypeId) -> str:
        """Return the language of the unit a type is from: "c", "c++", "rust" or ""."""

    def wording(self, type_id: TypeId) -> Wording:
        """Return how the source words a type: typedefs, `const`, namespaces."""


class HasInsides(Protocol):
    """What a source of types may know beside its interface: hints for those who draft contracts."""

    def types_inside(self, symbol: Symbol) -> tuple[TypeId, ...]:
        """Return the types of the variables inside of an exported function, as far as seen."""


class HasDescriptor(Protocol):
    """What evidence knows beside its interface where plugins of its format carry descriptors."""

    @property
    def descriptor(self) -> TypeSource | None:
        """The types that the plugin's build itself states; None if it states nothing."""

    @property
    def second_opinion(self) -> Evidence | None:
        """The same plugin by its descriptor, if `types` is debug information; else None."""

    @property
    def unused(self) -> str | None:
        """Why the descriptor cannot be held against debug information; None if it can."""

    def about(self, contract: str) -> Evidence:
        """Return the same evidence; of several descriptors, that of this contract counts."""


class Evidence(Protocol):
    """One plugin for one target (one slice of a universal file)."""

    file: str
    format: str
    """"ELF", "PE" or "Mach-O"."""
    target: Target

    @property
    def facts(self) -> PlatformFacts:
        """What the headers say about where the file can be loaded."""

    @property
    def memory(self) -> Memory:
        """The image as the loader lays it out."""

    @property
    def types(self) -> TypeSource:
        """The types that debug information or a descriptor describes."""

    def find_export(self, name: str, version: str | None = None) -> Symbol | None:
        """Return what `dlsym` (with `version`: `dlvsym`) finds under `name` in this very file."""

    def find_hidden(self, name: str, others: Collection[str] = ()) -> Symbol | str | None:
        """Say why `find_export` found nothing, or None if nothing but `others` comes near.

        A symbol of another version or visibility that no plain `dlsym` finds; or a clause
        about an import, a local symbol or another spelling of the name.
        """

    def export_names(self) -> Sequence[str]:
        """Return the name of every export, sorted; much cheaper than the exports themselves."""

    def exports(self) -> Sequence[Symbol]:
        """Return every export, each name and version once, sorted by name."""

    def imports(self) -> Sequence[Import]:
        """Return every undefined dynamic symbol."""
