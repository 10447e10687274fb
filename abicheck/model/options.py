"""Options: what a user says beside the plugin and the contract."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from abicheck.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping


@record
class VerifyOptions:
    """How to verify: `parameters` override the contract's own; paths are as the user wrote them.

    `debug_files` and `debug_dirs` are searched for separate debug information; `host` is the
    host's binary, `sysroot` the directory of the libraries that a plugin will find. `as_of` is
    the version of the contract to hold plugins to, whatever they state.
    """

    parameters: Mapping[str, object] = MappingProxyType({})
    debug_files: tuple[str, ...] = ()
    debug_dirs: tuple[str, ...] = ()
    host: str | None = None
    sysroot: str | None = None
    wants_hash: bool = False
    as_of: str | None = None


@record
class Style:
    """How a report is written: nothing here depends on the size of a terminal.

    `is_ascii`: the reader cannot show box characters and arrows. `is_verbose`: every claim
    gets a line. `is_quiet`: every plugin gets one line. `repeated` are the arguments that a
    suggested command must repeat, such as `--set` and its value.
    """

    has_color: bool = False
    is_ascii: bool = False
    is_verbose: bool = False
    is_quiet: bool = False
    repeated: tuple[str, ...] = ()
