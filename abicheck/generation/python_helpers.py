"""The classes of the typed module that every contract shares: views, as type checkers see them."""

from __future__ import annotations

HELPERS = {
    "T": '_T = TypeVar("_T")',
    "View": '''\
class View:
    """Something in memory."""''',
    "Owned": '''\
class Owned:
    """What is given back to the plugin once: by `with`, or by `free`."""

    def free(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, kind: object, error: object, trace: object) -> None: ...''',
    "Fields": '''\
class Fields(View):
    """A struct: fields are attributes, and items under whatever name."""

    def __getitem__(self, name: str) -> Any: ...
    def __setitem__(self, name: str, new: object) -> None: ...''',
    "Ref": '''\
class Ref(View, Generic[_T]):
    """A pointer to one value, or to several in a row."""

    value: _T

    def __getitem__(self, index: int) -> _T: ...
    def __setitem__(self, index: int, new: _T) -> None: ...''',
    "Text": '''\
class Text(View):
    """A pointer to characters that end with a NUL."""

    @property
    def value(self) -> bytes: ...
    def __bytes__(self) -> bytes: ...
    def __getitem__(self, index: int) -> bytes: ...
    def __setitem__(self, index: int, new: bytes | int) -> None: ...''',
    "Array": '''\
class Array(View, Generic[_T]):
    """Values in a row."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __getitem__(self, index: int) -> _T: ...
    def __setitem__(self, index: int, new: _T) -> None: ...
    def __bytes__(self) -> bytes: ...''',
    "Chars": '''\
class Chars(Array[bytes]):
    """Characters in a row; `value` are those before the first NUL."""

    @property
    def value(self) -> bytes: ...''',
    "Pointer": '''\
class Pointer(View):
    """A pointer to what the contract does not look into."""''',
    "Base": '''\
class Base:
    """What every plugin object has; see `abicheck.Plugin`."""

    file: str
    report: abicheck.PluginReport
    exports: Mapping[str, Any]
    types: Mapping[str, Any]

    @property
    def version(self) -> str | None: ...
    @property
    def is_loaded(self) -> bool: ...
    def new(self, type: str, value: object = None) -> Any: ...
    def callback(self, type: str, function: Callable[..., object]) -> Any: ...
    def unload(self) -> str | None: ...
    def __getitem__(self, name: str) -> Any: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...''',
    "OwnedText": "class OwnedText(Text, Owned): ...",
    "OwnedRef": "class OwnedRef(Ref[_T], Owned): ...",
    "OwnedPointer": "class OwnedPointer(Pointer, Owned): ...",
}
"""Name -> source, each after what it needs."""

NEEDS = {
    "Fields": {"View"},
    "Ref": {"T", "View"},
    "Text": {"View"},
    "Array": {"T", "View"},
    "Chars": {"Array"},
    "Pointer": {"View"},
    "OwnedText": {"Text", "Owned"},
    "OwnedRef": {"Ref", "Owned"},
    "OwnedPointer": {"Pointer", "Owned"},
}
