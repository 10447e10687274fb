"""How a plugin fared when a child process loaded it and used it a little."""

from __future__ import annotations

from abicheck.model.records import record
from abicheck.model.report import ExitCode

FINE, REFUSED, CRASHED, HUNG, FAILED = "fine", "refused", "crashed", "hung", "failed"


@record
class ProbeReport:
    """How a plugin fared: `outcome` is "fine", "refused", "crashed", "hung" or "failed".

    `message` says it in a sentence; of a refusal, `reasons` has a line for each of the first
    claims that it rests on. `stage` is what the child was about, `signal` what ended
    it. `called` are the functions that were called and returned, `not_called` those that were
    left alone. `output` is the end of what the plugin wrote to standard error.
    """

    file: str
    outcome: str
    message: str
    stage: str
    signal: str | None = None
    called: tuple[str, ...] = ()
    not_called: tuple[str, ...] = ()
    output: str = ""
    verdict: str | None = None
    reasons: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of `abicheck probe`."""
        if self.outcome == FINE:
            return ExitCode.COMPATIBLE
        if self.outcome == REFUSED and self.verdict == "unverified":
            return ExitCode.UNVERIFIED
        if self.outcome == FAILED or (self.outcome == REFUSED and self.verdict is None):
            return ExitCode.UNREADABLE
        return ExitCode.INCOMPATIBLE
