"""Plugin: what a host holds: the exports and types of a contract, live."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Self

from abicheck.errors import ArgumentTypeError, LifetimeError, UncallableError
from abicheck.model.records import replace
from abicheck.model.report import MISMATCH, Claim
from abicheck.model.types import Named
from abicheck.runtime import functions
from abicheck.runtime.aggregates import StructShape, slots_in
from abicheck.runtime.keeper import Keeper
from abicheck.runtime.opaque import OpaqueShape
from abicheck.runtime.pages import BAD_SLOT
from abicheck.runtime.pointers import FunctionPointerShape, PointerShape
from abicheck.runtime.shapes import EnumShape, wrong
from abicheck.runtime.views import View, make_view
from abicheck.runtime.vocabulary import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable

    from abicheck.model.contract import Binding, Export
    from abicheck.model.layout import Layouts
    from abicheck.model.report import PluginReport
    from abicheck.runtime.callbacks import Callback
    from abicheck.runtime.image import Image
    from abicheck.runtime.shapes import Shape


class Plugin:
    """A loaded plugin. Its functions, data and types are attributes, as the contract names them.

    Those that are named like a member of this class are items: `plugin["unload"]`. An optional
    export that the plugin lacks is None.

    *Safety*: a plugin runs with all that this process may do. Addresses that it returns are
    believed, once they are not NULL where they must not be.

    *Threads*: functions may be called from any number of threads, as far as the plugin bears it;
    Python's lock is released meanwhile.
    """

    __iter__ = None
    file: str
    """The plugin as the user wrote it."""
    report: PluginReport
    """What verification and loading found."""
    exports: Exports
    """The exports by name."""
    types: Types
    """The structs, unions, enums and opaque types of the contract by name."""

    def __init__(
        self, binding: Binding, layouts: Layouts, image: Image, report: PluginReport
    ) -> None:
        """Give access to what was loaded, after a look at the slots of exported structs.

        Raises: PluginRefused if one of them is NULL and must not be; the image is closed then.
        """
        own = self.__dict__
        own["file"], own["report"] = image.file, report
        keeper = Keeper(image, image.file)
        vocabulary = Vocabulary(binding.contract, layouts, keeper, self._refusal)
        own["_contract"], own["_keeper"], own["_vocabulary"] = binding.contract, keeper, vocabulary
        own["types"] = Types(vocabulary)
        own["exports"] = Exports(vocabulary)
        own["_lock"] = threading.Lock()
        own["_waiting"], own["_entered"] = 1, 0
        try:
            self.exports._check_data()
        except BaseException:
            keeper.unload()
            raise

    @property
    def version(self) -> str | None:
        """The version of the interface that the plugin states, as verification read it."""
        return self.report.stated_version

    @property
    def is_loaded(self) -> bool:
        """Whether it was not unloaded."""
        return not self._keeper.is_unloaded

    def new(self, type: str, value: object = None) -> Any:  # noqa: A002, ANN401
        """Return memory for a value of a type, as the contract spells types.

        It is for parameters that the plugin writes to: `count = plugin.new("c_int")`,
        `plugin.get_count(count)`, `count.value`. An array's elements are read by index.

        Raises: ArgumentError.
        """
        self._check()
        return self._vocabulary.new(type, value)

    def callback(self, type: str, function: Callable[..., object]) -> Callback:  # noqa: A002
        """Return a Python function as one of C that can be released.

        Functions can be passed as they are; then they live until the plugin is unloaded.

        Raises: ArgumentError, UncallableError.
        """
        self._check()
        shape = self._vocabulary.shape(self._vocabulary.parse(type))
        if not isinstance(shape, FunctionPointerShape):
            wrong(type, "the type of a function", function)
        made: Callback = self._vocabulary.callback(shape, function)
        return made

    def unload(self) -> str | None:
        """Unload the plugin, and make every later use of anything of it raise.

        What is still owned is freed before. Returns None, or why the system keeps the
        image in memory all the same.

        *Safety*: its destructors run. Nothing outside Python may hold on to the plugin, and none
        of its own threads may run on.

        Raises: LifetimeError while a thread of Python is inside the plugin, or it calls back.
        """
        why: str | None = self._keeper.unload()
        self._forget()
        return why

    def __enter__(self) -> Self:
        """Use this handle until the end of the block."""
        with self._lock:
            if not (self._waiting or self._entered):
                raise self._over()
            self.__dict__["_waiting"] = max(self._waiting - 1, 0)
            self.__dict__["_entered"] += 1
        return self

    def __exit__(self, *_error: object) -> None:
        """End this handle; the plugin stays loaded, and what was obtained from it stays good."""
        with self._lock:
            self.__dict__["_entered"] -= 1
            if not (self._waiting or self._entered):
                self._forget()

    def _again(self) -> Plugin:
        """Count another handle: the plugin was asked for once more."""
        with self._lock:
            self.__dict__["_waiting"] += 1
        return self

    def _forget(self) -> None:
        """Remember no functions, so that the next use looks whether it is allowed."""
        for name, made in self.exports._made.items():
            if self.__dict__.get(name) is made:
                del self.__dict__[name]

    def _check(self) -> None:
        """Refuse a plugin that was unloaded, and a handle that ended.

        Raises: PluginUnloaded, LifetimeError.
        """
        if self._keeper.is_unloaded:
            self._keeper.refuse_call()
        if not (self._waiting or self._entered):
            raise self._over()

    def _over(self) -> LifetimeError:
        return LifetimeError(f"{self.file}: this handle ended with its block; load it again")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 (whatever the contract says it is)
        """Return an export or a type of the contract."""
        own = self.__dict__
        if name.startswith("__") or "_lock" not in own:
            raise AttributeError(name)
        self._check()
        exports: Exports = own["exports"]
        export = exports._find(name)
        if export is not None:
            found = exports[name]
            if export.is_data is False and not hasattr(Plugin, name):
                own[name] = found
            return found
        if name in self.types:
            return self.types[name]
        raise AttributeError(
            f"the contract names no {name!r}; {self.file} may have it all the same"
        )

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """Return an export by its name, also one that is named like a member of this class."""
        self._check()
        return self.exports[name]

    def __setattr__(self, name: str, value: object) -> None:
        """Change exported data that the contract lets the host write."""
        self._check()
        self.exports._write(name, value)

    def __dir__(self) -> list[str]:
        """List exports and types beside the methods."""
        return sorted({*super().__dir__(), *self.exports, *self.types})

    def __repr__(self) -> str:
        """Say which plugin it is, under which contract."""
        over = "" if self.is_loaded else " (unloaded)"
        return f"<plugin {self.file} for {self._contract.name} {self._contract.version}{over}>"

    def _refusal(self, subject: str, reason: str) -> Exception:
        """Return what to raise where a slot leads nowhere: the report, with that in it."""
        from abicheck.runtime.loading import refusal  # noqa: PLC0415 (a cycle)

        claim = Claim(
            rule=BAD_SLOT,
            claim="slot",
            subject=f"structs.{subject}",
            status=MISMATCH,
            required=True,
            expected="a function",
            actual=reason,
            contract_line=self._vocabulary.line_of(subject),
        )
        report = replace(self.report, claims=(*self.report.claims, claim))
        return refusal(report, self._contract)


class Exports(Mapping[str, Any]):
    """The exports of a plugin by name: functions to call, data as it is now."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Look nothing up yet."""
        self._vocabulary, self._keeper = vocabulary, vocabulary.keeper
        self._named = {
            each.name: each for each in vocabulary.contract.exports if not each.is_forbidden
        }
        self._made: dict[str, object] = {}

    def __iter__(self) -> Iterator[str]:
        """Yield the names that the contract writes out."""
        return (name for name, each in self._named.items() if not each.is_glob)

    def __len__(self) -> int:
        """Count them."""
        return sum(1 for _ in self)

    def _find(self, name: str) -> Export | None:
        found = self._named.get(name)
        if found is not None:
            return found
        globs = (each for each in self._named.values() if each.is_glob)
        fitting = next((each for each in globs if fnmatchcase(name, each.name)), None)
        if fitting is None or self._keeper.image.address(name, fitting.symbol_version) is None:
            return None
        return fitting

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """Return one: None if it is optional and absent.

        Raises: KeyError, PluginUnloaded.
        """
        if not self._keeper.hold:
            self._keeper.refuse_call()
        if name in self._made:
            return self._made[name]
        export = self._find(name)
        if export is None:
            raise KeyError(name)
        address = self._keeper.image.address(name, export.symbol_version)
        if address is None:
            return None
        if export.is_data:
            return self._read(export, address)
        made = self._function(export, name, address)
        self._made[name] = made
        return made

    def _function(self, export: Export, name: str, address: int) -> object:
        vocabulary = self._vocabulary
        if export.function is None:
            raise UncallableError(f"{name}: the contract does not state its type")
        return functions.exported_function(
            vocabulary,
            name,
            export.function,
            address,
            free=vocabulary.ownership.free_of(export),
            surrender=name if name in vocabulary.ownership.takers else None,
        )

    # Data.

    def _root(self, address: int) -> View:
        cls = self._vocabulary.root
        return make_view(cls, address, self._keeper.hold, None)

    def _read(self, export: Export, address: int) -> object:
        if export.type is None:
            return self._root(address)
        shape = self._vocabulary.shape(export.type)
        return shape.read(address, self._keeper.hold, self._root(address))

    def _write(self, name: str, value: object) -> None:
        """Change exported data.

        Raises: ArgumentTypeError for what is no data, or not the host's to change.
        """
        export = self._find(name)
        if export is None or not export.is_data or export.type is None:
            raise ArgumentTypeError(f"{name}: the contract names no data of this name")
        if not export.is_mutable:
            raise ArgumentTypeError(f'{name}: the contract says "static", not "static mut"')
        if not self._keeper.hold:
            self._keeper.refuse_call()
        address = self._keeper.image.address(name, export.symbol_version)
        if address is None:
            raise ArgumentTypeError(f"{name}: the plugin does not have it")
        shape = self._vocabulary.shape(export.type)
        shape.write(address, value, name, self._root(address))

    def _check_data(self) -> None:
        """Refuse exported structs, by value or behind a pointer, with slots that lead nowhere."""
        for name in self:
            export = self._named[name]
            if not export.is_data or export.type is None:
                continue
            shape = self._vocabulary.shape(export.type)
            address = self._keeper.image.address(name, export.symbol_version)
            if isinstance(shape, PointerShape) and address is not None:
                vet = self._vocabulary.vetter(shape, name)
                pointer = ctypes.c_void_p.from_address(address).value
                if vet is not None and pointer is not None:
                    vet(pointer)
                continue
            slots = list(slots_in(shape))
            if slots and address is not None:
                self._vocabulary.check_slots(address, slots, shape.spelled, name)


class Types(Mapping[str, Any]):
    """The classes of a contract's types by name, as items and as attributes."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        """Make nothing yet."""
        self._vocabulary = vocabulary

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the contract's types."""
        return iter(self._vocabulary.definitions)

    def __len__(self) -> int:
        """Count them."""
        return len(self._vocabulary.definitions)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401
        """Return the class that a type has in Python.

        Raises: KeyError; ArgumentTypeError for an alias of what has no class.
        """
        if name not in self._vocabulary.definitions:
            raise KeyError(name)
        shape: Shape = self._vocabulary.shape(Named(name))
        if isinstance(shape, StructShape | EnumShape | OpaqueShape):
            return shape.cls
        raise ArgumentTypeError(f"{name} is {shape.spelled}, which has no class in Python")

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        """Return the class of a type."""
        if name.startswith("_") or name not in self:
            raise AttributeError(name)
        return self[name]
