"""Report: what became of every claim of a contract, and what follows from it."""

from __future__ import annotations

from enum import Enum, IntEnum

from abicheck.model.evidence import Origin
from abicheck.model.records import record

OK, MISMATCH, UNVERIFIED = "ok", "mismatch", "unverified"


class Verdict(str, Enum):
    """The one-word answer."""

    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
    UNVERIFIED = "unverified"


class ExitCode(IntEnum):
    """What the command returns; of several plugins, the first of `SEVEREST_FIRST` that occurred."""

    COMPATIBLE = 0
    INCOMPATIBLE = 1
    USAGE = 2
    UNVERIFIED = 3
    UNREADABLE = 4


SEVEREST_FIRST = (
    ExitCode.USAGE,
    ExitCode.UNREADABLE,
    ExitCode.INCOMPATIBLE,
    ExitCode.UNVERIFIED,
    ExitCode.COMPATIBLE,
)


@record
class Row:
    """One line of a layout as people see it: offsets and sizes in bytes, None where unknown.

    `bits` is (bit_offset, bit_size) of a bit-field. `mark` says how the row differs from
    its counterpart: "" (it does not), "moved", "changed", "missing", "added", "renamed".
    """

    name: str
    type: str
    offset: int | None
    size: int | None
    bits: tuple[int, int] | None = None
    mark: str = ""


@record
class Picture:
    """A struct, union or enum laid out for the eye, expected and actual side by side."""

    subject: str
    expected: tuple[Row, ...]
    actual: tuple[Row, ...]
    expected_size: int | None
    actual_size: int | None
    expected_alignment: int | None = None
    actual_alignment: int | None = None
    actual_name: str = ""
    origin: Origin | None = None
    story: str = ""


@record
class Claim:
    """One thing that the contract says about the plugin, and what was seen of it.

    `status` is OK, MISMATCH or UNVERIFIED. `evidence` is "descriptor", "dwarf", "pdb",
    "symbols", "relocations", "bytes", "headers" or None. A note is an OK claim with a
    `message`. `cause` is the subject of the claim that explains this one, if another
    does: it stays in the JSON and out of the text. `picture` is for the text alone.
    """

    rule: str
    claim: str
    subject: str
    status: str
    required: bool
    target: str | None = None
    expected: str | None = None
    actual: str | None = None
    evidence: str | None = None
    origin: Origin | None = None
    contract_line: int | None = None
    reason: str | None = None
    message: str | None = None
    cause: str | None = None
    picture: Picture | None = None

    @property
    def is_note(self) -> bool:
        """Whether it is fine and still worth a line."""
        return self.status == OK and self.message is not None


@record
class PluginReport:
    """All claims of one contract about one plugin; `error` is why it could not be read."""

    file: str
    format: str | None = None
    targets: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    error: str | None = None
    sha256: str | None = None
    stated_version: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """Incompatible on any mismatch; unverified if a required claim is; None if unreadable."""
        if self.error is not None:
            return None
        if any(claim.status == MISMATCH for claim in self.claims):
            return Verdict.INCOMPATIBLE
        if any(claim.required and claim.status == UNVERIFIED for claim in self.claims):
            return Verdict.UNVERIFIED
        return Verdict.COMPATIBLE

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a run on this plugin alone."""
        match self.verdict:
            case None:
                return ExitCode.UNREADABLE
            case Verdict.INCOMPATIBLE:
                return ExitCode.INCOMPATIBLE
            case Verdict.UNVERIFIED:
                return ExitCode.UNVERIFIED
            case _:
                return ExitCode.COMPATIBLE


@record
class Report:
    """What `verify` returns: the reports of all plugins of one run, in the order given."""

    contract_name: str
    contract_version: str
    contract_file: str
    plugins: tuple[PluginReport, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The severest exit code of all plugins; UNREADABLE where there was none."""
        codes = {plugin.exit_code for plugin in self.plugins}
        return next((code for code in SEVEREST_FIRST if code in codes), ExitCode.UNREADABLE)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that the exit code stands for; None if a plugin could not be read."""
        return {
            ExitCode.COMPATIBLE: Verdict.COMPATIBLE,
            ExitCode.INCOMPATIBLE: Verdict.INCOMPATIBLE,
            ExitCode.UNVERIFIED: Verdict.UNVERIFIED,
        }.get(self.exit_code)

    @property
    def claims(self) -> tuple[Claim, ...]:
        """The claims of all plugins."""
        return tuple(claim for plugin in self.plugins for claim in plugin.claims)
