"""Every exception that abicheck raises on purpose."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class AbicheckError(Exception):
    """Whatever keeps abicheck from answering; a broken contract is a finding, not an exception."""


class Problem:
    """One thing wrong with a contract: where it stands and what to write instead."""

    __slots__ = ("file", "key", "line", "message")

    def __init__(self, *, file: str, line: int | None, key: str, message: str) -> None:
        """Say that `key`, on 1-based `line` of `file`, is wrong, and why."""
        self.file, self.line, self.key, self.message = file, line, key, message

    def __str__(self) -> str:
        """Return the problem as `file:line: key: message`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"


class ContractError(AbicheckError):
    """The contract is wrong: `problems` holds every one of them, in the order of the file."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep all `problems` of one contract."""
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class BinaryError(AbicheckError):
    """A file breaks its own format: which file, where in it, and what was wanted there."""

    def __init__(self, file: str, message: str, *, file_offset: int | None = None) -> None:
        """Say that `file` is damaged at `file_offset` (bytes from its start, if known)."""
        place = file if file_offset is None else f"{file}: offset {file_offset:#x}"
        super().__init__(f"{place}: {message}")
        self.file, self.file_offset = file, file_offset


class UnsupportedError(AbicheckError):
    """The file is sound, but of a kind that abicheck does not read."""


class PluginRefused(AbicheckError):  # noqa: N818 (it says what became of the plugin)
    """The loader will not load a plugin: `report`, an `abicheck.Report`, says why."""

    def __init__(self, message: str, report: Any) -> None:  # noqa: ANN401 (a noun of a row above)
        """Say in `message` what `report` comes to."""
        super().__init__(message)
        self.report = report


class LoadError(AbicheckError):
    """The operating system would not load a plugin that verification had nothing against."""


class ArgumentError(AbicheckError):
    """A value from Python does not fit the contract; nothing was called and nothing written."""


class ArgumentTypeError(ArgumentError, TypeError):
    """A value is of a wrong type."""


class ArgumentValueError(ArgumentError, ValueError):
    """A value is of the right type and cannot be passed all the same."""


class ArgumentRangeError(ArgumentError, OverflowError):
    """A number does not fit the type that the contract states."""


class UncallableError(AbicheckError):
    """A function of the contract that Python's ctypes cannot call rightly, and why."""


class BrokenPromise(AbicheckError):  # noqa: N818 (it says what the plugin did)
    """A plugin broke the contract while it ran: NULL where a pointer was promised, and its like."""


class LifetimeError(AbicheckError):
    """Something of a plugin is used when it must not be."""


class OwnershipError(LifetimeError):
    """Something is given back that is not the caller's to give back, or to somebody else."""


class UseAfterFree(LifetimeError):  # noqa: N818 (the words everybody knows)
    """What is used was freed, or belongs to something that was freed."""


class DoubleFree(UseAfterFree):
    """What is freed was freed before."""


class PluginUnloaded(LifetimeError):  # noqa: N818 (it says what became of the plugin)
    """What is used belongs to a plugin that was unloaded."""


class GenerationError(AbicheckError):
    """A language cannot express a contract; `reasons` has a sentence for each obstacle."""

    def __init__(self, reasons: Sequence[str]) -> None:
        """Keep every reason."""
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)
